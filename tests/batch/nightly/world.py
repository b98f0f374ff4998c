"""A site whose users walk around rings: its lake, a bundle that serves, and a loop that trains in a second."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec.structs import replace as changed

from batch.log import of_events
from batch.nightly.night import Nights
from batch.nightly.run import Loop
from batch.nightly.terms import Terms
from batch.plan import Plan
from batch.replay import Logged
from batch.train import train_on
from contracts.events import Interaction
from contracts.settings import Settings
from model.bundle import Bundle
from model.shelf import Shelf
from online.lake.write import LakeWriter
from online.learn.enrich import Enricher
from tests.batch import synthetic

PLAN = Plan(hidden=24, dim=12, epochs=6, tokens=128, rate=1e-2, dropout=0.0, device="cpu", patience=9, repeats="kept")
ITEMS = synthetic.catalogue(4)
DAY_MS = 24 * 3_600_000
TERMS = Terms(scratch_every=0, events=400)


def steps(first: int, last: int, users: int = 40, seed: int = 0) -> list[Interaction]:
    """What users do from one step of their walk to before another."""
    whole = synthetic.events(users=users, steps=last, seed=seed, rings=4)
    return [event for event in whole if int(event.event_id.rpartition("-")[2]) >= first]


BEFORE = steps(0, 20)
"""The serving bundle was trained on it."""
AFTER = steps(0, 40)[len(BEFORE) :]
"""And this came since."""


def trained(plan: Plan = PLAN) -> Bundle:
    """The bundle that serves."""
    return train_on(of_events(BEFORE), ITEMS, plan, now_ms=1_600_000_000_000)


@dataclass
class Site:
    """One site's settings, shelf and lake, and a clock that goes on with every look."""

    settings: Settings
    now: int = AFTER[-1].time + 1000
    written: int = 0

    @property
    def shelf(self) -> Shelf:
        return Shelf(self.settings.bundles_url)

    @property
    def nights(self) -> Nights:
        return Nights(self.settings.nights_url)

    def clock(self) -> int:
        self.now += 1000
        return self.now

    def happen(self, events: Sequence[Logged]) -> None:
        """Into the lake, as the stream writes it."""
        enricher, writer = Enricher(), LakeWriter(self.settings.lake_url, self.settings.namespace, "life", 0)
        rows = [
            enricher.enrich(event, partition=0, offset=self.written + number, arrival=event.time)
            for number, event in enumerate(events)
        ]
        self.written += len(rows)
        writer.add(rows, self.written - 1)
        writer.flush()
        self.now = max(self.now, max(event.time for event in events))

    def loop(self, plan: Callable[[Bundle, Terms], Plan] | Plan | None = None) -> Loop:
        """A loop as a process that is just started has it."""
        found = plan or replace(PLAN, rate=4e-2)
        chosen = found if callable(found) else (lambda bundle, terms: found)
        return Loop(self.settings, self.shelf, self.nights, clock=self.clock, plan=chosen)


def site(tmp_path: Path, bundle: Bundle, settings: Settings | None = None) -> Site:
    """With this bundle serving, and the lake of all that has happened so far."""
    where = {"home": tmp_path, "lake": str(tmp_path / "lake"), "bundles": str(tmp_path / "bundles")}
    found = Site(changed(settings or Settings(), **where))
    found.shelf.add(bundle)
    found.shelf.point(bundle.version)
    found.happen(BEFORE)
    return found
