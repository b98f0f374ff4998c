"""The model check: whatever is killed, repeated or rolled back, at whatever step, the store ends as a clean run's.

`make once` runs it for long; each of its failures prints the steps that lead there.
"""

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.once.machine import Once

EXAMPLES = int(os.environ.get("ONCE_EXAMPLES", "60"))
ANEW = "ONCE_EXAMPLES" in os.environ
"""`make once` tries others each time; `make test` the same ones, so that it tells of the code and not of the dice."""
CHECKED = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
MET = (
    "kills",
    "steps back",
    "writes lost",
    "shards fallen back",
    "topics made again",
    "partitions added",
    "runs with outcomes",
)


@pytest.mark.timeout(120 + 5 * EXAMPLES)
def test_no_effect_is_lost_and_none_happens_twice() -> None:
    Once.seen.clear()
    how = settings(
        max_examples=EXAMPLES,
        stateful_step_count=60,
        deadline=None,
        suppress_health_check=CHECKED,
        derandomize=not ANEW,
    )
    run_state_machine_as_test(Once, settings=how)
    print(dict(Once.seen))  # noqa: T201 (what `make once` shows)
    assert all(Once.seen.get(what) for what in MET), Once.seen
