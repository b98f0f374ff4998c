"""`publish`, `rollback` and `bundles`: which bundle users are on."""

import msgspec
from rich.table import Table

from contracts.errors import BundleRejected, Misconfigured
from contracts.rollout import Rollout
from contracts.settings import Settings
from model.bundle import Bundle
from model.shelf import Shelf
from moodstream.console import console, say
from online import publish as publishing


def publish_version(settings: Settings, version: str, *, share: float = 1.0) -> None:
    """Put a share of the users on a bundle; less than all need a current one for the rest."""
    shelf = Shelf(settings.bundles_url)
    rollout = Rollout(version)
    if share < 1:
        current = shelf.current()
        if current is None:
            raise Misconfigured("a canary needs a current bundle for the other users: publish one to all first")
        rollout = Rollout(current, canary=version, share=share)
    publishing.publish(settings, shelf, rollout)
    say(
        f"published {version}" + (f" to {share:.0%} of users" if share < 1 else "") + ": stream and serving change over"
    )


def roll_back(settings: Settings) -> None:
    """End a canary, or else take all users back to the bundle that was current before."""
    say(f"back on {publishing.rollback(settings, Shelf(settings.bundles_url))}")


def print_bundles(settings: Settings, *, as_json: bool) -> None:
    """Every bundle on the shelf with what it measured."""
    shelf = Shelf(settings.bundles_url)
    current = shelf.current()
    rows = [_row(shelf, version, current) for version in shelf.versions()]
    if as_json:
        print(msgspec.json.encode(rows).decode())
        return
    if not rows:
        say(f"no bundle in {shelf.url}: moodstream train makes one")
        return
    table = Table(box=None, pad_edge=False)
    for name in rows[0]:
        table.add_column(name)
    for row in rows:
        table.add_row(*map(str, row.values()))
    console.print(table)


def measured(bundle: Bundle) -> str:
    """What the bundle did on the tail that was held out while it was trained."""
    tail = bundle.metrics.get("tail", {})
    return ", ".join(f"{name} {value:.3f}" for name, value in tail.items() if isinstance(value, float))


def _row(shelf: Shelf, version: str, current: str | None) -> dict[str, object]:
    marked = "current" if version == current else ""
    try:
        bundle = shelf.load(version)
    except BundleRejected as error:
        return {"version": version, "current": marked, "items": "", "events": "", "measured": f"damaged: {error}"}
    return {
        "version": version,
        "current": marked,
        "items": len(bundle.catalogue),
        "events": bundle.watermark.count,
        "measured": measured(bundle),
    }
