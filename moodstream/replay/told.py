"""What a replay found, as a table and a few sentences."""

from rich.table import Table

from batch.measures import Measure
from moodstream.console import console, say
from moodstream.replay.found import Replayed
from moodstream.replay.when import span


def show(found: Replayed) -> None:
    """Print what a person wants to know first; the report has the rest."""
    say(
        f"{found.events:,} events, {span(found.first, found.last)}, {found.scored:,} of them foretold, "
        f"{found.refused:,} refused; {found.events_per_second:,.0f} a second, {found.asking:.0%} of it for answers"
    )
    if found.systems:
        console.print(_table(found))
    for bundle, one in found.click_rates.items():
        rate = f"{one.rate:.4f} [{one.low:.4f}, {one.high:.4f}]"
        say(
            f"of what {bundle} would show, {rate} would be taken (SNIPS; {one.effective:,.0f} effective of "
            f"{one.showings:,} showings, of which {one.logged:.4f} were){'; ' if one.warning else ''}{one.warning}"
        )
    for bundle, digest in found.state_digests.items():
        where = f" in {found.namespaces[bundle]}" if bundle in found.namespaces else ""
        say(f"final state of {bundle}{where}: {digest}")


def _table(found: Replayed) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("bundle", overflow="fold", min_width=16)
    for name in ("HR@10 ±95%", "NDCG@10 ±95%", "MRR@10", "NDCG@10 is more by"):
        table.add_column(name, justify="right", no_wrap=True)
    gained = {one.bundle: one.gained["ndcg@10"] for one in found.paired}
    for bundle, means in found.systems.items():
        cells = [_cell(means[name], *found.intervals[bundle][name]) for name in ("hr@10", "ndcg@10")]
        more = _difference(gained[bundle]) if bundle in gained else ""
        table.add_row(bundle, *cells, f"{means['mrr@10']:.4f}", more)
    return table


def _cell(mean: float, low: float, high: float) -> str:
    return f"{mean:.4f} ±{(high - low) / 2:.4f}"


def _difference(one: Measure) -> str:
    return f"{one.mean:+.4f} [{one.low:+.4f}, {one.high:+.4f}]"
