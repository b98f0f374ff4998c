"""The promises (SLOs) and the rules that see them broken: how fast each one's error budget burns, in two windows.

At 14.4 times the pace that thirty days allow 2% of it are gone in an hour, at 6 times 5% in six hours: somebody is
woken. At 3 times 10% are gone in a day, at the pace itself 10% in three: a ticket. The short window says that it still
burns (Google's SRE workbook, chapter 5).
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

WINDOWS: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")


class Promise(NamedTuple):
    """That of all that counts so much is good, over thirty days."""

    name: str
    says: str
    target: float
    good: str
    total: str

    @property
    def budget(self) -> float:
        """The share that may be bad."""
        return round(1 - self.target, 6)


class Burn(NamedTuple):
    """How fast, in which windows, and what is done about it."""

    name: str
    severity: str
    pairs: tuple[tuple[float, str, str], ...]
    """Times too fast, over the long window, and over the short one."""


PROMISES: Final = (
    Promise(
        "freshness",
        "99% of events are learned within a second of Kafka's acknowledgement",
        0.99,
        'moodstream_learned_seconds_bucket{le="1.0"}',
        "moodstream_learned_seconds_count",
    ),
    Promise(
        "availability",
        "99.9% of requests are answered, not failed or turned away",
        0.999,
        'moodstream_requests_total{route=~"/v1/.*",status!~"5..|429"}',
        'moodstream_requests_total{route=~"/v1/.*"}',
    ),
    Promise(
        "latency",
        "99% of requests for recommendations are answered within a quarter of a second",
        0.99,
        'moodstream_request_seconds_bucket{route="/v1/recommendations",le="0.25"}',
        'moodstream_request_seconds_count{route="/v1/recommendations"}',
    ),
)
BURNS: Final = (
    Burn("BurnsFast", "page", ((14.4, "1h", "5m"), (6, "6h", "30m"))),
    Burn("BurnsSlowly", "ticket", ((3, "1d", "2h"), (1, "3d", "6h"))),
)


def bad(promise: Promise, window: str) -> str:
    """The name of the recorded share that is bad."""
    return f"moodstream:{promise.name}:bad_ratio_rate{window}"


def rules() -> str:
    """The rules file."""
    return "\n".join(
        ["# Drawn by deploy/observability/draw.py from promises.py: change it there.", "groups:", *_groups(), ""]
    )


def _groups() -> Iterator[str]:
    for promise in PROMISES:
        yield f"  - name: {promise.name}"
        yield "    rules:"
        for window in WINDOWS:
            yield f"      - record: {bad(promise, window)}"
            good, total = (f"sum(rate({series}[{window}]))" for series in (promise.good, promise.total))
            yield f"        expr: 1 - ({good} or vector(0)) / {total}"
        for burn in BURNS:
            yield from _alert(promise, burn)


def _alert(promise: Promise, burn: Burn) -> Iterator[str]:
    name = f"Moodstream{promise.name.title()}{burn.name}"
    yield f"      - alert: {name}"
    yield "        expr: |"
    for number, (times, long, short) in enumerate(burn.pairs):
        most = f"{times} * {promise.budget:g}"
        yield f"          {'or ' if number else ''}({bad(promise, long)} > {most} and {bad(promise, short)} > {most})"
    yield "        labels:"
    yield f"          severity: {burn.severity}"
    yield f"          promise: {promise.name}"
    yield "        annotations:"
    yield f'          summary: "{promise.says}: now {{{{ $value | humanizePercentage }}}} aren\'t"'
    yield f"          runbook_url: docs/runbooks.md#{name.lower()}"
