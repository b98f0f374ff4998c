"""What `benchmarks.serving` found, as figures of `make bench`: answers at a constant rate beside a bare FastAPI."""

import math
from collections.abc import Mapping
from typing import Any, Final

from benchmarks.apart import said_by
from benchmarks.result import REPEATS, Measured
from moodstream.console import say

RATE: Final = 100.0
"""Requests a second that two cores can answer while they learn beside it; `--rate 500` of `benchmarks.serving` asks for
what a machine of more cores should hold."""
SECONDS: Final = 8.0
WARM: Final = 20_000
BARE: Final = "a bare FastAPI"
_SHARES: Final = ("p50_ms", "p90_ms", "p99_ms", "p99.9_ms")


def run(repeats: int = REPEATS, seconds: float = SECONDS, rate: float = RATE, warm: int = WARM) -> list[Measured]:
    """Raises `Unavailable` without figures."""
    given = {"--rate": rate, "--seconds": seconds, "--repeats": repeats, "--warm": warm}
    return measured(said_by("benchmarks.serving", given), rate)


def measured(said: Mapping[str, Any], rate: float) -> list[Measured]:
    """CPU time of an answer, which others' work hardly changes; latency only where nearly all had a good answer."""
    api, hello = said["api"], said["hello"]
    cpu = Measured(
        name="cpu of answers over bare fastapi",
        what=f"CPU ms of an answer at {rate:.0f} a second, beside a bare FastAPI's hello",
        unit="ms",
        better="lower",
        ours=api["cpu_ms_each"],
        beside=BARE,
        reference=hello["cpu_ms_each"],
        notes={
            "items an answer": api["items_an_answer"],
            "not degraded": api["whole_share"],
            "good": f"{api['good']} of {api['asked']}",
            **{f"cores, {name}": share for name, share in api["cores"].items()},
        },
    )
    each = [*api["p99_ms_each"], *hello["p99_ms_each"]]
    if any(one is None or not math.isfinite(one) for one in each):
        say(f"no p99 at {rate:.0f} a second: in some repeat more than 1 of 100 had no good answer, {api['statuses']}")
        return [cpu]
    return [_latency(api, hello, rate), cpu]


def _latency(api: Mapping[str, Any], hello: Mapping[str, Any], rate: float) -> Measured:
    return Measured(
        name="answers over bare fastapi",
        what=f"p99 of an answer at {rate:.0f} a second, beside a bare FastAPI's hello",
        unit="ms",
        better="lower",
        ours=api["p99_ms_each"],
        beside=BARE,
        reference=hello["p99_ms_each"],
        percentiles={"ours": _percentiles(api), BARE: _percentiles(hello)},
    )


def _percentiles(of: Mapping[str, float]) -> dict[str, float]:
    return {name.removesuffix("_ms"): of[name] for name in _SHARES if of.get(name) is not None}
