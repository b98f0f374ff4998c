"""Making a bundle the current one: a control record in every partition of `events`, then the shelf's pointer."""

import getpass
import os
import time
import uuid
from contextlib import closing
from typing import Final

from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import KafkaError

from contracts.brokers import brokers, named
from contracts.errors import BundleRejected, KafkaUnavailable, Misconfigured
from contracts.events import BundleChange, encode
from contracts.rollout import Rollout
from contracts.settings import Settings
from contracts.topics import EVENTS
from model.shelf import Shelf
from online import deeds
from online.reach import require_kafka

Offsets = dict[int, int]
"""Of the control record in each partition: from here on, the partition's users are on the rollout."""
_ATTEMPT_MS: Final = 5_000


def publish(settings: Settings, shelf: Shelf, rollout: Rollout, by: str = "") -> Offsets:
    """Say in the log that users are on these bundles from here on, then move the shelf's pointer to `rollout.bundle`.

    Each bundle is opened first, so that only one that loads is published. A publication that was cut off is made whole
    by the next one: the last record of a partition counts. It's recorded as done `by` them, the machine's account where
    nobody is named. Raises `BundleRejected`, `KafkaUnavailable` or `Misconfigured`.
    """
    if not settings.kafka:
        raise Misconfigured("MOODSTREAM_KAFKA is not set: start the local stack with `moodstream up`, or name a server")
    for version in filter(None, (rollout.bundle, rollout.canary)):
        shelf.load(version)
    offsets = announce(settings.kafka, EVENTS.full_name(settings.namespace), rollout, settings.kafka_timeout_s)
    shelf.point(rollout.bundle)
    shelf.note(rollout)
    _record(shelf, rollout, by)
    return offsets


def _record(shelf: Shelf, rollout: Rollout, by: str) -> None:
    said = f"all users are on {rollout.bundle}"
    if rollout.canary:
        said = f"{rollout.share:.1%} of users are on {rollout.canary}, the others on {rollout.bundle}"
    deeds.leave(f"{shelf.url.rstrip('/')}/deeds", by or _account(), "publish", said)


def _account() -> str:
    """The machine's account; in a container it may have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"account {os.getuid()}"


def rollback(settings: Settings, shelf: Shelf, by: str = "") -> str:
    """Undo what was published last, and return the version that all users are on then.

    A canary is ended: its users come back to the current version. Else the one that was current before is published;
    `BundleRejected` if there is none.
    """
    version = shelf.current() if shelf.canary() else shelf.previous()
    if version is None:
        raise BundleRejected(f"no bundle was current before {shelf.current()}: there is nothing to go back to")
    publish(settings, shelf, Rollout(version), by)
    return version


def announce(bootstrap: str, topic: str, rollout: Rollout, timeout_s: float) -> Offsets:
    """Write the control record into every partition of a topic, acknowledged by all replicas."""
    timeout_ms = int(timeout_s * 1000)
    require_kafka(bootstrap, timeout_s)
    try:
        producer = KafkaProducer(
            **brokers(bootstrap).options(),
            acks="all",
            linger_ms=0,
            max_block_ms=timeout_ms,
            bootstrap_timeout_ms=timeout_ms,
            request_timeout_ms=min(_ATTEMPT_MS, timeout_ms),
            delivery_timeout_ms=timeout_ms,
        )
    except KafkaError as error:
        raise KafkaUnavailable(f"Kafka at {named(bootstrap)} does not answer: {error}") from error
    try:
        return _write(producer, bootstrap, topic, rollout, timeout_s)
    except KafkaError as error:
        raise KafkaUnavailable(f"a partition of {topic} did not acknowledge the bundle change: {error}") from error
    finally:
        producer.close(timeout=timeout_s)


def _write(producer: KafkaProducer, bootstrap: str, topic: str, rollout: Rollout, timeout_s: float) -> Offsets:
    change = BundleChange(event_id=f"bundle-{uuid.uuid4().hex}", time=int(time.time() * 1000), rollout=rollout)
    written: Offsets = {}
    while lacking := _partitions(bootstrap, topic) - written.keys():  # some may have been added while it was written
        sent = {
            partition: producer.send(topic, encode(change), change.key.encode(), partition=partition)
            for partition in sorted(lacking)
        }
        written |= {partition: int(future.get(timeout=timeout_s).offset) for partition, future in sent.items()}
    return written


def _partitions(bootstrap: str, topic: str) -> set[int]:
    """As they are now: a producer asks for them only every few minutes."""
    with closing(KafkaAdminClient(**brokers(bootstrap).options(), request_timeout_ms=_ATTEMPT_MS)) as admin:
        (found,) = admin.describe_topics([topic])
    if not found["partitions"]:
        raise KafkaUnavailable(f"topic {topic} does not exist yet: `moodstream topics` creates it")
    return {int(partition["partition_index"]) for partition in found["partitions"]}
