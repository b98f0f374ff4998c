"""What the lake keeps of a topic's partitions: how many there were, and where each number's records end.

One small file beside the topic's first ones. It's in force once it's written: before, workers hold at the cuts.
"""

from typing import Final

import msgspec

from contracts.epochs import epoch_name
from contracts.errors import StateUnreadable
from online.lake.folder import Folder
from online.learn.course import Course, Epoch


class Opening(msgspec.Struct, frozen=True):
    """A change that was begun."""

    partitions: int
    since: list[int]
    """The offset in each partition behind which its cut is to be found."""


class Note(msgspec.Struct, frozen=True):
    """Of one topic."""

    partitions: list[int]
    """Their numbers, the first one first."""
    cuts: list[list[int]] = []
    """For each number but the last, the offset in each partition of the control record that ended it."""
    opening: Opening | None = None

    def course(self, topic_id: str) -> Course:
        """The topic's epochs."""
        epochs: list[Epoch] = []
        for at, number in enumerate(self.partitions):
            firsts = [cut + 1 for cut in self.cuts[at - 1]] if at else []
            epochs.append(
                Epoch(
                    epoch_name(topic_id, number) if at else topic_id,
                    number,
                    firsts + [0] * (number - len(firsts)),
                    self.cuts[at] if at < len(self.cuts) else (),
                )
            )
        return Course(epochs)


_PATH: Final = "incarnation={}/_partitions.json"


def noted(folder: Folder, topic_id: str, otherwise: int) -> Note:
    """The note of a topic; one that was never changed has none, and `otherwise` so many partitions.

    Raises `Unavailable`, `StateUnreadable` for a damaged note: nobody knows then what lies where.
    """
    raw = folder.get(_PATH.format(topic_id))
    if raw is None:
        return Note([otherwise])
    try:
        return msgspec.json.decode(raw, type=Note)
    except msgspec.MsgspecError as error:
        path = _PATH.format(topic_id)
        raise StateUnreadable(f"the lake's {path} is damaged ({error}): bring it back from a backup") from error


def note(folder: Folder, topic_id: str, new: Note) -> None:
    """Write it down; raises `Unavailable`."""
    folder.put(_PATH.format(topic_id), msgspec.json.encode(new))
