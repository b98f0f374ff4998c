"""When the bundle is trained again during the replay, as a nightly job would do it."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from batch.evaluate.split import Step
from contracts.errors import Misconfigured

TIMES: Final = 5
_DAY_MS: Final = 24 * 3600 * 1000


class Schedule(NamedTuple):
    """The places of the steps before which the bundle is trained again, and how that is said."""

    name: str
    """`never`, `every=N` or `nightly`, as `--retrain` takes it."""
    words: str
    places: frozenset[int]


def schedule(said: str, steps: Sequence[Step]) -> Schedule:
    """The schedule of `never`, `every=N` (scored events), `nightly` (UTC, by event time) or "" (five times, evenly).

    Raises `Misconfigured` for anything else.
    """
    scored = sum(step.scored for step in steps)
    if said == "never":
        return Schedule(said, "the bundle stays as it was at the split", frozenset())
    if said == "nightly":
        words = "the bundle is fine-tuned at each midnight (UTC, by event time) on all events before it"
        return Schedule(said, words, frozenset(_midnights(steps)))
    every = _number(said) if said else -(-scored // (TIMES + 1))
    words = f"the bundle is fine-tuned after every {every:,} scored events on all events before"
    return Schedule(f"every={every}", words, frozenset(_every(every, steps)))


def _number(said: str) -> int:
    found = re.fullmatch(r"every=([1-9][0-9]*)", said)
    if found is None:
        raise Misconfigured(f"--retrain takes never, nightly or every=N, not {said!r}")
    return int(found[1])


def _every(number: int, steps: Sequence[Step]) -> list[int]:
    scored = [place for place, step in enumerate(steps) if step.scored]
    return scored[number::number]


def _midnights(steps: Sequence[Step]) -> list[int]:
    days = [step.event.time // _DAY_MS for step in steps]
    return [place for place in range(1, len(days)) if days[place] > days[place - 1]]
