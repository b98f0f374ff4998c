"""An evaluation as a table of at most 100 columns, and the few sentences that go with it."""

from typing import Final

from rich.table import Table

from batch.evaluate import Evaluation
from batch.measures import Measure
from moodstream.console import console, say

_WIDE: Final = 100
_LISTS: Final = ("MRR@10", "cover", "diverse")


def show(found: Evaluation) -> None:
    """Print all that a person wants to know first; the report has the rest."""
    console.print(_table(found, console.width))
    for line in _sentences(found):
        say(line)


def _table(found: Evaluation, width: int) -> Table:
    """Of less width than 100, it says less."""
    title = f"{found.dataset}: {found.n_events:,} events of {found.n_users:,} users, {found.n_items:,} items"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    table.add_column("system", overflow="fold", min_width=16)
    for name in ("HR@10 ±95%", "NDCG@10 ±95%", *(_LISTS if width >= _WIDE else ()), "whole's NDCG is more by"):
        table.add_column(name, justify="right", no_wrap=True)
    for system, means in found.systems.items():
        ends = found.intervals[system]
        more = _difference(found.gained[system]["ndcg@10"]) if system in found.gained else ""
        cells = [_cell(means[name], *ends[name]) for name in ("hr@10", "ndcg@10")]
        lists = [f"{means['mrr@10']:.4f}", f"{means['coverage@10']:.2f}", f"{means['diversity@10']:.2f}"]
        table.add_row(system, *cells, *(lists if width >= _WIDE else ()), more)
    return table


def _sentences(found: Evaluation) -> list[str]:
    cost = found.diversity_cost["ndcg@10"]
    parts = [f"{stage.stage} {found.systems[stage.system]['ndcg@10']:.4f}" for stage in found.freshness]
    known = [
        f"{name} {group.systems['whole']['ndcg@10']:.4f} ({group.n_events:,})"
        for name, group in found.groups["known"].items()
    ]
    return [
        f"what freshness is made of, NDCG@10: {'; '.join(parts)}",
        f"whole, NDCG@10 (events): {'; '.join(known)}",
        f"the item was among all candidates in {found.candidates.recall:.1%}, among the first 200 in "
        f"{found.candidates.recall_at_200:.1%}; diversity costs {_difference(cost)} NDCG@10",
        f"{found.new_users:.0%} of the events are by users who are new since the split; {found.protocol}",
    ]


def _cell(mean: float, low: float, high: float) -> str:
    return f"{mean:.4f} {_short((high - low) / 2, '±')}"


def _difference(one: Measure) -> str:
    return f"{one.mean:+.4f} [{_short(one.low)},{_short(one.high)}]"


def _short(value: float, sign: str = "") -> str:
    """Without the 0 before the point."""
    return (sign or f"{value:+.4f}"[0]) + f"{abs(value):.4f}".removeprefix("0")
