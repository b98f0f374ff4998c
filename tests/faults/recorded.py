"""The log that is sent: made from a seed, with known ids, and with what careless senders do to it mixed in."""

import random
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from contracts.events import Alias, Context, Erase, Impression, Interaction, ItemEvent, MoodEvent, Record, Shown, encode
from contracts.kinds import ORDER
from contracts.sharding import partition_of

PARTITIONS: Final = 4
ITEMS: Final = 36
"""Of them the bundles know 30."""
START: Final = 1_700_000_000_000
NEW_USERS: Final = 30
"""In each round; ten of the rounds before come back."""
_RETURNING: Final = 10
_KNOWN: Final = 5
"""As so many of them others may turn out to be; nobody in a circle, which would send each event nine times."""
_MINUTE_MS: Final = 60_000
Way = Literal["plain", "duplicate", "reordered", "misplaced", "poison"]
WAYS: Final[tuple[Way, ...]] = ("duplicate", "reordered", "misplaced", "poison")


class Sending(NamedTuple):
    """One record to be sent."""

    way: Way
    value: bytes
    event: Record | None
    """None for bytes that are no event."""
    partition: int | None = None
    """Where it is to lie, straight in Kafka; None: by its key, through the API."""


class Recorded:
    """All that is sent in one run, in parts; the same for the same seed, but for the faults' timing."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._ids = 0
        self._minutes = 0

    def users(self, number: int) -> list[str]:
        """Those whom round `number` is about."""
        rng = random.Random(f"{self._seed}/users/{number}")
        new = [f"r{number}-u{one}" for one in range(NEW_USERS)]
        return new + [
            f"r{rng.randrange(number)}-u{rng.randrange(NEW_USERS)}" for _ in range(_RETURNING if number else 0)
        ]

    def part(self, number: int, name: str, n: int) -> list[Sending]:
        """Some `n` records for one fault of a round."""
        rng = random.Random(f"{self._seed}/{number}/{name}")
        users = self.users(number)
        sent: list[Sending] = []
        while len(sent) < n:
            sent += self._next(rng, users, sent)
        return sent

    def duplicates_of(self, sent: list[Sending], n: int) -> list[Sending]:
        """The first n of these once more."""
        return [one._replace(way="duplicate") for one in sent if one.event and one.partition is None][:n]

    def _next(self, rng: random.Random, users: list[str], sent: list[Sending]) -> Iterator[Sending]:
        what = rng.random()
        good = [one for one in sent[-60:] if one.way == "plain"]
        if what < 0.05 and good:
            yield rng.choice(good)._replace(way="duplicate")
        elif what < 0.07:
            late = [self._event(rng, users) for _ in range(6)]
            rng.shuffle(late)
            yield from (Sending("reordered", encode(event), event) for event in late)
        elif what < 0.09:
            event = self._event(rng, users)
            wrong = (partition_of(event.key, PARTITIONS) + rng.randrange(1, PARTITIONS)) % PARTITIONS
            yield Sending("misplaced", encode(event), event, wrong)
        elif what < 0.10:
            yield self._poison(rng, users)
        elif what < 0.12:
            item = f"i{rng.randrange(ITEMS)}"
            event = ItemEvent(
                event_id=self._id(), time=self._time(rng), item_id=item, title=f"Title {rng.randrange(99)}"
            )
            yield Sending("plain", encode(event), event)
        else:
            event = self._event(rng, users)
            yield Sending("plain", encode(event), event)

    def _event(self, rng: random.Random, users: list[str]) -> Record:
        name, user, time, what = self._id(), rng.choice(users), self._time(rng), rng.random()
        if what < 0.10:
            return MoodEvent(event_id=name, time=time, user_id=user, mood=rng.choice(("happy", "😢", "calm")))
        if what < 0.20:
            items = rng.sample(range(ITEMS), rng.randint(0, 6))
            shown = [Shown(f"i{item}", place, rng.gauss(0, 1), 1.0) for place, item in enumerate(items)]
            return Impression(event_id=name, time=time, user_id=user, request_id=name, bundle="", shown=shown)
        if what < 0.202:
            return Erase(event_id=name, time=time, user_id=user)
        if what < 0.206:
            known_as, user = rng.choice(users[:_KNOWN]), rng.choice(users[_KNOWN:])
            return Alias(event_id=name, time=time, user_id=user, known_as=known_as)
        where = Context(device=rng.choice(("phone", "tv")), extra={"weather": rng.choice(("sun", "rain"))})
        return Interaction(
            event_id=name,
            time=time,
            user_id=user,
            item_id=f"i{rng.randrange(ITEMS)}",
            kind=rng.choice(ORDER),
            context=rng.choice((None, where)),
        )

    def _poison(self, rng: random.Random, users: list[str]) -> Sending:
        user, name = rng.choice(users), self._id()
        strange = MoodEvent(event_id=name, time=START, user_id=user, mood="klonk")
        values = (
            b"\xff\xfe no event " + name.encode(),
            b'{"type":"interaction","schema_version":7,"event_id":"' + name.encode() + b'"}',
            b'{"type":"interaction","event_id":"' + name.encode() + b'","x":"' + b"x" * 70_000 + b'"}',
            b"[" * 20_000,
            b"",
            encode(strange),
        )
        return Sending("poison", rng.choice(values), None, partition_of(user, PARTITIONS))

    def _id(self) -> str:
        self._ids += 1
        return f"s{self._seed}-{self._ids}"

    def _time(self, rng: random.Random) -> int:
        """A minute goes by with every event; now and then one is hours or days late."""
        self._minutes += 1
        late = rng.choice((0, 0, 0, 0, 0, 0, 0, 90, 3000))
        return START + _MINUTE_MS * (self._minutes - late)
