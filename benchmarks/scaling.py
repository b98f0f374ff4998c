"""A day and a burst through the autoscalers, as the manifests are: `make simulate-scaling` (ARGS="--events 8000").

Nothing runs: what is simulated are Kubernetes' and KEDA's formulae with the targets, windows, policies and bounds of
the overlay that `kubectl kustomize` renders, and workers and API replicas of the measured capacities. The page draws
load, replicas, lag and latency; the exit code is 1 where one of the promises below doesn't hold.
"""

import argparse
import shutil
import sys
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final, NamedTuple

from batch.evaluate.page import document
from benchmarks.autoscaler import read, turns
from benchmarks.day import NOON
from benchmarks.scaled import STEP_S, Day, serving, stream
from moodstream.console import say
from moodstream.drift.chart import Line, Moment, chart
from moodstream.size.coefficients import MEASURED
from moodstream.size.need import answer_ms
from moodstream.size.plan import PACKED
from moodstream.size.prices import LIST, SAID
from moodstream.written import write, write_json
from tests.deploy.rendered import named, of_kind

FLAPPING_S: Final = 900
WAIT_S: Final = 60.0
"""Of an event: the alert MoodstreamLag rings where more waits than is learned in a minute."""
BACK_S: Final = 300
REFUSED: Final = 0.001
"""Of a day's requests, in a burst that pods come too late for."""
_DRAWN: Final = 12
"""Steps that are drawn as one point: a minute."""


class Promise(NamedTuple):
    """What must hold of the day."""

    said: str
    found: str
    holds: bool


class Simulated(NamedTuple):
    """Both programs' day."""

    partitions: int
    stream: Day
    serving: Day


def simulate(overlay: str, events: float, requests: float, items: float) -> Simulated:
    """A day with these means a second."""
    us, per_s = MEASURED["worker_us"].value, MEASURED["worker_per_s"].value
    partitions = partitions_of(of_kind(overlay, "ConfigMap"))
    workers, api = (read(named(overlay, "ScaledObject", name)) for name in ("stream", "serving"))
    return Simulated(
        partitions, stream(workers, partitions, events, us, per_s), serving(api, requests, answer_ms(items, MEASURED))
    )


def partitions_of(maps: Sequence[Mapping[str, Any]]) -> int:
    """What the programs' settings say."""
    (found,) = {one["data"]["MOODSTREAM_PARTITIONS"] for one in maps if "MOODSTREAM_PARTITIONS" in one.get("data", {})}
    return int(found)


def promises(found: Simulated) -> list[Promise]:
    """What is asserted, in tests as in each run."""
    workers, api = found.stream, found.serving
    most, back = max(workers.replicas), workers.back_within_s(WAIT_S)
    flaps = {name: len(turns(day.changes, FLAPPING_S)) for name, day in (("workers", workers), ("API", api))}
    refused = sum(api.lag) / sum(api.load)
    return [
        Promise(
            f"no change is taken back within {FLAPPING_S // 60} minutes",
            ", ".join(f"{name} {count} times" for name, count in flaps.items()),
            not any(flaps.values()),
        ),
        Promise(
            f"within {BACK_S // 60} minutes after the burst no event waits a minute",
            f"{back} s after; {max(workers.latency_s):.0f} s at the worst",
            back <= BACK_S,
        ),
        Promise("never more workers than partitions", f"{most} of {found.partitions}", most <= found.partitions),
        Promise(f"at most {REFUSED:.1%} of the requests are refused", f"{refused:.3%}", refused <= REFUSED),
    ]


def cost(day: Day) -> float:
    """US dollars, nodes that are filled by so much included."""
    return day.replica_hours * PACKED * LIST["cpu_hour"]


def page(found: Simulated, title: str) -> str:
    """The whole file."""
    rows = "".join(
        f"<tr><td>{escape(one.said)}</td><td>{'holds' if one.holds else 'DOES NOT HOLD'}</td>"
        f"<td>{escape(one.found)}</td></tr>"
        for one in promises(found)
    )
    figures = [
        (f"${cost(day):.2f}", f"the day's {name}: {day.replica_hours:.0f} replica hours, least {min(day.replicas)}, "
         f"most {max(day.replicas)}")
        for name, day in (("workers", found.stream), ("API", found.serving))
    ]  # fmt: skip
    told = "".join(f'<div class="figure"><b>{value}</b><span>{escape(what)}</span></div>' for value, what in figures)
    parts = [
        f"<h1>{escape(title)}</h1><p>0 to 24 o'clock; the line at noon is the burst, {NOON.times:g} times the load for "
        f'{NOON.lasts_s // 60} minutes.</p><div class="figures">{told}</div>',
        f'<div class="wide"><table>{rows}</table></div><p class="small">{escape(SAID)}</p>',
        *_charts("Stream workers", found.stream, ("events a second", "events that wait", "s that an event waits")),
        *_charts("API", found.serving, ("requests a second", "requests a second refused", "s of an answer, p99")),
    ]
    return document(title, parts)


def _charts(name: str, day: Day, said: tuple[str, str, str]) -> list[str]:
    named_values: list[tuple[str, Sequence[float]]] = [
        (said[0], day.load),
        ("replicas that are wanted", day.replicas),
        (said[1], day.lag),
        (said[2], day.latency_s),
    ]
    moment = [Moment(NOON.at_s, "best", "the burst")]
    parts = [f"<h2>{escape(name)}</h2>"]
    for what, values in named_values:
        line = Line(*_thinned(values))
        parts.append(f'<p class="small">{escape(what)}</p>{chart([line], moment, (0, len(values) * STEP_S))}')
    return parts


def _thinned(values: Sequence[float]) -> tuple[list[int], list[float]]:
    """The most of each minute."""
    starts = range(0, len(values), _DRAWN)
    return [at * STEP_S for at in starts], [max(values[at : at + _DRAWN]) for at in starts]


def main() -> None:
    """Simulate, tell, draw."""
    parser = argparse.ArgumentParser(prog="make simulate-scaling ARGS=…", description=__doc__)
    parser.add_argument("--overlay", default="production", choices=("production", "staging", "self-hosted"))
    parser.add_argument("--events", type=float, default=3_000, help="a second, the day's mean")
    parser.add_argument("--requests", type=float, default=300, help="a second, the day's mean")
    parser.add_argument("--items", type=float, default=10_000, help="in the catalogue")
    parser.add_argument("--out", type=Path, default=Path("scaling.html"), help="where the page goes")
    parser.add_argument("--json", type=Path, help="where the figures go")
    chosen = parser.parse_args()
    if not shutil.which("kubectl"):
        sys.exit("the manifests are rendered by kubectl, which isn't here: install it (any version from 1.27)")
    found = simulate(chosen.overlay, chosen.events, chosen.requests, chosen.items)
    held = promises(found)
    for one in held:
        say(f"{'holds' if one.holds else 'DOES NOT HOLD'}: {one.said} ({one.found})")
    for name, day in (("workers", found.stream), ("API replicas", found.serving)):
        say(
            f"{name}: {min(day.replicas)} to {max(day.replicas)}, {len(day.changes)} changes, "
            f"{day.replica_hours:.0f} replica hours, ${cost(day):.2f} the day"
        )
    title = f"A day at {chosen.events:,.0f} events and {chosen.requests:,.0f} requests a second: {chosen.overlay}"
    write(chosen.out, page(found, title).encode())
    write_json(chosen.json, [one._asdict() for one in held])
    sys.exit(0 if all(one.holds for one in held) else 1)


if __name__ == "__main__":
    main()
