"""All faults by name, in the order of the table, and those of the minute's run."""

from collections.abc import Mapping
from typing import Final

from tests.faults import on_kafka, on_kinesis, on_redis, on_the_rest, on_workers
from tests.faults.calls import between_the_writes, within_the_counts, within_the_shards
from tests.faults.run import Inject

FAULTS: Final[Mapping[str, Inject]] = {
    "worker killed": on_workers.kill,
    "all workers killed": on_workers.kill_all,
    "killed within the counts": on_workers.kill_at(within_the_counts),
    "killed between the two writes": on_workers.kill_at(between_the_writes),
    "killed within the shards": on_workers.kill_at(within_the_shards),
    "killed after the writes": on_workers.kill_at(None),
    "worker frozen, wakes up": on_workers.freeze,
    "worker frozen in a batch": on_workers.freeze_in_batch,
    "dead worker's write comes late": on_workers.late_write,
    "workers 1 → 3": on_workers.scale_up,
    "workers 3 → 2": on_workers.scale_down,
    "broker killed": on_kafka.broker_killed,
    "broker restarted": on_kafka.broker_restarted,
    "broker frozen": on_kafka.broker_frozen,
    "Kafka's connections dropped": on_kafka.kafka_connections_dropped,
    "Redis restarted": on_redis.redis_restarted,
    "Redis comes back older": on_redis.redis_older,
    "Redis older, nothing sent": on_redis.redis_older_when_idle,
    "CLIENT PAUSE": on_redis.redis_paused,
    "Redis' connections dropped": on_redis.redis_connections_dropped,
    "Redis away": on_redis.redis_away,
    "answer of a write lost": on_redis.answer_lost,
    "write takes seconds": on_redis.slow_write,
    "bundle changed": on_the_rest.bundle_changed,
    "bundle changed, then killed": on_the_rest.bundle_changed_and_killed,
    "API killed": on_the_rest.api_killed,
    "Kinesis adapter killed": on_kinesis.adapter_killed,
    "all Kinesis adapters killed": on_kinesis.all_adapters_killed,
    "Kinesis adapter frozen, wakes up": on_kinesis.adapter_frozen,
    "shards split, merged, adapter killed": on_kinesis.resharded_and_killed,
    "broker killed under adapters": on_kinesis.broker_killed,
    "Kinesis away": on_kinesis.kinesis_away,
}
SHORT: Final = (
    "killed between the two writes",
    "dead worker's write comes late",
    "Redis comes back older",
    "Redis older, nothing sent",
    "Redis' connections dropped",
    "write takes seconds",
    "bundle changed",
    "Kinesis adapter killed",
)
"""Those of the minute's run: with any guard missing, one of them finds it."""
