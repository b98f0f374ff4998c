"""The catalogue's changes: from the items topic into the store, within seconds of the event."""

import logging
from collections import Counter as Tally
from collections.abc import Sequence

from contracts import events, topics
from contracts.errors import InvalidEvent
from contracts.events import ControlRecord, ItemEvent
from online.learn.outgoing import Outbox, Outgoing, Raw, dead_letter, replaced
from online.store.protocol import Store, Watermark

log = logging.getLogger("moodstream.stream")


class CatalogueKeeper:
    """Takes in the items topic's records; the newest of an item wins."""

    def __init__(self, store: Store, outbox: Outbox) -> None:
        self._store = store
        self._outbox = outbox
        self._marks: dict[int, Watermark] = {}
        """Where the store stood when it was last read or written."""
        self.tally: Tally[str] = Tally()
        """What became of the records."""
        self.letters: Tally[str] = Tally()
        """What was set aside, by error."""

    async def start_at(self, partition: int, incarnation: str) -> int:
        """The offset to read from."""
        self._marks[partition] = await self._store.items_watermark(partition)
        return self._marks[partition].within(incarnation) + 1

    def own(self, partitions: set[int]) -> None:
        """Forget all other partitions."""
        self._marks = {number: mark for number, mark in self._marks.items() if number in partitions}

    async def lost(self) -> list[int]:
        """The partitions of which the store has less than it was given: they must be read again."""
        return [
            number
            for number, mark in list(self._marks.items())
            if (await self._store.items_watermark(number)).within(mark.incarnation) < mark.offset
        ]

    async def keep(self, partition: int, incarnation: str, records: Sequence[Raw], now: int) -> None:
        """Write the changes of consecutive records; what is no item event goes where it belongs.

        Raises `Fenced` where the store stands elsewhere than where `start_at` found it or this left it.
        """
        items: dict[str, bytes] = {}
        outgoing: list[Outgoing] = []
        before = self._marks.get(partition, Watermark())
        fresh = [raw for raw in records if raw.offset > before.within(incarnation)]
        errors: list[str] = []
        for raw in fresh:
            try:
                event = events.decode(raw.value)
                if isinstance(event, ItemEvent):
                    items[event.item_id] = events.encode(event)
                elif isinstance(event, ControlRecord):
                    raise InvalidEvent(
                        "a control record belongs into each partition of events, where our commands write it"
                    )
                else:
                    outgoing.append(replaced(raw, topics.EVENTS, event.key))
            except Exception as error:  # invalid, or a bug of ours: neither stops the partition
                outgoing.append(dead_letter(raw, error, now))
                errors.append(type(error).__name__)
                log.warning(
                    "set aside as a dead letter, which says why: %s, items partition %d offset %d",
                    *(errors[-1], partition, raw.offset),
                    extra={"request_id": raw.request},
                )
        await self._outbox(outgoing)
        if fresh:
            new = Watermark(incarnation, fresh[-1].offset)
            await self._store.put_items(partition, before, new, items)
            self._marks[partition] = new
        misplaced = len(outgoing) - len(errors)
        self.letters.update(errors)
        self.tally.update({"refused": len(errors), "misplaced": misplaced})
        self.tally["applied"] += len(fresh) - len(outgoing)
