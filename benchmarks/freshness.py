"""How long from an acknowledged event to a changed answer: `make bench-freshness`.

On the running stack (or one it brings up as the demo does), N times: a user of the data likes an item through the API;
another process asks for that user's top 10 every 2 ms, without a token, until an answer's watermark covers the event's
offset. Measured from the receipt of the 202 to the receipt of that answer. The baseline: the bare round trip
of one answer, below which no freshness can be. With `--load 2000`, so many clicks a second are learned meanwhile.
"""

import argparse
import json
import multiprocessing
import random
import statistics
import time
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from benchmarks.load import Load, Sent, crowd
from contracts import settings as configuration
from contracts.events import Interaction
from moodstream.client import Client
from moodstream.console import bar, say
from moodstream.local.running import running
from moodstream.prepare import Prepared, prepare

GOAL_P99_MS = 100.0
GOAL_P99_MS_LOADED = 250.0
GOAL_CHANGED = 0.95


class Try(NamedTuple):
    """One like and what came of it; times in milliseconds."""

    waited: float
    round_trip: float
    changed: bool


def watch(address: str, token: str, inbox: "Connection[Any, Any]") -> None:
    """The other process: gets (user, placed, the top 10 before), asks until it's covered, tells when that was."""
    with Client(address, token) as client:
        client.recommend("nobody")
        inbox.send("ready")
        while (asked := inbox.recv()) is not None:
            user, placed, before = asked
            answer, _ = client.until_changed(user, placed)
            inbox.send((time.monotonic(), [item.item_id for item in answer.items] != before))


def measure(client: Client, inbox: "Connection[Any, Any]", data: Prepared, rng: random.Random) -> Try:
    """One like by a user picked at random, of an item picked at random from further down the user's list."""
    user = rng.choice(data.events).user_id
    began = time.monotonic()
    before = client.recommend(user, 60)
    round_trip = time.monotonic() - began
    liked = rng.choice(before.items[10:] or before.items)
    event = Interaction(
        event_id=uuid.uuid4().hex, time=int(time.time() * 1000), user_id=user, item_id=liked.item_id, kind="like"
    )
    (placed,) = client.post([event])
    acknowledged = time.monotonic()
    inbox.send((user, placed, [item.item_id for item in before.items[:10]]))
    seen, changed = inbox.recv()
    return Try(1000 * (seen - acknowledged), 1000 * round_trip, changed)


def report(tries: Sequence[Try], beside: Sent | None) -> dict[str, object]:
    """Percentiles in milliseconds, the share of tries in which the top 10 changed, and what was learned beside them."""
    waited = sorted(one.waited for one in tries)
    trip = statistics.median(one.round_trip for one in tries)
    return {
        "tries": len(tries),
        "p50_ms": round(statistics.median(waited), 1),
        "p90_ms": round(waited[int(0.90 * (len(waited) - 1))], 1),
        "p99_ms": round(waited[int(0.99 * (len(waited) - 1))], 1),
        "max_ms": round(waited[-1], 1),
        "round_trip_p50_ms": round(trip, 1),
        "p50_over_round_trip": round(statistics.median(waited) / trip, 2),
        "changed": sum(one.changed for one in tries) / len(tries),
        "clicks_per_s": round(beside.per_s) if beside else 0,
        "goal_p99_ms": GOAL_P99_MS_LOADED if beside else GOAL_P99_MS,
        "goal_changed": GOAL_CHANGED,
    }


def main() -> None:
    """Bring the stack up, measure, print."""
    parser = argparse.ArgumentParser(prog="make bench-freshness ARGS=…", description=__doc__)
    parser.add_argument("--tries", type=int, default=200)
    parser.add_argument("--load", type=float, default=0.0, help="clicks a second that are learned meanwhile")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON only")
    chosen = parser.parse_args()
    settings = configuration.read()
    rng = random.Random(chosen.seed)
    ours, theirs = multiprocessing.Pipe()
    with running(settings, say) as stack:
        data = prepare(stack.settings, stack.topic_ids, stack.start_workers)
        asker = multiprocessing.get_context("spawn").Process(
            target=watch, args=(stack.api, settings.api_token, theirs), daemon=True
        )
        asker.start()
        ours.recv()
        with ExitStack() as opened:
            client = opened.enter_context(Client(stack.api, settings.api_token))
            load = opened.enter_context(Load(stack.settings, crowd(data), chosen.load)) if chosen.load else None
            told = opened.enter_context(bar("measuring", chosen.tries, "likes"))
            tries = []
            for number in range(chosen.tries):
                tries.append(measure(client, ours, data, rng))
                told(number + 1, f"{tries[-1].waited:.0f} ms")
            sent = load.stop() if load else None
        ours.send(None)
        asker.join(timeout=5)
    figures = report(tries, sent)
    print(json.dumps(figures, indent=None if chosen.json else 2))


if __name__ == "__main__":
    main()
