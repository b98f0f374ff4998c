"""A night from beginning to end: each step is done once, whoever is killed in between, and the next one goes on."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from time import time
from typing import Final

import msgspec

from batch.catalogue import catalogue_of
from batch.lake_log import Held, drawn
from batch.nightly import canary as canaries
from batch.nightly import card, data, gate, lake, live, measured
from batch.nightly.check import Check, known, overridden, refusal
from batch.nightly.measured import CANDIDATE, SERVING
from batch.nightly.measured import Tell as TellMeasuring
from batch.nightly.night import (
    CATALOGUE,
    PROMOTED,
    REFUSED,
    Begun,
    Canary,
    Data,
    Ended,
    Gate,
    Measured,
    Night,
    Nights,
    Record,
    Trained,
    Verdict,
)
from batch.nightly.terms import Terms
from batch.nightly.training import SCRATCH, plan_of, train, way
from batch.plan import Plan
from batch.progress import Tell as TellTraining
from contracts.errors import Misconfigured
from contracts.events import ItemEvent
from contracts.settings import Settings
from model.bundle import Bundle
from model.items import Item
from model.shelf import Shelf

_MINUTE_MS: Final = 60_000
STEPS: Final[dict[str, type[Record]]] = {
    "begun": Begun,
    "data": Data,
    "trained": Trained,
    "measured": Measured,
    "gate": Gate,
}
"""Behind which a night can be told to stop, by the names of their records; what remains is shown to users."""


@dataclass
class Told:
    """Who hears of a night while it goes on."""

    said: Callable[[str], None] = lambda line: None
    checks: Callable[[str, Sequence[Check]], None] = lambda what, checks: None
    measured: Callable[[Measured], None] = lambda found: None
    training: Callable[[], AbstractContextManager[TellTraining]] = lambda: nullcontext(lambda progress: None)
    measuring: Callable[[], AbstractContextManager[TellMeasuring]] = lambda: nullcontext(lambda what, done, total: None)


@dataclass
class Loop:
    """What a night works with."""

    settings: Settings
    shelf: Shelf
    nights: Nights
    told: Told = field(default_factory=Told)
    clock: Callable[[], int] = lambda: int(time() * 1000)
    plan: Callable[[Bundle, Terms], Plan] = plan_of
    _log: tuple[str, Held] | None = field(default=None, init=False)

    def begin(self, terms: Terms, asked: str, changes: Sequence[ItemEvent]) -> Night:
        """A new night, on the lake as it is now; `changes` are the catalogue's, of which the last word counts.

        Raises `Misconfigured` where nothing is published to go on from, `BundleRejected` where that can't be read.
        """
        known(terms.allowed, [*data.NAMES, *gate.NAMES])
        base = self.shelf.current()
        if base is None:
            raise Misconfigured("no bundle is published that a night could go on from: moodstream train, then publish")
        if under_way := self.shelf.canary():
            raise Misconfigured(
                f"{under_way.canary} is a canary, put there by hand: publish it to all, or end it: moodstream rollback"
            )
        bundle, now, before = self.shelf.load(base), self.clock(), lake.positions(self.settings)
        night, chosen = self.nights.at(now), way(bundle, self._since_scratch(), terms)
        night.put(CATALOGUE, msgspec.json.encode(_catalogue(bundle, changes)))
        begun = Begun(
            time=now,
            asked=asked,
            base=base,
            how=chosen.how,
            why=chosen.why,
            before=before,
            terms=terms,
            since=lake.reached(self.settings, before, terms.reach),
            bounded=True,
        )
        night.leave(begun)
        return night

    def go_on(self, night: Night, until: type[Record] | None = None) -> Ended | None:
        """Do what is left to do of a night, up to a step of `STEPS`; None where that isn't its end, or it waits."""
        begun = night.step(Begun, _missing)
        if ended := night.read(Ended):
            return ended
        self.told.said(f"night {night.name}: {begun.how}, {begun.why}; asked for by {begun.asked}")
        verdict = night.read(Verdict) or (
            self._judge(night, begun, trained)
            if until is None and (trained := night.read(Trained)) and night.read(Canary)
            else self._verdict(night, begun, until)
        )
        if verdict is None:
            card.leave(night, begun)
            return None
        night.step(Verdict, lambda: verdict)
        if trained := night.read(Trained):
            canaries.carry_out(self.settings, self.shelf, begun, trained.version, verdict.outcome)
        ended = Ended(time=self.clock(), outcome=verdict.outcome, why=verdict.why)
        card.leave(night, begun)
        night.leave(ended)
        return ended

    def _verdict(self, night: Night, begun: Begun, until: type[Record] | None) -> Verdict | None:
        if until is Begun:
            return None
        found = night.step(Data, lambda: self._look_at(night, begun))
        self.told.checks("data", found.checks)
        if why := refusal(found.checks):
            return self._refused(why)
        if until is Data:
            return None
        trained = night.step(Trained, lambda: self._train(night, begun))
        self.told.said(
            f"candidate {trained.version}: {trained.learned:,} events learned, {trained.held_out:,} held out"
            f"{drawn(trained.share)}"
        )
        if until is Trained:
            return None
        proof = night.step(Measured, lambda: self._measure(begun, trained))
        self.told.measured(proof)
        if until is Measured:
            return None
        passed = night.step(Gate, lambda: self._gate(begun, trained, proof))
        self.told.checks("gate", passed.checks)
        card.leave(night, begun)
        if why := refusal(passed.checks):
            return self._refused(why)
        if until is Gate:
            return None
        if not begun.terms.share:
            return Verdict(time=self.clock(), outcome=PROMOTED, why="the gate was passed, and no canary asked for")
        return self._judge(night, begun, trained)

    def _look_at(self, night: Night, begun: Begun) -> Data:
        items = [item.item_id for item in _items(night)]
        rows, base = partial(lake.rows_of, self.settings, begun), self.shelf.load(begun.base)
        found = data.looked_at(rows, begun, base, items, list(self.nights.good(Data)))
        return msgspec.structs.replace(found, checks=overridden(found.checks, begun.terms.allowed))

    def _train(self, night: Night, begun: Begun) -> Trained:
        base, held = self.shelf.load(begun.base), self._read(begun)
        plan = self.plan(base, begun.terms)
        with self.told.training() as tell:
            return train(night, begun, base, held, _items(night), self.shelf, plan, tell)

    def _measure(self, begun: Begun, trained: Trained) -> Measured:
        candidate, serving = self.shelf.load(trained.version), self.shelf.load(begun.base)
        args = self._read(begun).log, trained.learned, serving.repeats, begun.terms
        with self.told.measuring() as tell:
            return measured.measured(candidate, serving, *args, tell)

    def _gate(self, begun: Begun, trained: Trained, proof: Measured) -> Gate:
        items = {
            SERVING: len(self.shelf.load(begun.base).catalogue),
            CANDIDATE: len(self.shelf.load(trained.version).catalogue),
        }
        checks = gate.gate(proof, begun.terms, items, self._usual(begun))
        return Gate(checks=overridden(checks, begun.terms.allowed))

    def _judge(self, night: Night, begun: Begun, trained: Trained) -> Verdict | None:
        now = self.clock
        canary = night.step(Canary, lambda: canaries.begin(self.settings, self.shelf, begun, trained.version, now()))
        if ended := canaries.meddled(self.shelf, canary, now()):
            return ended
        most = min(begun.most, live.HOLD)  # 0, no limit, in a night that began before there were any
        log = lake.log_since(self.settings, canary.time, most)
        window_ms = int(begun.terms.window_min * _MINUTE_MS)
        look = live.look(log, canary.rollout, window_ms, now(), begun.terms.seed)
        night.leave(look)
        self.told.said(f"canary for {canary.rollout.share:.0%} of users: {canaries.told(look)}")
        return canaries.judged(look, canary, begun.terms)

    def _refused(self, why: str) -> Verdict:
        return Verdict(time=self.clock(), outcome=REFUSED, why=why)

    def _usual(self, begun: Begun) -> list[float]:
        """NDCG@10 of what served in earlier nights, or, in the first one, on the end of what it was trained on."""
        found = [night.systems[SERVING]["ndcg@10"].mean for night in self.nights.good(Measured) if night.systems]
        tail = self.shelf.load(begun.base).metrics.get("tail", {}).get("ndcg@10", 0.0)
        return found or [float(tail)]

    def _since_scratch(self) -> int:
        """Candidates that were fine-tuned since the last one from scratch."""
        ways = [begun.how for night in self.nights.all() if night.read(Trained) and (begun := night.read(Begun))]
        return len(ways) - max((place + 1 for place, how in enumerate(ways) if how == SCRATCH), default=0)

    def _read(self, begun: Begun) -> Held:
        """The night's log, read once a run."""
        name = msgspec.json.encode(begun.before).decode()
        if self._log is None or self._log[0] != name:
            self._log = name, lake.log_of(self.settings, begun)
        return self._log[1]


def _missing() -> Begun:
    raise Misconfigured("this night never began: moodstream nightly begins one")


def _catalogue(base: Bundle, changes: Sequence[ItemEvent]) -> list[Item]:
    """The serving bundle's, with what was said of items since."""
    gone = {change.item_id for change in changes}
    kept = [item for item in base.catalogue if item.item_id not in gone]
    return sorted([*kept, *catalogue_of(changes)], key=lambda item: item.item_id)


def _items(night: Night) -> list[Item]:
    return msgspec.json.decode(night.get(CATALOGUE) or b"[]", type=list[Item])
