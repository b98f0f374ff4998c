"""The model check finds the bug when a guard is taken out: it would be worth nothing otherwise."""

from collections.abc import Callable
from typing import ClassVar

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from online.learn.learner import Learner
from online.learn.partition import Partition
from online.store.recent import RecentIds
from tests.once.machine import Once
from tests.once.steps import Steps
from tests.once.test_model import CHECKED

Patch = pytest.MonkeyPatch
EXAMPLES = 1000


def the_fence(patch: Patch) -> None:
    """A write expects whatever is there."""
    patch.setattr(Steps, "fenced", False)


def the_id_window(patch: Patch) -> None:
    patch.setattr(RecentIds, "__contains__", lambda self, event_id: False)


def the_seek_to_the_watermark(patch: Patch) -> None:
    """A worker reads on from the shard that is furthest, as from a group's committed offset."""
    patch.setattr(Partition, "lowest", property(lambda self: self.sent))


def the_sweep_of_idle_shards(patch: Patch) -> None:
    async def nothing(self: Learner, number: int) -> None: ...

    patch.setattr(Learner, "sweep", nothing)


def the_wait_for_shards_that_are_on_their_way(patch: Patch) -> None:
    """A partition goes on behind its cut, whether or not its shards have come to theirs."""
    patch.setattr(Partition, "is_here", property(lambda self: True))


class WithoutGuard(Once):
    """Compared by effects only, since watermarks differ in any case; the clean run has the guard."""

    byte_for_byte: ClassVar = False
    take_out: ClassVar[Callable[[Patch], None]]

    def __init__(self) -> None:
        self.patch = Patch()
        type(self).take_out(self.patch)
        super().__init__()

    def check(self) -> None:
        self.patch.undo()
        super().check()

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            self.patch.undo()


@pytest.mark.parametrize(
    "guard",
    [
        the_fence,
        the_id_window,
        the_seek_to_the_watermark,
        the_sweep_of_idle_shards,
        the_wait_for_shards_that_are_on_their_way,
    ],
)
@pytest.mark.timeout(120 + 5 * EXAMPLES)
def test_without_it_effects_are_lost_or_happen_twice(guard: Callable[[Patch], None]) -> None:
    machine = type("Without", (WithoutGuard,), {"take_out": staticmethod(guard)})
    how = settings(
        max_examples=EXAMPLES,
        stateful_step_count=60,
        deadline=None,
        suppress_health_check=CHECKED,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        derandomize=True,
        database=None,
    )
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine, settings=how)
