"""With any one of its guards taken out of the workers, the harness turns red; with all of them in place it's green.

Not of `make test`, since each takes up to a minute: `make faults-guards` runs it.
"""

import sys
from collections.abc import Iterator
from typing import Final

import pytest

from tests.faults.guards import GUARDS
from tests.faults.rounds import Report, rounds
from tests.faults.run import Run
from tests.faults.stack import Stack, stack

SEED: Final = 5
NOTICED_BY: Final = {
    "fence": ("dead worker's write comes late", " lost"),
    "window": ("bundle changed", " doubled"),
    "seek": ("Redis comes back older", " lost"),
    "sweep": ("Redis older, nothing sent", " lost"),
    "acknowledgement": ("write takes seconds", " is committed, and "),
}
"""Guard → the fault that finds that it's missing, and what it finds."""
PATIENCE_S: Final = 40.0

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack(tmp_path_factory.mktemp("faults")) as running:
        yield running


def reported(servers: Stack, guard: str | None, *faults: str) -> Report:
    run = Run(servers, f"guards-{guard or 'all'}", SEED, guard, PATIENCE_S)
    try:
        return rounds(run, SEED, 1, faults, say=_say)
    finally:
        run.end()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


@pytest.mark.parametrize("guard", GUARDS)
def test_without_it_something_is_found(servers: Stack, guard: str) -> None:
    fault, what = NOTICED_BY[guard]
    (wrong,) = reported(servers, guard, fault).wrong
    assert what in wrong


def test_with_all_of_them_nothing_is_found(servers: Stack) -> None:
    assert reported(servers, None, *(fault for fault, _ in NOTICED_BY.values())).wrong == []
