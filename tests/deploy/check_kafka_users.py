"""Kafka's rules (deploy/terraform/kafka-acls) on a real broker: with them alone each program can do its work."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.request import Request, urlopen

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.errors import KafkaError

from contracts.settings import Settings
from contracts.topics import ALARMS, DEAD_LETTER, ENRICHED, EVENTS, ITEMS, TOPICS, Topic
from moodstream.local.kafka import kafka_service
from moodstream.local.ports import LOOPBACK, free_port
from moodstream.local.supervisor import Supervisor
from online.kafka import partitions_of, reader, writer
from stream import topics
from tests.deploy.terraform import TERRAFORM
from tests.online.store.servers import own_server

pytestmark = [pytest.mark.kafka, pytest.mark.redis]
NAMESPACE: Final = "moodstream"
PROGRAM: Final = "User:ANONYMOUS"
"""Whoever comes without a password, which here is the program that is tried."""
_PASSWORD: Final = "only-in-this-test"  # noqa: S105
_LOGIN: Final = (
    "org.apache.kafka.common.security.plain.PlainLoginModule required "
    f'username="admin" password="{_PASSWORD}" user_admin="{_PASSWORD}";'
)
_RULED: Final = f"""
listeners=PLAINTEXT://{LOOPBACK}:{{port}},CONTROLLER://{LOOPBACK}:{{controller}},ADMIN://{LOOPBACK}:{{admin}}
advertised.listeners=PLAINTEXT://{LOOPBACK}:{{port}},ADMIN://{LOOPBACK}:{{admin}}
listener.security.protocol.map=CONTROLLER:SASL_PLAINTEXT,PLAINTEXT:PLAINTEXT,ADMIN:SASL_PLAINTEXT
inter.broker.listener.name=ADMIN
sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
sasl.mechanism.controller.protocol=PLAIN
listener.name.admin.plain.sasl.jaas.config={_LOGIN}
listener.name.controller.plain.sasl.jaas.config={_LOGIN}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin
"""


class Broker(NamedTuple):
    """Where programs come in, and who rules."""

    address: str
    admin: Any
    as_admin: dict[str, Any]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker that lets nobody do anything but what rules allow, with the topics made."""
    folder = tmp_path_factory.mktemp("kafka")
    port, controller, admin = free_port(set()), free_port(set()), free_port(set())
    service = kafka_service(folder / "kafka", folder / "log", port, controller, print)
    with (folder / "kafka" / "server.properties").open("a") as properties:
        properties.write(_RULED.format(port=port, controller=controller, admin=admin))
    as_admin = {
        "bootstrap_servers": f"{LOOPBACK}:{admin}",
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "PLAIN",
        "sasl_plain_username": "admin",
        "sasl_plain_password": _PASSWORD,
    }
    with Supervisor(folder / "status.json", print) as supervisor:
        supervisor.start(service)
        with closing(KafkaAdminClient(**as_admin)) as client:
            found = Broker(f"{LOOPBACK}:{port}", client, as_admin)
            with _ruled(found, "tools"):
                topics.ensure(found.address, NAMESPACE, 4, 1)
            yield found


class Rule(NamedTuple):
    """One line of the script."""

    user: str
    operations: list[str]
    kind: str
    name: str
    prefixed: bool


def rules() -> list[Rule]:
    """The script's lines, by what they say to `kafka-acls.sh`."""
    text = (TERRAFORM / "kafka-acls").read_text().replace("$NAMESPACE", NAMESPACE)
    found = [
        Rule(user, operations.split(","), kind, name, "prefixed" in rest)
        for user, operations, rest in re.findall(r"^allow (\w+) +(\S+) +(.*)$", text, re.MULTILINE)
        for kind, name in re.findall(r"""--(topic|group) ["']([^"']+)["']""", rest)
    ]
    return [*found, Rule("tools", ["All"], "cluster", "kafka-cluster", False)]


@contextmanager
def _ruled(broker: Broker, user: str) -> Iterator[None]:
    """While inside, whoever comes in may what the script gives to this user."""
    broker.admin.create_acls([acl for rule in rules() if rule.user == user for acl in _acls(rule)])
    try:
        yield
    finally:
        everything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
        broker.admin.delete_acls([ACLFilter(PROGRAM, "*", ACLOperation.ANY, ACLPermissionType.ANY, everything)])


def _acls(rule: Rule) -> list[ACL]:
    how = ACLResourcePatternType.PREFIXED if rule.prefixed else ACLResourcePatternType.LITERAL
    where = ResourcePattern(ResourceType[rule.kind.upper()], rule.name, how)
    return [
        ACL(PROGRAM, "*", ACLOperation[operation.upper()], ACLPermissionType.ALLOW, where)
        for operation in rule.operations
    ]


