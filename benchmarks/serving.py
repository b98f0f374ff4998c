"""How long answers take at a constant rate, beside a bare FastAPI: `python -m benchmarks.serving`.

Kafka, Redis, a worker that learns so many clicks a second, two processes of the API and two that only say hello, all
on this machine. A process of its own asks the API for 20 items of a user, then the bare one for its hello, and so on
in turn, each request when it is due (open loop: latency counts from then). Reported: percentiles of both, their
ratio, the highest rate of each with its p99 below 50 ms, and who took which part of the cores meanwhile.
"""

import argparse
import json
import math
import multiprocessing
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.generator import Generator, Heard, Plan, figures, percentiles
from benchmarks.load import Load
from benchmarks.machine import between, look, starved
from benchmarks.made_up import World, world
from benchmarks.stage import Stage, arguments, staged, world_of
from benchmarks.top_rate import top_rate
from moodstream.console import say
from moodstream.written import write_json

ASKED: Final = "/v1/recommendations?user_id={user}&n=20"
TOP_P99_MS: Final = 50.0
"""What the top rate must hold."""
ITEM, WHOLE = b'"item_id"', b'"degraded":[]'
_MARKS: Final = (ITEM, WHOLE)
_TOP_S: Final = 6.0


@dataclass
class Side:
    """One of the two that are set side by side, and what was heard of it."""

    name: str
    """Of its processes."""
    plan: Plan
    heard: list[Heard] = field(default_factory=list)
    cores: list[dict[str, float]] = field(default_factory=list)
    starved: list[dict[str, float]] = field(default_factory=list)

    @property
    def cpu_ms(self) -> list[float]:
        """Of its processes for each good answer, with what they do by themselves and what turning others away costs."""
        pairs = zip(self.heard, self.cores, strict=True)
        return [1000 * cores[self.name] * one.seconds / max(1, one.good) for one, cores in pairs]

    def said(self) -> dict[str, Any]:
        """All runs as one, the p99 of each, and the mean share of the cores."""
        latency = np.concatenate([one.latency_ms for one in self.heard])
        good = sum(one.good for one in self.heard)
        marks = {mark: sum(one.marks.get(mark, 0) for one in self.heard) for mark in self.plan.marks}
        runs = [figures(one) for one in self.heard]
        return {
            **percentiles(latency),
            "p99_ms_of_good": percentiles(latency[np.isfinite(latency)]).get("p99_ms", math.inf),
            "p99_ms_each": [run["p99_ms"] for run in runs],
            "asked": len(latency),
            "good": good,
            "statuses": _summed([one.statuses for one in self.heard]),
            "broken": sum(one.broken for one in self.heard),
            "unanswered": sum(one.unanswered for one in self.heard),
            "items_an_answer": round(marks.get(ITEM, 0) / max(1, good), 2),
            "whole_share": round(marks.get(WHOLE, 0) / max(1, good), 4),
            "generator_cores": round(statistics.mean(one.cpu_share for one in self.heard), 3),
            "generator_late_p99_ms": max(run["generator_late_p99_ms"] for run in runs),
            "cpu_ms_an_answer": round(statistics.median(self.cpu_ms), 3),
            "cpu_ms_each": [round(one, 3) for one in self.cpu_ms],
            "cores": _means(self.cores),
            "starved": _means(self.starved),
        }


def _means(of: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: round(statistics.mean(one[name] for one in of), 3) for name in of[0]}


