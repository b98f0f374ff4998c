"""The course of the log: its epochs, one after the other, and what a partition holds of each.

An epoch is the topic while it has one number of partitions. A shard leaves it when it has come to its end, in whatever
partition it was, and goes on in the next one: so it's learned by one partition at a time, in the log's order.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from contracts.epochs import topic_id_of
from contracts.sharding import shards_of
from online.store.protocol import ShardMeta, Watermark


class Epoch(NamedTuple):
    """The topic while it has one number of partitions."""

    name: str
    """As watermarks have it: `contracts.epochs`."""
    partitions: int
    firsts: Sequence[int]
    """The first offset in each partition."""
    ends: Sequence[int] = ()
    """The offset behind the last one in each partition, where the cut lies; none in the present epoch."""


class Course:
    """All epochs, the present one last."""

    def __init__(self, epochs: Sequence[Epoch]) -> None:
        self.epochs = epochs
        self.present = epochs[-1]

    @classmethod
    def of(cls, topic_id: str, partitions: int) -> "Course":
        """Of a topic that never had another number of partitions."""
        return cls([Epoch(topic_id, partitions, [0] * partitions)])

    @property
    def too_few(self) -> str:
        """What is wrong, where a topic that was deleted had partitions that nobody has today; else nothing."""
        most = max(epoch.partitions for epoch in self.epochs)
        return (
            f"the topic had {most} partitions before it was made again: make it anew, with MOODSTREAM_PARTITIONS={most}"
            if most > self.present.partitions
            else ""
        )

    def stretches(self, number: int) -> "Iterator[Stretch]":
        """What one partition holds, epoch by epoch."""
        for at, epoch in enumerate(self.epochs):
            if number < epoch.partitions:
                yield Stretch(self, at, number)

    def placed(self, partition: int, offset: int) -> int:
        """By how many partitions the record at this place of the present topic was placed."""
        for epoch in self.epochs:
            own = topic_id_of(epoch.name) == topic_id_of(self.present.name)
            if own and epoch.ends and partition < epoch.partitions and offset < epoch.ends[partition]:
                return epoch.partitions
        return self.present.partitions


class Stretch:
    """One partition's part of an epoch, and how far a watermark has come in it."""

    def __init__(self, course: Course, at: int, number: int) -> None:
        epoch = course.epochs[at]
        self.incarnation, self.partitions = epoch.name, epoch.partitions
        self.number = number
        self.first = epoch.firsts[number]
        """Its first offset: 0, or the one behind the last cut."""
        self.end = epoch.ends[number] if epoch.ends else None
        """None in the present epoch."""
        self.at = at
        """Of which epoch, counted from 0."""
        self._course = course
        self._later = {later.name for later in course.epochs[at + 1 :]}

    @property
    def is_present(self) -> bool:
        """Whether it's the one that goes on."""
        return not self._later

    @property
    def is_gone(self) -> bool:
        """Whether its topic was deleted: what was in it is in the lake, or nowhere."""
        return topic_id_of(self.incarnation) != topic_id_of(self._course.present.name)

    def has(self, incarnation: str) -> bool:
        """Whether it's of a topic whose epochs the course has."""
        return topic_id_of(incarnation) in {topic_id_of(epoch.name) for epoch in self._course.epochs}

    @property
    def last(self) -> int:
        """The last offset; of the present epoch the one before its first, which is all that's sure."""
        return (self.first if self.end is None else self.end) - 1

    @property
    def sources(self) -> "list[Stretch]":
        """What other partitions held of this one's shards in earlier epochs."""
        earlier = [(at, shard % self._course.epochs[at].partitions) for at in range(self.at) for shard in self.shards]
        return [Stretch(self._course, at, number) for at, number in sorted(set(earlier)) if number != self.number]

    @property
    def shards(self) -> Sequence[int]:
        """The user shards that are this partition's."""
        return shards_of(self.number, self.partitions)

    def within(self, mark: Watermark) -> int:
        """The last offset that a watermark has taken in here."""
        if mark.incarnation == self.incarnation:
            return max(mark.offset, self.first - 1)
        return self.last if self.is_behind(mark) else self.first - 1

    def is_behind(self, mark: Watermark) -> bool:
        """Whether it stands in a later epoch: then it has taken in all of this one."""
        return mark.incarnation in self._later

    def lacks(self, shard: int, meta: ShardMeta) -> bool:
        """Whether a user shard has yet to take in anything of an earlier epoch, in whatever partition."""
        earlier = (Stretch(self._course, at, shard % self._course.epochs[at].partitions) for at in range(self.at))
        return any(
            one._is_short(meta.watermark) or not (meta.moved or one.is_behind(meta.watermark)) for one in earlier
        )

    def lacks_shared(self, mark: Watermark) -> bool:
        """Whether this partition's part in what is shared has yet to take in anything of an earlier epoch."""
        return any(one._is_short(mark) for one in self._course.stretches(self.number) if one.at < self.at)

    def is_unheard_of(self, mark: Watermark) -> bool:
        """Whether it stands in an epoch of this topic that began since the course was looked at."""
        own = topic_id_of(mark.incarnation) == topic_id_of(self.incarnation)
        return own and mark.incarnation not in {epoch.name for epoch in self._course.epochs}

    def _is_short(self, mark: Watermark) -> bool:
        return self.within(mark) < self.last
