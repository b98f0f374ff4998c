"""What a partition's states lack, by where its shards stand and by what the lake and Kafka still have."""

from collections.abc import Sequence

from online.lake.layout import RANGE
from online.lake.replay import Life


class Need:
    """Of one partition, in the topic's present life."""

    def __init__(self, life: Life, standing: set[str], needed: int, first: int) -> None:
        """`life` is the present one; `standing` are the lives that shards' watermarks are of ("" where one has none).

        `needed` is the lowest offset that a shard lacks, `first` the lowest that Kafka still has.
        """
        self.life = life
        self.needed = needed
        self._standing = standing
        self._first = first

    @property
    def lost(self) -> bool:
        """Whether there are shards without anything, though the lake says that there was."""
        return "" in self._standing and self.life.end > self.needed

    @property
    def of_the_lake(self) -> bool:
        """Whether the lake must be read: Kafka has it no more, or it's so much that what was seen then should count."""
        far = self.life.end - self.needed > RANGE
        return self.life.end > self.needed and (self.lost or far or self.needed < self._first)

    @property
    def of_earlier_lives(self) -> bool:
        """Whether shards may lack what lay in the topic before it was made again."""
        return "" in self._standing or self.life.incarnation not in self._standing

    @property
    def nowhere(self) -> int:
        """Offsets that neither the lake nor Kafka has."""
        return max(0, self._first - max(self.needed, self.life.end))

    def earlier(self, lives: Sequence[Life]) -> list[Life]:
        """Of the lake's lives, those to be learned before the present one: from the last that any shard stands in."""
        return self._before(lives)[self._reached(lives) :]

    def is_mixed(self, lives: Sequence[Life]) -> bool:
        """Whether some shards lack lives that others have: they can't be learned while the others are beyond."""
        return "" in self._standing and self._reached(lives) > 0

    def _before(self, lives: Sequence[Life]) -> list[Life]:
        return [life for life in lives if life.incarnation != self.life.incarnation]

    def _reached(self, lives: Sequence[Life]) -> int:
        in_order = [*self._before(lives), self.life]
        return max((at for at, life in enumerate(in_order) if life.incarnation in self._standing), default=0)
