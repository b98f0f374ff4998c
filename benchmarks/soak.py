"""Whether memory, lag and latency stay flat at half of the top speed: `make soak` (ARGS="--minutes 20").

On a stack that it brings up as the demo does: first the top speed, by a burst of events; then, for so many minutes,
half as many a second (`--share`), of the data's users and items. Every two seconds it looks at the memory of worker and
API, at the lag of the stream, at how long an answer takes, and at how long an acknowledged click takes to be in an
answer. The page draws each minute's mean with its least and most; the verdict sets the last quarter beside the second
(the first warms up).
"""

import argparse
import random
import statistics
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Final

import psutil  # type: ignore[import-untyped, unused-ignore]
from kafka import KafkaProducer

from batch.evaluate.charts import Point, Series, groups_chart
from batch.evaluate.page import document, legend
from contracts import events
from contracts import settings as configuration
from contracts.events import Interaction
from contracts.settings import Settings
from contracts.topics import EVENTS
from moodstream.client import Client
from moodstream.console import bar, say
from moodstream.local.running import heartbeats, running
from moodstream.prepare import Prepared, prepare
from moodstream.sending import send_and_learn
from moodstream.written import write, write_json

BURST: Final = 20_000
LOOK_S: Final = 2.0
_TICK_S: Final = 0.1
PROCESSES: Final = {"stream": "moodstream stream", "serve": "moodstream serve"}
"""Name → what its command line holds."""
CHARTS: Final = (
    ("Memory of the stream worker and the API", ("stream MB", "serve MB"), "MB"),
    ("Lag", ("lag",), "events not yet learned"),
    ("Latency", ("answer ms", "fresh ms"), "ms, of one answer, and from a click's acknowledgement to its answer"),
)

Looks = Mapping[str, list[tuple[float, float]]]
"""Name → (seconds since the start, value)."""


def clicks(data: Prepared, rng: random.Random) -> Iterator[Interaction]:
    """Clicks without end, by users and on items of the data, as of now."""
    while True:
        user, item = rng.choice(data.events).user_id, rng.choice(list(data.items))
        yield Interaction(
            event_id=uuid.uuid4().hex, time=int(time.time() * 1000), user_id=user, item_id=item, kind="click"
        )


def send_steadily(settings: Settings, source: Iterator[Interaction], rate: float, stopped: Event) -> None:
    """So many events a second until it is stopped, whatever becomes of them."""
    producer = KafkaProducer(bootstrap_servers=(settings.kafka or "").split(","), acks="all", linger_ms=5)
    topic, began, sent = EVENTS.full_name(settings.namespace), time.monotonic(), 0
    while not stopped.wait(_TICK_S):
        due = int((time.monotonic() - began) * rate)
        for _ in range(due - sent):
            event = next(source)
            producer.send(topic, events.encode(event), event.key.encode())
        sent = due
    producer.close()


def look(settings: Settings, client: Client, data: Prepared, rng: random.Random) -> dict[str, float]:
    """One look at everything; memory in MB, times in ms."""
    found = {f"{name} MB": megabytes(part) for name, part in PROCESSES.items()}
    found["lag"] = float(sum(beat.end - beat.position for beat in heartbeats(settings)))
    click = next(clicks(data, rng))
    began = time.monotonic()
    client.recommend(click.user_id)
    found["answer ms"] = 1000 * (time.monotonic() - began)
    (placed,) = client.post([click])
    _, found["fresh ms"] = client.until_changed(click.user_id, placed)
    return found


def megabytes(part: str) -> float:
    """Resident memory of our descendants with this in their command line."""
    mine = psutil.Process().children(recursive=True)
    return float(sum(one.memory_info().rss for one in mine if part in " ".join(one.cmdline())) / 1e6)


def drawn(looks: Looks, minutes: int) -> list[str]:
    """The charts, a point a minute."""
    parts = []
    for title, names, axis in CHARTS:
        styles = [("whole", names[0]), *(("best", name) for name in names[1:])]
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


def soak(settings: Settings, api: str, data: Prepared, rate: float, seconds: float, rng: random.Random) -> Looks:
    """Send, look, and stop."""
    looks: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    stopped = Event()
    sender = Thread(target=send_steadily, args=(settings, clicks(data, rng), rate, stopped))
    sender.start()
    began = time.monotonic()
    try:
        with Client(api, settings.api_token) as client, bar("soaking", round(seconds), "s") as told:
            while (at := time.monotonic() - began) < seconds:
                for name, value in look(settings, client, data, rng).items():
                    looks[name].append((at, value))
                told(round(at), f"lag {looks['lag'][-1][1]:.0f}, fresh {looks['fresh ms'][-1][1]:.0f} ms")
                time.sleep(LOOK_S)
    finally:
        stopped.set()
        sender.join()
    return looks


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
        data = prepare(stack)
        source = clicks(data, rng)
        with bar("finding the top speed", BURST, "events") as told:
            top = send_and_learn(
                stack.settings, [next(source) for _ in range(BURST)], lambda: heartbeats(stack.settings), told
            )
        rate, seconds = chosen.share * top, 60.0 * chosen.minutes
        say(f"top speed {top:,.0f} events a second; soaking at {rate:,.0f}")
        looks = soak(stack.settings, stack.api, data, rate, seconds, rng)
    grown = growth(looks, seconds)
    lags = [value for _, value in looks["lag"]]
    figures = {
        "top_per_s": round(top),
        "rate_per_s": round(rate),
        "minutes": chosen.minutes,
        "last_quarter_over_second": grown,
        "lag_median": statistics.median(lags),
        "lag_most": max(lags),
    }
    for name, value in figures.items():
        say(f"{name}: {value}")
    title = f"{chosen.minutes} minutes at {rate:,.0f} events a second"
    write(chosen.out, document(title, [f"<h1>{title}</h1>", *drawn(looks, chosen.minutes)]).encode())
    write_json(chosen.json, figures)


if __name__ == "__main__":
    main()
