"""What `benchmarks.staleness` found: as lines of text, and as a page with a curve along the intervals."""

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import Final

import msgspec

from batch.evaluate.charts import WIDTH, Point, Row, Series, groups_chart, rows_chart
from batch.evaluate.page import document, legend
from batch.measures import Measure

NEVER, NIGHTLY, HOURLY, EVERY_EVENT = "never", "nightly", "1 h", "every event"
INTERVALS: Final = {NEVER: 0, NIGHTLY: 24 * 60, "5 h": 5 * 60, HOURLY: 60, "5 min": 5, EVERY_EVENT: 0}
"""How often serving is synchronised, and that in minutes."""
FINE_TUNED, BOTH = "nightly fine-tune", "both"
METRICS: Final = ("ndcg@10", "hr@10")
_KINDS: Final = {NEVER: "nothing since the split", FINE_TUNED: FINE_TUNED, EVERY_EVENT: EVERY_EVENT, BOTH: BOTH}
_HIGH: Final = 360
_STYLES: Final = ("whole", "best", "source", "batch", "ours")


class Lost(msgspec.Struct, frozen=True):
    """What one system reached, and how much that is less than with every event."""

    reached: dict[str, Measure]
    lost: dict[str, Measure]


class Found(msgspec.Struct, frozen=True):
    """What was found on one data set."""

    dataset: str
    n_events: int
    n_users: int
    days: float
    """From the first to the last scored event."""
    nights: int
    """On which the bundle was fine-tuned."""
    systems: dict[str, Lost]

    def share(self, name: str) -> Measure:
        """Of the NDCG@10 that is reached with every event."""
        whole = self.systems[EVERY_EVENT].reached["ndcg@10"].mean
        mean, low, high = self.systems[name].lost["ndcg@10"]
        return Measure(1 - mean / whole, 1 - high / whole, 1 - low / whole)


def table(found: Found) -> str:
    """The figures in lines of text."""
    lines = [f"{found.dataset}: {found.n_events:,} events of {found.n_users:,} users in {found.days} days"]
    lines.append(f"  {'synchronised':18} {'NDCG@10':>8} {'HR@10':>7}  less NDCG@10 than with every event")
    for name, one in found.systems.items():
        less = one.lost["ndcg@10"]
        said = f"  {less.mean:+.4f} [{less.low:+.4f}, {less.high:+.4f}]  {1 - found.share(name).mean:+.1%}"
        reached = [one.reached[metric].mean for metric in METRICS]
        lines.append(f"  {name:18} {reached[0]:8.4f} {reached[1]:7.4f}{'' if name == EVERY_EVENT else said}")
    return "\n".join([*lines, f"  {headline(found)}"])


def headline(found: Found) -> str:
    """What the first hour costs, in words."""
    return f"an hour of staleness costs {1 - found.share(HOURLY).mean:.1%} of NDCG@10"


def page(found: Sequence[Found]) -> str:
    """One file that needs nothing else."""
    parts = [
        "<h1>What an hour of staleness costs</h1>",
        "<p>The same events foretold from states and counts as they were synchronised last. 1 is what is reached when "
        "every event counts at once; intervals are of the paired difference, 95%, users drawn again.</p>",
        legend([(style, one.dataset) for one, style in zip(found, _STYLES, strict=False)]),
        curve(found),
        *[part for one in found for part in _learning(one)],
    ]
    return document("Moodstream: staleness", parts)


def curve(found: Sequence[Found]) -> str:
    """Along the intervals, the share of the quality that is left."""
    series = [
        Series(one.dataset, style, [Point(*one.share(name)) for name in INTERVALS])
        for one, style in zip(found, _STYLES, strict=False)
    ]
    return groups_chart(list(INTERVALS), series, "NDCG@10 as a share of that with every event", joined=True)


def figure(found: Sequence[Found]) -> str:
    """The curve as one SVG that needs nothing else, with its legend."""
    style = files("batch.evaluate").joinpath("report.css").read_text()
    drawn = curve(found).partition(">")[2].removesuffix("</svg>")
    keys = "".join(
        f'<circle class="dot {style}" cx="{70 + 150 * place}" cy="12" r="5"/>'
        f'<text x="{82 + 150 * place}" y="16">{escape(one.dataset)}</text>'
        for place, (one, style) in enumerate(zip(found, _STYLES, strict=False))
    )
    size = f'width="{WIDTH}" height="{_HIGH}" viewBox="0 0 {WIDTH} {_HIGH}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{style} rect {{ fill: var(--paper); }}</style>'
        f'<rect width="100%" height="100%"/>{keys}<g transform="translate(0 34)">{drawn}</g></svg>\n'
    )


def _learning(one: Found) -> list[str]:
    rows = [
        Row(
            said,
            style,
            Point(*one.systems[name].reached["ndcg@10"]),
            f"{one.systems[name].reached['ndcg@10'].mean:.4f}",
        )
        for (name, said), style in zip(_KINDS.items(), ("batch", "ours", "whole", "whole"), strict=True)
    ]
    return [
        f"<h2>{escape(one.dataset)}: {escape(headline(one))}</h2>",
        f"<p>{one.n_events:,} events of {one.n_users:,} users in {one.days} days, fine-tuned in {one.nights} of the "
        "nights.</p>",
        rows_chart(rows, "NDCG@10"),
    ]
