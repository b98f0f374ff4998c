"""The golden signals on one page: latency, traffic, errors, saturation, and what was promised."""

from typing import Final

from deploy.observability.panels import (
    ANSWERS,
    CPU,
    FRESH,
    LAG,
    MEMORY,
    REDIS,
    Dashboard,
    Panel,
    per_second,
    quantiles,
    ratio,
)
from deploy.observability.promises import PROMISES, bad

OVERVIEW: Final = Dashboard(
    "overview",
    "Moodstream: overview",
    {
        "Promises": [
            *(
                Panel(
                    f"{promise.name.title()}: how fast the budget burns",
                    "short",
                    {"times as fast as allowed, 1 h": f"{bad(promise, '1h')} / {promise.budget:g}"},
                    promise.says,
                    "stat",
                    1,
                )
                for promise in PROMISES
            ),
            Panel(
                "Alerts that fire",
                "short",
                {"alerts": 'count(ALERTS{alertstate="firing"}) or vector(0)'},
                "",
                "stat",
                1,
            ),
        ],
        "Latency": [
            Panel("From the acknowledged event to the learned one", "s", quantiles(FRESH), "The point of it all."),
            Panel("Answers", "s", quantiles(ANSWERS)),
        ],
        "Traffic": [
            Panel("Requests", "reqps", per_second("moodstream_requests_total", "route")),
            Panel("Events learned", "eps", per_second("moodstream_events_total", "kind")),
        ],
        "Errors": [
            Panel(
                "Requests that failed or were turned away",
                "percentunit",
                {
                    "failed": ratio('moodstream_requests_total{status=~"5.."}', "moodstream_requests_total"),
                    "turned away": ratio('moodstream_requests_total{status="429"}', "moodstream_requests_total"),
                },
            ),
            Panel(
                "Answers that say they are degraded",
                "percentunit",
                {"degraded": ratio('moodstream_answers_total{outcome="degraded"}', "moodstream_answers_total")},
            ),
            Panel("Dead letters", "eps", per_second("moodstream_dead_letters_total", "error")),
        ],
        "Saturation": [
            Panel("Events that wait", "short", LAG),
            Panel("Cores in use", "short", CPU, "One is all that a process can have."),
            Panel("Memory", "bytes", MEMORY),
            Panel("Redis", "percentunit", REDIS, "It refuses writes when it's full.", limit=0.8),
        ],
    },
)
