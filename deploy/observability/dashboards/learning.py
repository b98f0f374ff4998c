"""How good what was learned is by what followed, and what has moved."""

from typing import Final

from deploy.observability.panels import BUNDLE_AGE, Dashboard, Panel, per_second, ratio

LEARNING: Final = Dashboard(
    "learning",
    "Moodstream: learning and drift",
    {
        "What followed what was shown": [
            Panel(
                "CTR",
                "percentunit",
                {
                    "taken within half an hour": ratio(
                        'moodstream_outcomes_total{outcome="taken"}', "moodstream_outcomes_total", "30m"
                    )
                },
            ),
            Panel(
                "HR@10 and NDCG@10 of what was shown",
                "percentunit",
                {
                    "HR@10": ratio("moodstream_followed_hits_total", "moodstream_followed_events_total", "30m"),
                    "NDCG@10": ratio("moodstream_followed_gain_total", "moodstream_followed_events_total", "30m"),
                },
                "Of the items taken by users who had been shown something: how many stood among the first ten.",
            ),
            Panel("Outcomes", "eps", per_second("moodstream_outcomes_total", "outcome")),
        ],
        "Calibration": [
            Panel(
                "Stated for each one taken",
                "short",
                {
                    "1 is right": ratio(
                        "moodstream_stated_probability_total",
                        'moodstream_judged_outcomes_total{outcome="taken"}',
                        "30m",
                    )
                },
            ),
            Panel(
                "Log-loss",
                "short",
                {"of each outcome": ratio("moodstream_log_loss_total", "moodstream_judged_outcomes_total", "30m")},
            ),
        ],
        "Drift": [
            Panel(
                "Alarms of the last hour",
                "short",
                {"{{signal}}": "sum by (signal) (increase(moodstream_drift_alarms_total[1h]))"},
            ),
            Panel(
                "Shares and errors",
                "short",
                {"{{signal}}": 'avg by (signal) (moodstream_drift_level{signal!~"volume|lateness|fields"})'},
                floor=None,
            ),
            Panel(
                "Volume, lateness, fields",
                "short",
                {"{{signal}}": 'avg by (signal) (moodstream_drift_level{signal=~"volume|lateness|fields"})'},
            ),
        ],
        "Bundle": [
            Panel("Its age", "s", BUNDLE_AGE, limit=36 * 3600),
            Panel("Current", "short", {"{{version}}": "count by (version) (moodstream_bundle_info)"}),
        ],
    },
)
