"""Whether memory, lag and latency stay flat at half of the top speed: `make soak` (ARGS="--minutes 20").

On a stack that it brings up as the demo does: first the top speed, by a burst of events; then, for so many minutes,
half as many a second (`--share`), of the data's users and items. Every two seconds it looks at the memory of worker and
API, at the lag of the stream, at how long an answer takes, and at how long an acknowledged click takes to be learned
and to be in an answer. The page draws each minute's mean with its least and most; the verdict sets the last quarter
beside the second (the first warms up).
"""

import argparse
import asyncio
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final

import psutil  # type: ignore[import-untyped, unused-ignore]

from batch.evaluate.charts import Point, Series, groups_chart
from batch.evaluate.page import document, legend
from benchmarks.load import Crowd, Load, Sent, clicks, crowd
from contracts import settings as configuration
from contracts.errors import Unavailable
from contracts.events import Interaction
from contracts.settings import Settings
from contracts.sharding import user_shard
from moodstream.client import Client
from moodstream.console import bar, say
from moodstream.local.running import heartbeats, running
from moodstream.prepare import prepare
from moodstream.sending import send_and_learn
from moodstream.written import write, write_json
from online.store.protocol import Store
from online.store.redis import connect

BURST: Final = 20_000
LOOK_S: Final = 2.0
ASK_S: Final = 0.002
PATIENCE_S: Final = 30.0
PROCESSES: Final = {"stream": "moodstream stream", "serve": "moodstream serve"}
"""Name → what its command line holds."""
LATENCIES: Final = ("answer ms", "learned ms", "fresh ms")
STYLES: Final = ("whole", "best", "batch")
CHARTS: Final = (
    ("Memory of the stream worker and the API", ("stream MB", "serve MB"), "MB"),
    ("Lag", ("lag",), "events not yet learned"),
    ("Latency", LATENCIES, "ms, of one answer, and from a click's acknowledgement to its being learned and answered"),
)

Looks = Mapping[str, list[tuple[float, float]]]
"""Name → (seconds since the start, value)."""


async def look(store: Store, client: Client, click: Interaction) -> dict[str, float]:
    """One look at everything; memory in MB, times in ms.

    Whether the click is learned is asked of the store, for asking the API again and again would be a load by itself,
    the heavier the longer it takes.
    """
    found = {f"{name} MB": megabytes(part) for name, part in PROCESSES.items()}
    found["lag"] = float(sum(beat.end - beat.position for beat in await store.heartbeats()))
    began = time.monotonic()
    client.recommend(click.user_id)
    found["answer ms"] = 1000 * (time.monotonic() - began)
    (placed,) = client.post([click])
    began = time.monotonic()
    await until_learned(store, user_shard(click.user_id), placed.offset)
    found["learned ms"] = 1000 * (time.monotonic() - began)
    client.until_changed(click.user_id, placed)
    found["fresh ms"] = 1000 * (time.monotonic() - began)
    return found


async def until_learned(store: Store, shard: int, offset: int) -> None:
    """Returns when the shard has taken the event in; raises `Unavailable` when it doesn't."""
    patience = time.monotonic() + PATIENCE_S
    while (await store.shards([shard]))[shard].watermark.offset < offset:
        if time.monotonic() > patience:
            raise Unavailable(f"a click was not learned within {PATIENCE_S:.0f} s: see logs/stream.log")
        await asyncio.sleep(ASK_S)


def megabytes(part: str) -> float:
    """Resident memory of our descendants with this in their command line."""
    bytes_of = 0
    for one in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # one that ends just now
            bytes_of += one.memory_info().rss if part in " ".join(one.cmdline()) else 0
    return bytes_of / 1e6


def drawn(looks: Looks, minutes: int) -> list[str]:
    """The charts, a point a minute."""
    parts = []
    for title, names, axis in CHARTS:
        styles = list(zip(STYLES, names, strict=False))
        series = [Series(name, style, by_minute(looks[name], minutes)) for style, name in styles]
        chart = groups_chart([str(minute + 1) for minute in range(minutes)], series, f"{axis}; by minute", joined=True)
        parts.append(f"<h2>{title}</h2>{legend(styles)}{chart}")
    return parts


