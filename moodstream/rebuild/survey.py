"""What the store lacks, and what the lake and Kafka still have of it, partition by partition."""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from contracts.settings import Settings
from contracts.topics import EVENTS, ITEMS, Topic
from online.kafka import partitions_of, reader
from online.lake.replay import LakeLog, Life
from online.learn.course import Stretch
from online.learn.partition import Partition
from online.store.protocol import Store
from stream.look import look
from stream.need import Need


class Part(msgspec.Struct, frozen=True):
    """One partition of `events`: offsets from `needed` to before `end` are to be learned."""

    partition: int
    needed: int
    kept: int
    """The next offset that the lake lacks."""
    first: int
    """The lowest offset that Kafka still has."""
    end: int
    lost: bool
    """Whether some shards have nothing at all."""
    moved: bool
    """Whether all states are on the bundle in force."""
    earlier: list[tuple[str, int]]
    """What is to be learned first, and how many records it has: lives of the topic before it was made again, and what
    lies before it got more partitions."""
    gaps: list[tuple[int, int]]
    """Offsets, first and past the last, that are needed and that neither the lake nor Kafka has."""
    mixed: bool
    """Whether shards stand in different lives, so that some can't be made whole."""


class Survey(msgspec.Struct, frozen=True):
    """What is to be done."""

    parts: list[Part]
    items: int
    """Changes of the catalogue that the store has yet to take in."""

    @property
    def behind(self) -> int:
        """Events that some shard lacks."""
        return sum(part.end - part.needed + sum(end for _, end in part.earlier) for part in self.parts)

    @property
    def done(self) -> bool:
        """Whether nothing is lacking."""
        return not self.behind and not self.items and all(part.moved for part in self.parts)


async def survey(settings: Settings, store: Store, ids: Mapping[Topic, str]) -> Survey:
    """Look at everything; raises `Unavailable`."""
    offsets = await asyncio.to_thread(kafka_offsets, settings)
    course = (await asyncio.to_thread(look, settings)).course
    parts = []
    for number in range(course.present.partitions):
        *earlier, stretch = course.stretches(number)
        left = [await _left_of(store, one) for one in earlier]
        parts.append(await _part(settings, store, stretch, left, *offsets[EVENTS][number]))
    items = 0
    for number, (_, end) in offsets[ITEMS].items():
        items += max(0, end - 1 - (await store.items_watermark(number)).within(ids[ITEMS]))
    return Survey(parts, items)


async def _left_of(store: Store, stretch: Stretch) -> tuple[str, int]:
    """An epoch of the present topic that is over, and how many of its records a shard still lacks."""
    return stretch.incarnation, stretch.last - (await Partition.found(store, stretch)).lowest


async def _part(
    settings: Settings, store: Store, stretch: Stretch, left: Sequence[tuple[str, int]], first: int, end: int
) -> Part:
    owned = await Partition.found(store, stretch)
    number, incarnation = stretch.number, stretch.incarnation
    lake = LakeLog(settings.lake_url, settings.namespace, number)
    found = await asyncio.to_thread(lake.lives)
    life = next((life for life in found if life.incarnation == incarnation), Life(incarnation, stretch.first))
    lives = [*(one for one in found if not stretch.has(one.incarnation)), life]
    standing = {incarnation if stretch.has(one) else one for one in owned.standing}
    needed = owned.lowest + 1
    need = Need(life, standing, needed, first)
    earlier = need.earlier(lives) if need.of_earlier_lives else []
    gaps = lake.gaps(incarnation, needed, min(life.end, first)) if needed < first else []
    if need.nowhere:
        gaps.append((max(needed, life.end), first))
    return Part(
        partition=number,
        needed=needed,
        kept=life.end,
        first=first,
        end=end,
        lost="" in owned.standing,
        moved=all(meta.moved for meta in owned.metas.values()),
        earlier=[*((one.incarnation, one.end) for one in earlier), *(one for one in left if one[1])],
        gaps=gaps,
        mixed=need.is_mixed(lives),
    )


def kafka_offsets(settings: Settings) -> dict[Topic, dict[int, tuple[int, int]]]:
    """The first offset and the one after the last of each partition of both topics; raises `KafkaUnavailable`."""
    with reader(settings) as consumer:
        found: dict[Topic, dict[int, tuple[int, int]]] = {}
        for topic in (EVENTS, ITEMS):
            tps = partitions_of(consumer, settings, topic.full_name(settings.namespace))
            starts, ends = consumer.beginning_offsets(tps), consumer.end_offsets(tps)
            found[topic] = {tp.partition: (starts[tp], ends[tp]) for tp in tps}
        return found
