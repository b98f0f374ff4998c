"""The store's scripts as they pass on the wire to Redis: which step of a batch a command is."""

import re
from collections.abc import Sequence
from hashlib import sha1
from typing import Final, Literal, NamedTuple, Protocol

from online.store import scripts

Step = Literal["counts", "calibrator", "shards"]


def without_fence(script: str) -> str:
    """The script without the lines that compare before they write: the fence taken out."""
    return "\n".join(line for line in script.splitlines() if "return 0" not in line)


_WRITES: Final[dict[Step, str]] = {
    "counts": scripts.ADD_COUNTS,
    "calibrator": scripts.WRITE_CALIBRATOR,
    "shards": scripts.WRITE_SHARD,
}
_STEPS: Final[dict[str, Step]] = {
    name: step
    for step, whole in _WRITES.items()
    for script in (whole, without_fence(whole))
    for name in (script, sha1(script.encode(), usedforsecurity=False).hexdigest())
}
_MARK: Final = re.compile(rb".+:-?\d+")
_HEAD: Final = 5
"""Among so many first arguments of a write, the last watermark is the new one."""
_BARE: Final[dict[Step, int]] = {"counts": 1, "calibrator": 0, "shards": 2}
"""Keys of a call that only moves a watermark, as sweeps do."""


class Call(NamedTuple):
    """One write of a shard, an item shard or a calibrator."""

    step: Step
    shard: str
    mark: str
    """The watermark that it sets: `<topic id>:<offset>`; the writes of one batch set the same."""
    of_events: bool
    """It carries what events came to, not a watermark alone."""

    @property
    def offset(self) -> int:
        """The last record of the batch."""
        return int(self.mark.rpartition(":")[2])


def call_of(command: Sequence[bytes]) -> Call | None:
    """The write that this command is; None for every other command."""
    if command[0].upper() not in (b"EVALSHA", b"EVAL"):
        return None
    step = _STEPS.get(command[1].decode())
    if step is None:
        return None
    keys = int(command[2])
    head = command[3 + keys : 3 + keys + _HEAD]
    mark = [argument for argument in head if _MARK.fullmatch(argument)][-1]
    return Call(step, command[3].decode(), mark.decode(), keys > _BARE[step])


def beaten(command: Sequence[bytes]) -> int | None:
    """The partition whose owner says by this command that it lives; None for every other command."""
    if command[0].upper() == b"HSET" and command[1].endswith(b":heartbeats"):
        return int(command[2])
    return None


class Done(NamedTuple):
    """What of the batch in hand the store has taken, as its answers said."""

    counts: str = ""
    """The mark of the last counts written for events."""
    shards: str = ""


class Stage(Protocol):
    """A point of a batch's life."""

    __name__: str

    def __call__(self, call: Call, done: Done) -> bool:
        """Whether the batch is there, just before `call` reaches the store."""


def within_the_counts(call: Call, done: Done) -> bool:
    """Some item shards have the batch, others not yet."""
    return call.step == "counts" and call.of_events and call.mark == done.counts


def between_the_writes(call: Call, done: Done) -> bool:
    """The counts are written, no user's shard is."""
    return call.step == "shards" and call.of_events and call.mark == done.counts != done.shards


def within_the_shards(call: Call, done: Done) -> bool:
    """Some users' shards have the batch, others not yet."""
    return call.step == "shards" and call.of_events and call.mark == done.shards