def by_minute(one: Sequence[tuple[float, float]], minutes: int) -> list[Point]:
    """Mean, least and most of each minute; of one in which nobody could look, those of the one before."""
    found: list[Point] = []
    for minute in range(minutes):
        seen = [value for at, value in one if int(at // 60) == minute]
        found.append(Point(statistics.mean(seen), min(seen), max(seen)) if seen else found[-1])
    return found


def growth(looks: Looks, seconds: float) -> dict[str, float]:
    """Median of the last quarter over that of the second."""

    def median(name: str, start: float, stop: float) -> float:
        return statistics.median(value for at, value in looks[name] if start <= at / seconds < stop)

    return {
        name: round(median(name, 0.75, 1.1) / max(median(name, 0.25, 0.5), 1.0), 3) for name in looks if name != "lag"
    }


async def soak(
    settings: Settings, api: str, data: Crowd, rate: float, seconds: float, rng: random.Random
) -> tuple[Looks, Sent]:
    """Send, look, and stop."""
    looks: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    source = clicks(data, rng)
    store = connect(settings.redis or "", settings.namespace, cluster=settings.redis_cluster)
    try:
        with (
            Load(settings, data, rate) as load,
            Client(api, settings.api_token) as client,
            bar("soaking", round(seconds), "s") as told,
        ):
            began = time.monotonic()
            while (at := time.monotonic() - began) < seconds:
                for name, value in (await look(store, client, next(source))).items():
                    looks[name].append((at, value))
                told(round(at), f"lag {looks['lag'][-1][1]:.0f}, fresh {looks['fresh ms'][-1][1]:.0f} ms")
                await asyncio.sleep(LOOK_S)
            return looks, load.stop()
    finally:
        await store.close()


def spread(one: Sequence[tuple[float, float]]) -> dict[str, float]:
    """Median, 90th percentile and most."""
    seen = sorted(value for _, value in one)
    ninth = seen[int(0.9 * (len(seen) - 1))]
    return {"median": round(statistics.median(seen), 1), "p90": round(ninth, 1), "most": round(seen[-1], 1)}


def main() -> None:
    """Bring the stack up, find the top speed, soak, draw."""
    parser = argparse.ArgumentParser(prog="make soak ARGS=…", description=__doc__)
    parser.add_argument("--minutes", type=int, default=20)
    parser.add_argument("--share", type=float, default=0.5, help="of the top speed")
    parser.add_argument("--out", type=Path, default=Path("soak.html"), help="where the page goes")
    parser.add_argument("--json", type=Path, help="where the figures go")
    chosen = parser.parse_args()
    rng = random.Random(0)
    with running(configuration.read(), say) as stack:
        data = crowd(prepare(stack.settings, stack.topic_ids, stack.start_workers))
        burst = list(islice(clicks(data, rng), BURST))
        with bar("finding the top speed", BURST, "events") as told:
            top = send_and_learn(stack.settings, burst, lambda: heartbeats(stack.settings), told)
        rate, seconds = chosen.share * top, 60.0 * chosen.minutes
        say(f"top speed {top:,.0f} events a second; soaking at {rate:,.0f}")
        looks, sent = asyncio.run(soak(stack.settings, stack.api, data, rate, seconds, rng))
    grown = growth(looks, seconds)
    figures = {
        "top_per_s": round(top),
        "rate_per_s": round(rate),
        "minutes": chosen.minutes,
        "last_quarter_over_second": grown,
        **{name: spread(looks[name]) for name in ("lag", *LATENCIES)},
        "sender": sent._asdict(),
    }
    for name, value in figures.items():
        say(f"{name}: {value}")
    title = f"{chosen.minutes} minutes at {rate:,.0f} events a second"
    write(chosen.out, document(title, [f"<h1>{title}</h1>", *drawn(looks, chosen.minutes)]).encode())
    write_json(chosen.json, figures)


if __name__ == "__main__":
    main()
