"""From one partition's records to runs of its own users' events, the control records between, and what is refused."""

from collections import Counter as Tally
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import Final, NamedTuple

from contracts import events, topics
from contracts.errors import InvalidEvent
from contracts.events import (
    Alias,
    BundleChange,
    ControlRecord,
    Erase,
    ItemEvent,
    PartitionChange,
    Record,
    UserEvent,
)
from contracts.sharding import partition_of
from online.learn.outgoing import Outgoing, Raw, replaced
from online.store.state import HISTORY

_OF_A_USER: Final = HISTORY // 2


class Control(NamedTuple):
    """From here on, another bundle."""

    raw: Raw
    change: BundleChange


class Cut(NamedTuple):
    """Here ends the epoch: what lies behind is placed by another number of partitions."""

    offset: int


class Taken(NamedTuple):
    """Events between two control records, in the log's order."""

    upto: int
    """The offset of the last record, refused ones included."""
    placed: list[tuple[Raw, UserEvent]]
    misplaced: list[tuple[Raw, Outgoing]]
    refused: list[tuple[Raw, Exception]]


def take_in(records: Sequence[Raw], partitions: int) -> Iterator[Taken | Control | Cut]:
    """Decode and sort the records of one partition, in order; nothing is dropped. Ends with a cut."""
    decoded = ((raw, _decoded(raw)) for raw in records)
    for is_control, run in groupby(decoded, lambda pair: isinstance(pair[1], ControlRecord)):
        if not is_control:
            yield from parts(_sorted(list(run), partitions))
            continue
        for raw, event in run:
            if isinstance(event, BundleChange):
                yield Control(raw, event)
            elif isinstance(event, PartitionChange) and event.partitions > partitions:
                yield Cut(raw.offset)
                return  # a cut that was written twice is met again behind the first one, and says nothing there


def parts(taken: Taken) -> Iterator[Taken]:
    """The same, cut so that the users' histories still hold what a part has counted when the next one begins.

    A store that goes back between a part's counts and its users has lost the counts, and they're made again from the
    histories: so an `alias` or `erase` comes after a cut, and so do a user's events that would push the others out.
    """
    starts = [-1]
    since: Tally[str] = Tally()
    for raw, event in taken.placed:
        if since[event.user_id] >= (1 if isinstance(event, Alias | Erase) else _OF_A_USER):
            starts.append(raw.offset)
            since.clear()
        since[event.user_id] += 1
    for start, end in pairwise([*starts, taken.upto + 1]):
        yield Taken(
            end - 1,
            [pair for pair in taken.placed if start <= pair[0].offset < end],
            [pair for pair in taken.misplaced if start <= pair[0].offset < end],
            [pair for pair in taken.refused if start <= pair[0].offset < end],
        )


def _decoded(raw: Raw) -> Record | InvalidEvent:
    try:
        return events.decode(raw.value)
    except InvalidEvent as error:
        return error


def _sorted(run: list[tuple[Raw, Record | InvalidEvent]], partitions: int) -> Taken:
    taken = Taken(run[-1][0].offset, [], [], [])
    for raw, event in run:
        if isinstance(event, InvalidEvent):
            taken.refused.append((raw, event))
        elif isinstance(event, ControlRecord):
            raise AssertionError("control records are cut out before")
        elif isinstance(event, ItemEvent):
            taken.misplaced.append((raw, replaced(raw, topics.ITEMS, event.key)))
        elif partition_of(event.key, partitions) != raw.partition:
            taken.misplaced.append((raw, replaced(raw, topics.EVENTS, event.key)))
        else:
            taken.placed.append((raw, event))
    return taken
