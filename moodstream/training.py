"""Training from a file or the lake, with a bar that tells the loss and the time left, onto the shelf."""

from collections.abc import Sequence
from pathlib import Path

from batch import log as logs
from batch.catalogue import catalogue_of
from batch.dataset import read_events, read_items
from batch.log import Log
from batch.train import Plan, Progress, train_on
from contracts.errors import Misconfigured
from contracts.events import Interaction, ItemEvent, MoodEvent
from contracts.settings import Settings
from model.items import Item
from model.shelf import Shelf
from moodstream.console import bar, say
from moodstream.publishing import measured
from online.lake.read import read_table, to_training

_STEPS = 1000


def train_on_file(settings: Settings, events: Path, items: Path, *, share: float, seed: int, resume: bool) -> str:
    """Train on the first `share` of a file's events in time; returns the version on the shelf."""
    found = read_events(events)
    part = found[: int(share * len(found))]
    return train_on_events(settings, part, read_items(items), seed=seed, resume=resume)


def train_on_events(
    settings: Settings,
    events: Sequence[Interaction | MoodEvent],
    items: Sequence[ItemEvent],
    *,
    seed: int = 0,
    resume: bool = False,
) -> str:
    """Train on these events in their order; returns the version on the shelf."""
    return _train(settings, logs.of_events(events), catalogue_of(items), seed=seed, resume=resume)


def train_on_lake(settings: Settings, *, seed: int, resume: bool) -> str:
    """Train on everything that the stream has written to the lake, over the current bundle's catalogue."""
    shelf = Shelf(settings.bundles_url)
    current = shelf.current()
    if current is None:
        raise Misconfigured(
            "the catalogue comes from the current bundle, and none is published yet: "
            "moodstream train --events FILE --items FILE"
        )
    table = to_training(read_table(settings.lake_url, settings.namespace))
    return _train(settings, logs.of_table(table), shelf.load(current).catalogue, seed=seed, resume=resume)


def _train(settings: Settings, log: Log, items: Sequence[Item], *, seed: int, resume: bool) -> str:
    checkpoints = settings.home / "checkpoints" if resume else None
    with bar("training", _STEPS, "‰") as told:

        def tell(progress: Progress) -> None:
            whole = progress.seconds + progress.left
            done = int(_STEPS * progress.seconds / whole) if whole else 0
            where = f"{progress.phase} epoch {progress.epoch + 1}"
            told(done, f"loss {progress.loss:.3f}, {where}, {progress.left:.0f} s left")

        bundle = train_on(log, items, Plan(seed=seed), tell, checkpoints)
    version = Shelf(settings.bundles_url).add(bundle)
    say(f"bundle {version}: {len(items):,} items; on the tail that was held out: {measured(bundle)}")
    return version
