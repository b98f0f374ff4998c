"""The night's candidate: trained on all but the log's newest part, which it is measured on, and put on the shelf."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from batch import checkpoint
from batch.fine_tune import fine_tune
from batch.lake_log import Held
from batch.log import Log
from batch.nightly.night import Begun, Night, Trained
from batch.nightly.terms import Terms
from batch.plan import Plan
from batch.progress import Tell
from batch.train import train_on
from contracts.kinds import ORDER, UNWANTED
from model.bundle import Bundle, pack
from model.items import Item
from model.ranker import FEATURES, SUCCESSION
from model.shelf import Shelf

SCRATCH: Final = "scratch"
FINE_TUNE: Final = "fine-tune"
_DAY_MS: Final = 24 * 3600 * 1000


class Way(NamedTuple):
    """How a candidate is trained, and why so."""

    how: str
    why: str


def way(base: Bundle, since_scratch: int, terms: Terms) -> Way:
    """From scratch each so many-th night, or where the ranker lacks what this code can read; else warm-started."""
    lacking = [name for name in FEATURES if name not in base.ranker.names and name not in SUCCESSION]
    if lacking:
        return Way(SCRATCH, f"the serving bundle's ranker doesn't read {', '.join(lacking)}, which a new one would")
    if terms.scratch_every and since_scratch + 1 >= terms.scratch_every:
        return Way(SCRATCH, f"each {terms.scratch_every}. night is: {since_scratch} fine-tunes have passed")
    return Way(FINE_TUNE, f"from {base.version}, which serves now")


def cut_of(log: Log, base: Bundle, terms: Terms, most: int = 0) -> int:
    """Where in the log the part begins that is foretold: the last days, but no more than half of what is new.

    Nor more than `most` events, 0 for no limit.
    """
    unwanted = [ORDER.index(kind) for kind in UNWANTED]
    targets = np.flatnonzero((log.item != "") & ~np.isin(log.kind, unwanted))
    new = int((log.time[targets] > base.watermark.time).sum())
    late = int((log.time[targets] > log.time.max() - terms.days * _DAY_MS).sum()) if len(targets) else 0
    held = min(new // 2, late)
    cut = int(targets[len(targets) - held]) if held else len(log.time)
    return max(cut, len(log.time) - most) if most else cut


def plan_of(base: Bundle, terms: Terms) -> Plan:
    """The defaults; whether users take items again is the serving bundle's."""
    return Plan(seed=terms.seed, repeats="kept" if base.repeats else "never")


def train(
    night: Night, begun: Begun, base: Bundle, held: Held, items: Sequence[Item], shelf: Shelf, plan: Plan, tell: Tell
) -> Trained:
    """Train, and put the candidate on the shelf, where it stays in any case; one that is there already is taken."""
    started, log = time.monotonic(), held.log
    cut = cut_of(log, base, begun.terms, begun.terms.held_out if begun.bounded else 0)
    there = next((version for version in shelf.versions() if version.startswith(f"{night.name}-")), None)
    bundle = shelf.load(there) if there else _trained(night, begun, base, log.part(0, cut), items, plan, tell)
    version = there or shelf.add(bundle)
    checkpoint.remove(night.url)
    guard = bundle.metrics.get("fine_tune", {}) if begun.how == FINE_TUNE else {}
    return Trained(
        version=version,
        learned=cut,
        until=bundle.watermark.time,
        held_out=len(log.time) - cut,
        seconds=round(time.monotonic() - started, 1),
        guard=guard,
        size=sum(map(len, pack(bundle).values())),
        share=held.share,
    )


def _trained(
    night: Night, begun: Begun, base: Bundle, log: Log, items: Sequence[Item], plan: Plan, tell: Tell
) -> Bundle:
    if begun.how == SCRATCH:
        bundle = train_on(log, items, plan, tell, night.url, begun.time)
    else:
        bundle = fine_tune(base, log, items, plan, tell, begun.time, night.url)
    said = {"name": night.name, "how": begun.how, "base": base.version, "asked": begun.asked}
    return replace(bundle, metrics={**bundle.metrics, "night": said})
