"""What a dashboard is made of: panels that ask one question each, and the queries that several of them share."""

from typing import Final, NamedTuple

RATE: Final = "$__rate_interval"


class Panel(NamedTuple):
    """One question, with a query for each of its lines."""

    title: str
    unit: str
    """As Grafana names it: s, reqps, percentunit, bytes, short …"""
    queries: dict[str, str]
    """Legend → PromQL."""
    says: str = ""
    kind: str = "timeseries"
    limit: float | None = None
    """Beyond it the panel is red."""
    floor: float | None = 0
    """Where its axis begins."""


class Dashboard(NamedTuple):
    """Rows of panels by their titles."""

    name: str
    title: str
    rows: dict[str, list[Panel]]


def quantiles(series: str, by: str = "") -> dict[str, str]:
    """Median and the 99th percentile of a histogram."""
    kept, legend = (f"le, {by}", f" {{{{{by}}}}}") if by else ("le", "")
    return {
        f"p{percent}{legend}": f"histogram_quantile(0.{percent}, sum by ({kept}) (rate({series}[{RATE}])))"
        for percent in (50, 99)
    }


def per_second(series: str, by: str) -> dict[str, str]:
    """A counter's rate by one of its labels."""
    return {f"{{{{{by}}}}}": f"sum by ({by}) (rate({series}[{RATE}]))"}


def p99(histogram: str, by: str) -> dict[str, str]:
    """The 99th percentile by one of the labels."""
    return {f"{{{{{by}}}}}": f"histogram_quantile(0.99, sum by (le, {by}) (rate({histogram}[{RATE}])))"}


def ratio(part: str, whole: str, window: str = RATE) -> str:
    """One counter's rate over another's."""
    return f"(sum(rate({part}[{window}])) or vector(0)) / sum(rate({whole}[{window}]))"


ANSWERS: Final = 'moodstream_request_seconds_bucket{route="/v1/recommendations"}'
FRESH: Final = "moodstream_learned_seconds_bucket"
CPU: Final = {"{{job}} {{instance}} {{process}}": f'rate(process_cpu_seconds_total{{job=~"serving|stream"}}[{RATE}])'}
MEMORY: Final = {"{{job}} {{instance}} {{process}}": 'process_resident_memory_bytes{job=~"serving|stream"}'}
REDIS: Final = {"of its memory": "max(moodstream_store_memory_bytes / moodstream_store_memory_limit_bytes)"}
LAG: Final = {"partition {{partition}}": "max by (partition) (moodstream_lag_events)"}
BUNDLE_AGE: Final = {
    "since it was made": "time() - max(moodstream_bundle_created_timestamp_seconds)",
    "since its last event": "time() - max(moodstream_bundle_trained_timestamp_seconds)",
}
