"""The machine that hypothesis drives: producers, workers' steps, kills, and stores that fall back, in any order."""

import asyncio
import random
from typing import Any, ClassVar, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from contracts import events
from contracts.events import Alias, Context, Erase, Impression, Interaction, MoodEvent, Shown
from contracts.kinds import Kind
from contracts.sharding import partition_of
from online.store.memory import MemoryStore
from tests.once.kafka import MORE, NUMBERS, USERS
from tests.once.past import MemoryContents, Past
from tests.once.world import World, clean_run, counters_of, ends
from tests.online.learn.logs import APART_MS, PARTITIONS, START, bundle_change

USER = st.sampled_from(USERS)
ITEMS: Final = tuple(f"i{n}" for n in (0, 1, 2, 3, 4, 13))
KINDS: Final[tuple[Kind, ...]] = ("click", "like", "dislike")
WORKER = st.integers(0, 1)
BATCH = st.sampled_from([3, 1, 6])


class Once(RuleBasedStateMachine):
    """No effect is lost and none happens twice: the store ends as a clean run's, byte for byte."""

    byte_for_byte: ClassVar = True
    """False compares effects only: what users have taken in, counts, calibrators, and what was sent on."""
    seen: ClassVar[dict[str, int]] = {}
    """What the runs so far really met."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = self.make_world()
        self.sends = 0

    def make_world(self) -> World:
        store = MemoryStore()
        return World(self.loop, store, Past(MemoryContents(store)))

    @initialize(cluster=st.booleans())
    def begin(self, cluster: bool) -> None:
        """On a cluster single nodes fall back; then nobody is erased or aliased, see docs/guarantees.md."""
        self.cluster = cluster
        self.change_bundle(0)

    def send(self, event: events.UserEvent, number: int | None = None) -> None:
        knows = self.world.kafka.has_more and self.sends % 3  # a producer may not have heard of more partitions yet
        to = partition_of(event.key, MORE if knows else PARTITIONS) if number is None else number
        self.world.kafka.append(to, events.encode(event))

    def fresh(self, user: str, late: int = 0) -> dict[str, Any]:
        """An id and a time of its own."""
        self.sends += 1
        return {"event_id": f"e{self.sends}", "user_id": user, "time": START + APART_MS * (self.sends - late)}

    @rule(seed=st.integers(0, 2**32), n=st.integers(1, 8))
    def produce(self, seed: int, n: int) -> None:
        """Some records of all kinds that are harmless by themselves."""
        rng = random.Random(seed)
        kinds = (self.take, self.take, self.take, self.show, self.feel, self.send_again, self.misplace)
        for _ in range(n):
            rng.choice(kinds)(rng)
        if rng.random() < 0.1:
            self.world.kafka.append(rng.choice(NUMBERS), b"{no event")

    def take(self, rng: random.Random) -> None:
        late, back = rng.choice((0, 0, 5)), rng.randint(0, 3)
        context = Context(request_id=f"e{self.sends - back}") if back else None
        kind = rng.choice(KINDS)
        common = self.fresh(rng.choice(USERS), late)
        self.send(Interaction(**common, item_id=rng.choice(ITEMS), kind=kind, context=context))

    def show(self, rng: random.Random) -> None:
        items = rng.sample(ITEMS, rng.randint(1, 4))
        shown = [Shown(item, place, 1.0 - place / 8, 1.0) for place, item in enumerate(items)]
        common = self.fresh(rng.choice(USERS))
        self.send(Impression(**common, request_id=common["event_id"], bundle="", shown=shown))

    def feel(self, rng: random.Random) -> None:
        self.send(MoodEvent(**self.fresh(rng.choice(USERS)), mood=rng.choice(("happy", "😢", "klonk"))))

    def send_again(self, rng: random.Random) -> None:
        number = rng.choice(NUMBERS)
        if log := self.world.kafka.logs[number]:
            self.world.kafka.append(number, log[-rng.randint(1, min(30, len(log)))].value)

    def misplace(self, rng: random.Random) -> None:
        common = self.fresh(rng.choice(USERS))
        self.send(Interaction(**common, item_id=rng.choice(ITEMS)), rng.choice(NUMBERS))

    @precondition(lambda self: self.sends < 100)
    @rule(user=USER, item=st.sampled_from(ITEMS), n=st.integers(5, 20))
    def take_many(self, user: str, item: str, n: int) -> None:
        """One user goes on and on, so that histories reach their ends."""
        for _ in range(n):
            self.send(Interaction(**self.fresh(user), item_id=item))

    @precondition(lambda self: not self.cluster)
    @rule(user=USER)
    def erase(self, user: str) -> None:
        self.send(Erase(**self.fresh(user)))

    @precondition(lambda self: not self.cluster)
    @rule(user=USER, known_as=USER)
    def alias(self, user: str, known_as: str) -> None:
        self.send(Alias(**self.fresh(user), known_as=known_as))

    @rule(to=st.integers(0, 1))
    def change_bundle(self, to: int) -> None:
        for number in self.world.kafka.logs:
            self.world.kafka.append(number, events.encode(bundle_change(to)))

    @precondition(lambda self: self.sends > 10 and not self.world.kafka.has_more)
    @rule()
    def add_partitions(self) -> None:
        self.world.kafka.add_partitions()

    @precondition(lambda self: self.world.kafka.has_more)
    @rule(number=st.sampled_from(NUMBERS))
    def cut(self, number: int) -> None:
        self.world.kafka.cut(number)

    @precondition(lambda self: self.world.kafka.has_more)
    @rule()
    def note(self) -> None:
        """The change is in force once it is noted; the command may be killed before, and run again."""
        if self.world.kafka.note():
            self.met("partitions added")
            if self.cluster:  # no single node falls back behind a cut, see docs/guarantees.md
                self.world.settle(0)
                self.world.past.writes.clear()

    @rule(which=WORKER, steps=st.sampled_from([100, 30, 300, 10, 3, 1]))
    def work(self, which: int, steps: int) -> None:
        for _ in range(steps):
            self.world.workers[which].step()
        self.met("steps", steps)

    @rule(seed=st.integers(0, 2**32), steps=st.sampled_from([100, 300]))
    def work_both(self, seed: int, steps: int) -> None:
        """Each step by one or the other."""
        rng = random.Random(seed)
        for _ in range(steps):
            self.world.workers[rng.randrange(2)].step()
        self.met("steps", steps)

    @rule(which=WORKER, batch=BATCH)
    def kill(self, which: int, batch: int) -> None:
        self.met("kills")
        self.met("steps back", self.world.workers[which].stepped_back)
        self.world.kill(which, batch)

    @rule(n=st.integers(1, 40))
    def lose_all(self, n: int) -> None:
        self.met("writes lost", min(n, len(self.world.past.writes)))
        self.loop.run_until_complete(self.world.past.lose(n))

    @precondition(lambda self: self.cluster)
    @rule(which=st.integers(0, 30), n=st.integers(1, 4))
    def lose_some(self, which: int, n: int) -> None:
        if places := self.world.past.places():
            self.met("shards fallen back")
            self.loop.run_until_complete(self.world.past.lose_at(places[which % len(places)], n))

    @precondition(lambda self: len(self.world.kafka.lives) == 1 and self.sends > 20)
    @rule()
    def recreate(self) -> None:
        self.met("topics made again")
        self.world.recreate()

    def met(self, what: str, times: int = 1) -> None:
        self.seen[what] = self.seen.get(what, 0) + times

    def teardown(self) -> None:
        try:
            self.world.settle(self.sends % 2)
            self.check()
        finally:
            for worker in self.world.workers:
                self.met("steps back", worker.stepped_back)
            self.world.close()
            self.loop.close()

    def check(self) -> None:
        kafka = self.world.kafka
        self.met("runs")
        self.met("records", sum(len(log) for logs in kafka.lives for log in logs.values()))
        clean_store, clean_kafka = self.loop.run_until_complete(clean_run(kafka))
        counters = counters_of(clean_store)
        clean = self.loop.run_until_complete(ends(clean_store, clean_kafka, counters))
        self.met("runs with outcomes", any(state for state, *_ in clean.effects["calibrators"].values()))
        got = self.loop.run_until_complete(ends(self.world.store, kafka, self.all_counters(counters)))
        assert got.effects == clean.effects
        assert got.enriched == clean.enriched
        assert got.letters == clean.letters
        values = {raw.value for logs in kafka.lives for log in logs.values() for raw in log}
        republished = [raw.value for log in clean_kafka.logs.values() for raw in log]
        assert all(value in values for value in republished)
        if self.byte_for_byte:
            assert got.store == clean.store

    def all_counters(self, clean: list[Any]) -> list[Any]:
        """The clean run's counters and any that only the other run has."""
        store = self.world.store
        return sorted({*clean, *counters_of(store)}) if isinstance(store, MemoryStore) else clean
