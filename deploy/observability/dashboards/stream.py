"""How the workers learn: how fresh, what, at what cost, and once."""

from typing import Final

from deploy.observability.panels import FRESH, LAG, RATE, REDIS, Dashboard, Panel, p99, per_second, quantiles

STREAM: Final = Dashboard(
    "stream",
    "Moodstream: stream",
    {
        "Freshness": [
            Panel("From the acknowledged event to the learned one", "s", quantiles(FRESH)),
            Panel("Events that wait", "short", LAG),
            Panel(
                "Learned a second, by partition",
                "eps",
                {"partition {{partition}}": f"max by (partition) (deriv(moodstream_next_offset[{RATE}]))"},
            ),
        ],
        "Events": [
            Panel("By kind", "eps", per_second("moodstream_events_total", "kind")),
            Panel("By what became of them", "eps", per_second("moodstream_events_total", "outcome")),
            Panel("Dead letters", "eps", per_second("moodstream_dead_letters_total", "error")),
        ],
        "Work": [
            Panel("A batch", "s", quantiles("moodstream_learn_seconds_bucket")),
            Panel("Records a batch", "short", quantiles("moodstream_batch_records_bucket"), "More when more wait."),
            Panel(
                "Calls of the store, p99",
                "s",
                p99('moodstream_store_seconds_bucket{job="stream"}', "call"),
            ),
            Panel("Calls of the store", "ops", per_second('moodstream_store_seconds_count{job="stream"}', "call")),
        ],
        "Once": [
            Panel("Refused writes", "ops", {"refused": f"sum(rate(moodstream_refused_writes_total[{RATE}]))"}),
            Panel("Partitions read again", "ops", per_second("moodstream_read_again_total", "error")),
            Panel(
                "Users moved to another bundle", "ops", {"users": f"sum(rate(moodstream_moved_users_total[{RATE}]))"}
            ),
        ],
        "Saturation": [
            Panel(
                "Cores in use", "short", {"{{instance}}": f'rate(process_cpu_seconds_total{{job="stream"}}[{RATE}])'}
            ),
            Panel("Memory", "bytes", {"{{instance}}": 'process_resident_memory_bytes{job="stream"}'}),
            Panel("Redis", "percentunit", REDIS, limit=0.8),
        ],
    },
)