def _summed(counts: Sequence[dict[int, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in counts:
        for status, times in one.items():
            found[str(status)] = found.get(str(status), 0) + times
    return found


def sides(stage: Stage, rate: float, seconds: float) -> tuple[Side, Side]:
    """The product and the bare one."""
    product = Plan(stage.apis, stage.requests(ASKED), seconds, rate, marks=_MARKS)
    bare = product._replace(addresses=stage.hellos, requests=stage.requests("/hello"), marks=())
    return Side("serve", product), Side("hello", bare)


def run(stage: Stage, generator: Generator, side: Side) -> Heard:
    """One run of one side, when the stream has caught up."""
    stage.settle()
    beside = [one.pid for one in multiprocessing.active_children() if one.pid and one.pid != generator.pid]
    processes = {**stage.processes(), "generator": [generator.pid], "clicks": beside}
    first = look(processes)
    heard = generator.run(side.plan)
    side.heard.append(heard)
    last = look(processes)
    side.cores.append(between(first, last))
    side.starved.append(starved(first, last))
    return heard


def in_turn(
    stage: Stage, generator: Generator, rate: float, seconds: float, repeats: int, warm_s: float
) -> dict[str, Any]:
    """A, B, A, B …, after a run of each that doesn't count."""
    both = dict(zip(("api", "hello"), sides(stage, rate, seconds), strict=True))
    for side in both.values():
        generator.run(side.plan._replace(seconds=warm_s, rate=min(rate, 50.0)))
    for number in range(repeats):
        for name, side in both.items():
            shown = figures(run(stage, generator, side))
            say(f"{number + 1}/{repeats} {name}: p50 {shown['p50_ms']}, p99 {shown['p99_ms']} ms, {shown['statuses']}")
    api, hello = (side.said() for side in both.values())
    each = [ours / bare for ours, bare in zip(api["p99_ms_each"], hello["p99_ms_each"], strict=True)]
    return {
        "api": api,
        "hello": hello,
        "p99_ratio": round(api["p99_ms"] / hello["p99_ms"], 2),
        "p99_ratio_each": [round(one, 2) for one in each],
        "p99_ratio_median": round(statistics.median(each), 2),
    }


def top_rates(stage: Stage, generator: Generator, start: float, seconds: float) -> dict[str, float]:
    """The highest rates with p99 < 50 ms; what has no good answer counts as endless."""
    found = {}
    for name, side in zip(("api", "hello"), sides(stage, start, seconds), strict=True):

        def holds(rate: float, name: str = name, plan: Plan = side.plan) -> bool:
            stage.settle()
            said = figures(generator.run(plan._replace(rate=rate)))
            say(
                f"{name} at {rate:,.0f}/s: p99 {said['p99_ms']} ms, {said['statuses']}, {said['unanswered']} unanswered"
            )
            return bool(said.get("p99_ms", math.inf) < TOP_P99_MS)

        found[name] = round(top_rate(holds, start), 1)
    return {
        "api_per_s": found["api"],
        "hello_per_s": found["hello"],
        "ratio": round(found["api"] / max(found["hello"], 1e-9), 3),
    }


def measure(chosen: argparse.Namespace, its: World) -> dict[str, Any]:
    """Set the stage, measure, and say all figures."""
    said: dict[str, Any] = {
        "rate_per_s": chosen.rate,
        "seconds": chosen.seconds,
        "repeats": chosen.repeats,
        "items": len(its.bundle.catalogue),
        "processes": chosen.processes,
        "clicks_per_s": chosen.clicks,
    }
    with (
        staged(its, chosen.home, servers=chosen.processes, hellos=chosen.processes) as stage,
        Generator() as generator,
        Load(stage.settings, stage.crowd, chosen.clicks) as load,
    ):
        if chosen.repeats:
            said |= in_turn(stage, generator, chosen.rate, chosen.seconds, chosen.repeats, chosen.warm_up)
        if chosen.top:
            said["top"] = top_rates(stage, generator, chosen.start, _TOP_S)
        said["lag_at_end"] = stage.lag()
        said["clicks"] = load.stop()._asdict()
    return said


def beside_larger(chosen: argparse.Namespace, smaller: dict[str, Any]) -> dict[str, Any]:
    """The same on a larger catalogue, and how many times as long answers take; the bare one's says how alike both are.

    Its bundle isn't the one given, for it has other items; its log is made up as well.
    """
    larger = measure(chosen, world(chosen.larger, chosen.users, chosen.warm))
    times = {name: larger[name]["p99_ms"] / smaller[name]["p99_ms"] for name in ("api", "hello")}
    return {
        "larger": larger,
        "p99_over_smaller": round(times["api"], 2),
        "hello_p99_over_smaller": round(times["hello"], 2),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    arguments(parser)
    parser.add_argument("--rate", type=float, default=500, help="requests a second")
    parser.add_argument("--seconds", type=float, default=10, help="of each run")
    parser.add_argument("--repeats", type=int, default=5, help="runs of each side")
    parser.add_argument("--warm-up", type=float, default=5, help="seconds of a run before them that doesn't count")
    parser.add_argument("--processes", type=int, default=2, help="of the API and of the bare one")
    parser.add_argument("--clicks", type=float, default=1000, help="a second that the stream learns beside it")
    parser.add_argument("--top", action="store_true", help="also look for the highest rates with p99 < 50 ms")
    parser.add_argument("--start", type=float, default=250, help="the rate at which that search begins")
    parser.add_argument("--larger", type=int, help="the same again with a made-up catalogue of so many items")
    parser.add_argument("--json", type=Path, help="where the figures go")
    chosen = parser.parse_args()
    said = measure(chosen, world_of(chosen))
    if chosen.larger:
        said |= beside_larger(chosen, said)
    print(json.dumps(said, indent=2))
    write_json(chosen.json, said)


if __name__ == "__main__":
    main()
