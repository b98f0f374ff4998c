"""The steps of a night, as the pipeline runs them: each is `moodstream nightly`, told where to stop."""

from typing import Final, NamedTuple


class Step(NamedTuple):
    """One task of the pipeline."""

    name: str
    until: str
    """The record of `batch/nightly/run.py` (STEPS) behind which it stops; empty for the last step."""
    trains: bool = False
    """On the nodes that the overlay's CronJob trains on."""


BEGIN: Final = Step("begin", "begun")
THEN: Final = (
    Step("data", "data"),
    Step("train", "trained", trains=True),
    Step("measure", "measured"),
    Step("gate", "gate"),
    Step("canary", ""),
)
RETRIES: Final = 2
"""As a lost node needs; a night that was refused refuses again, in seconds."""


def words(step: Step) -> list[str]:
    """Behind `moodstream nightly`; what follows is the night's name, or at first where to write it."""
    until = ["--until", step.until] if step.until else []
    return [*until, "--name-into" if step == BEGIN else "--night"]
