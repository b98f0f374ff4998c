"""What the lake keeps of a topic's partitions: how many there were, and where each number's records end.

One small file beside the topic's first ones. It's in force once it's written: before, workers hold at the cuts.
"""

from functools import lru_cache
from typing import Final

import msgspec

from contracts.epochs import epoch_name, topic_id_of
from contracts.errors import StateUnreadable
from online.lake.folder import Folder
from online.lake.position import noted_position
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

    def epochs(self, topic_id: str) -> list[Epoch]:
        """Of the topic of this id."""
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
        return epochs


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


def course_of(url: str, namespace: str, topic_id: str, otherwise: int) -> Course:
    """The course of the present topic, with those before it that had several numbers of partitions.

    What was in one that had only one number is learned again by partition, whatever number there is now.
    """
    note = noted(Folder(url, namespace), topic_id, otherwise)
    return Course([*_gone(url, namespace, topic_id), *note.epochs(topic_id)])


@lru_cache
def _gone(url: str, namespace: str, present: str) -> tuple[Epoch, ...]:
    """The epochs of topics that were deleted, as far as the lake has them."""
    folder = Folder(url, namespace)
    ids = {topic_id_of(life) for life in folder.lives()} - {present}
    notes = {topic_id: note for topic_id in ids for note in [noted(folder, topic_id, 0)] if len(note.partitions) > 1}
    if not notes:
        return ()
    births: dict[str, str] = {}
    for file in folder.files():
        topic_id = topic_id_of(file.incarnation)
        births[topic_id] = min(file.hour, births.get(topic_id, file.hour))
    epochs = [epoch for one in sorted(notes, key=lambda one: births.get(one, "")) for epoch in notes[one].epochs(one)]
    return tuple(epoch._replace(ends=_kept(folder, epoch)) for epoch in epochs)


def _kept(folder: Folder, epoch: Epoch) -> list[int]:
    positions = [noted_position(folder, epoch.name, number) for number in range(epoch.partitions)]
    return [max(first, position) for first, position in zip(epoch.firsts, positions, strict=True)]


def note(folder: Folder, topic_id: str, new: Note) -> None:
    """Write it down; raises `Unavailable`."""
    folder.put(_PATH.format(topic_id), msgspec.json.encode(new))
