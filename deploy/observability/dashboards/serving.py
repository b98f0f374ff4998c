"""How the API answers: what, how fast, from what, and how near its limits."""

from typing import Final

from deploy.observability.panels import BUNDLE_AGE, RATE, Dashboard, Panel, p99, per_second, quantiles

SERVING: Final = Dashboard(
    "serving",
    "Moodstream: serving",
    {
        "Requests": [
            Panel("By route", "reqps", per_second("moodstream_requests_total", "route")),
            Panel("By status", "reqps", per_second("moodstream_requests_total", "status")),
            Panel(
                "Latency, p99",
                "s",
                p99("moodstream_request_seconds_bucket", "route"),
            ),
        ],
        "Answers": [
            Panel(
                "What one took, by bundle",
                "s",
                {
                    "{{bundle}}": f"sum by (bundle) (rate(moodstream_answer_seconds_sum[{RATE}])) / "
                    f"sum by (bundle) (rate(moodstream_answer_seconds_count[{RATE}]))"
                },
            ),
            Panel("Degraded, by part", "reqps", per_second("moodstream_degraded_total", "part")),
            Panel("How old the states were", "s", quantiles("moodstream_state_age_seconds_bucket")),
            Panel("How far behind the stream was", "short", {"events": "max(moodstream_stream_lag_events)"}),
        ],
        "Candidates": [
            Panel("Found by source", "ops", per_second("moodstream_candidates_total", "source")),
            Panel("Shown by source", "ops", per_second("moodstream_shown_items_total", "source")),
        ],
        "Kafka and the store": [
            Panel("Posted events", "eps", per_second("moodstream_posted_events_total", "outcome")),
            Panel("Impressions", "eps", per_second("moodstream_impressions_total", "outcome")),
            Panel("Waiting for Kafka", "bytes", {"bytes": "sum(moodstream_kafka_waiting_bytes)"}),
            Panel("Left alone since it keeps failing", "short", {"{{part}}": "max by (part) (moodstream_left_alone)"}),
            Panel(
                "Calls of the store, p99",
                "s",
                p99('moodstream_store_seconds_bucket{job="serving"}', "call"),
            ),
        ],
        "Saturation": [
            Panel(
                "Under way",
                "short",
                {
                    "{{kind}}": "sum by (kind) (moodstream_under_way)",
                    "{{kind}}, at most": "sum by (kind) (moodstream_limit)",
                },
            ),
            Panel("Turned away", "reqps", per_second("moodstream_shed_total", "kind")),
            Panel("The event loop is late", "s", {"{{instance}} {{process}}": "moodstream_loop_late_seconds"}),
            Panel(
                "Cores in use",
                "short",
                {"{{instance}} {{process}}": f'rate(process_cpu_seconds_total{{job="serving"}}[{RATE}])'},
            ),
            Panel("Files open", "short", {"{{instance}} {{process}}": 'process_open_fds{job="serving"}'}),
        ],
        "Bundle": [
            Panel("Current", "short", {"{{version}}": "count by (version) (moodstream_bundle_info)"}),
            Panel("Its age", "s", BUNDLE_AGE, limit=36 * 3600),
        ],
    },
)
