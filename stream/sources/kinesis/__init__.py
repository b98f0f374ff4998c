"""Kinesis: shards are shared by leases, read in order and handed on to Kafka; and events are sent into it."""
