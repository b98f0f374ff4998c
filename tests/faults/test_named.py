"""The faults by their names."""

from tests.faults.check_guards import NOTICED_BY
from tests.faults.guards import GUARDS
from tests.faults.named import FAULTS, SHORT


def test_the_minutes_run_has_what_finds_each_guard_missing() -> None:
    assert NOTICED_BY.keys() == GUARDS.keys()
    assert {fault for fault, _ in NOTICED_BY.values()} <= set(SHORT) <= FAULTS.keys()
