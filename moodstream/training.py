"""Training from a file or the lake, with a bar that tells the loss and the time left, onto the shelf."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from batch.catalogue import catalogue_of
from batch.dataset import read_events, read_items
from batch.fine_tune import fine_tune
from batch.lake_log import drawn, log_of
from batch.log import Log, of_events
from batch.plan import DEFAULT, MOST, Plan
from batch.progress import Tell
from batch.replay import in_order
from batch.train import train_on
from batch.world import world_of
from contracts.errors import Misconfigured
from contracts.events import Interaction, ItemEvent, MoodEvent
from contracts.settings import Settings
from model.bundle import Bundle
from model.items import Item
from model.shelf import Shelf
from moodstream.console import say
from moodstream.publishing import measured
from moodstream.training_bar import training_bar


def train_on_file(
    settings: Settings, events: Path, items: Path, *, share: float, plan: Plan, resume: bool, start: str | None
) -> str:
    """Train on the first `share` of a file's events in time, equal times shuffled; returns the version on the shelf."""
    found = in_order(read_events(events), plan.seed)
    part = found[: int(share * len(found))]
    return train_on_events(settings, part, read_items(items), plan=plan, resume=resume, start=start)


def train_on_events(
    settings: Settings,
    events: Sequence[Interaction | MoodEvent],
    items: Sequence[ItemEvent],
    *,
    plan: Plan = DEFAULT,
    resume: bool = False,
    start: str | None = None,
) -> str:
    """Train on these events in their order; returns the version on the shelf."""
    return _train(settings, of_events(events), catalogue_of(items), plan, resume, start)


def train_on_lake(settings: Settings, *, plan: Plan, resume: bool, start: str | None, hold: int = MOST) -> str:
    """Train on what the stream has written to the lake, over the current bundle's catalogue.

    Of more than `hold` events (0: no limit), on all that as many users did as fit.
    """
    shelf = Shelf(settings.bundles_url)
    current = shelf.current()
    if current is None:
        raise Misconfigured(
            "the catalogue comes from the current bundle, and none is published yet: "
            "moodstream train --events FILE --items FILE"
        )
    held = log_of(settings.lake_url, settings.namespace, most=hold)
    return _train(settings, held.log, shelf.load(current).catalogue, plan, resume, start, drawn(held.share))


def _train(
    settings: Settings,
    log: Log,
    items: Sequence[Item],
    plan: Plan,
    resume: bool,
    start: str | None,
    of_whom: str = "",
) -> str:
    """From scratch, or going on from the version `start`; of torchrun's processes the first one speaks and writes."""
    shelf = Shelf(settings.bundles_url)
    with world_of(plan) as world:
        if world.rank:
            return _made(settings, shelf, log, items, plan, resume, start, lambda progress: None).version
        say(f"{len(log.time):,} events{of_whom}")
        with training_bar() as tell:
            bundle = _made(settings, shelf, log, items, plan, resume, start, tell)
    version = shelf.add(bundle)
    say(f"bundle {version}: {len(items):,} items; {_found(bundle)}")
    return version


def _made(
    settings: Settings,
    shelf: Shelf,
    log: Log,
    items: Sequence[Item],
    plan: Plan,
    resume: bool,
    start: str | None,
    tell: Tell,
) -> Bundle:
    folder = settings.home / "checkpoints" if resume else None
    if start is None:
        return train_on(log, items, plan, tell, folder)
    bundle = shelf.load(start)
    plan = replace(plan, repeats="kept") if bundle.repeats else plan
    return fine_tune(bundle, log, items, plan, tell, folder=folder)


def _found(bundle: Bundle) -> str:
    tuned = bundle.metrics.get("fine_tune")
    if tuned is None:
        return f"on the tail that was held out: {measured(bundle)}"
    if not tuned["events"]:
        return f"the weights of {tuned['from']} stay: the log has no event that is newer than what it learned from"
    change = (
        f"NDCG@10 {tuned['before']:.3f} before, {tuned['after']:.3f} after, on the {tuned['events']:,} newest events"
    )
    if tuned["taken"]:
        return f"went on from {tuned['from']}: {change}"
    return f"the weights of {tuned['from']} stay, since going on made them worse: {change}"