@pytest.fixture
def settings(broker: Broker, tmp_path: Path) -> Iterator[Settings]:
    """As a program has them that comes to this broker, with a Redis of its own."""
    with own_server(tmp_path) as redis:
        yield Settings(kafka=broker.address, redis=redis.url, home=tmp_path, api_port=free_port(set()))


@contextmanager
def _running(settings: Settings, verb: str) -> Iterator[None]:
    log = settings.home / f"{verb}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "moodstream", verb],
            env={**os.environ, **settings.environment()},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            yield
        except BaseException:
            print(log.read_text()[-6000:])  # noqa: T201
            raise
        finally:
            process.terminate()
            process.wait(30)


def _records(broker: Broker, topic: Topic) -> list[bytes]:
    with closing(KafkaConsumer(**broker.as_admin, auto_offset_reset="earliest")) as consumer:
        there = [TopicPartition(topic.full_name(NAMESPACE), number) for number in range(4)]
        consumer.assign(there)
        ends = consumer.end_offsets(there)
        records: list[bytes] = []
        while any(consumer.position(one) < ends[one] for one in there):
            records += [record.value for polled in consumer.poll(timeout_ms=500).values() for record in polled]
        return records


def _wait(ready: Callable[[], bool], seconds: float = 90.0) -> None:
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.3)


def _send(broker: Broker, topic: Topic, key: str, value: bytes) -> None:
    with closing(KafkaProducer(**broker.as_admin)) as producer:
        producer.send(topic.full_name(NAMESPACE), value, key.encode()).get(30)


def test_the_worker_learns_enriches_and_writes_dead_letters(broker: Broker, settings: Settings) -> None:
    like = {"type": "interaction", "event_id": "e1", "time": 1, "user_id": "ann", "item_id": "i", "kind": "like"}
    _send(broker, EVENTS, "ann", json.dumps(like).encode())
    _send(broker, EVENTS, "ann", b"no event")
    with _ruled(broker, "stream"), _running(settings, "stream"):
        _wait(lambda: bool(_records(broker, ENRICHED)))
        _wait(lambda: bool(_records(broker, DEAD_LETTER)))


def test_the_api_takes_events_and_items_and_hears_the_stream(broker: Broker, settings: Settings) -> None:
    before = len(_records(broker, EVENTS)), len(_records(broker, ITEMS))
    with _ruled(broker, "serving"), _running(settings, "serve"):
        url = f"http://{LOOPBACK}:{settings.api_port}"
        _wait(lambda: _posted(url, {"type": "mood", "user_id": "ann", "mood": "happy"}))
        _wait(lambda: _posted(url, {"type": "item", "item_id": "i", "title": "One"}))
    assert (len(_records(broker, EVENTS)), len(_records(broker, ITEMS))) == (before[0] + 1, before[1] + 1)


def _posted(url: str, event: dict[str, str]) -> bool:
    request = Request(f"{url}/v1/events", json.dumps(event).encode(), {"Content-Type": "application/json"})  # noqa: S310
    try:
        with urlopen(request, timeout=15) as answer:  # noqa: S310
            return bool(answer.status == 202)
    except OSError:
        return False


def test_the_night_reads_items_and_alarms_and_announces_a_bundle(broker: Broker, settings: Settings) -> None:
    with _ruled(broker, "nightly"):
        with reader(settings) as consumer:
            for topic in (EVENTS, ITEMS, ALARMS):
                assert len(consumer.end_offsets(partitions_of(consumer, settings, topic.full_name(NAMESPACE)))) == 4
        with writer(settings) as producer:
            producer.send(EVENTS.full_name(NAMESPACE), b"announced", b"k").get(30)


def test_keda_sees_the_lag_and_no_event(broker: Broker, settings: Settings) -> None:
    topic = TopicPartition(EVENTS.full_name(NAMESPACE), 0)
    with _ruled(broker, "keda"):
        with closing(KafkaAdminClient(bootstrap_servers=broker.address)) as client:
            client.list_group_offsets("moodstream.stream")
        with closing(KafkaConsumer(bootstrap_servers=broker.address, auto_offset_reset="earliest")) as consumer:
            consumer.assign([topic])
            assert topic in consumer.end_offsets([topic])
            with pytest.raises(KafkaError):
                _poll_for_ten_seconds(consumer)


def _poll_for_ten_seconds(consumer: Any) -> None:
    for _ in range(20):
        consumer.poll(timeout_ms=500)


@pytest.mark.parametrize("user", ["serving", "keda", "nightly"])
def test_nobody_else_writes_what_the_stream_says(broker: Broker, settings: Settings, user: str) -> None:
    with _ruled(broker, user), writer(settings) as producer:
        for topic in TOPICS:
            if not any(
                rule.user == user and rule.name.endswith(topic.name) and "Write" in rule.operations for rule in rules()
            ):
                with pytest.raises(KafkaError):
                    producer.send(topic.full_name(NAMESPACE), b"forged", b"k").get(30)
