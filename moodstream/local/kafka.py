"""A real Kafka broker (KRaft, one node, no ZooKeeper) as a service of the local stack."""

import base64
import logging
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from contracts.brokers import Brokers, named
from contracts.brokers import brokers as parts_of
from contracts.errors import Misconfigured, Unavailable
from moodstream.local.home import Say
from moodstream.local.jars import cache_folder, kafka_jars
from moodstream.local.java import Java, find_java
from moodstream.local.ports import LOOPBACK, is_open
from moodstream.local.service import Service

JVM_OPTIONS: Final = (
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xshare:auto",
    "--enable-native-access=ALL-UNNAMED",
    "-Djava.net.preferIPv4Stack=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS",
)
_PROPERTIES: Final = """\
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
log.dirs={folder}/log
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.heartbeat.interval.ms=1000
broker.session.timeout.ms=4000
log.cleaner.dedupe.buffer.size=16777216
num.network.threads=2
num.io.threads=4
"""
"""What one broker on one machine needs: no replicas to wait for, and groups that form and heal at once.

A broker that was killed can't register again before its old session has ended: 4 s instead of the usual 9.
"""


def kafka_service(folder: Path, log: Path, port: int, controller_port: int, say: Say) -> Service:
    """The broker on 127.0.0.1:`port`, its data in `folder`; downloads its jars and formats the folder on first use.

    Raises `Misconfigured` without a Java or when the folder can't be formatted, `Unavailable` without the jars.
    """
    java = find_java()
    command = (*_java_command(java, kafka_jars(cache_folder(), say)),)
    properties = _write_properties(folder, port, controller_port)
    if not (folder / "log" / "meta.properties").exists():
        _format(command, folder, properties)
    return Service(
        name="kafka",
        argv=(*command, "kafka.Kafka", str(properties)),
        log=log,
        ready=lambda: answers(f"{LOOPBACK}:{port}"),
        ready_within_s=120.0,
    )


def answers(bootstrap: str, timeout_s: float = 5.0) -> bool:
    """Whether a broker there answers a metadata request and is ready to serve."""
    try:
        return brokers(bootstrap, timeout_s) > 0
    except Unavailable:
        return False


def brokers(bootstrap: str, timeout_s: float = 5.0) -> int:
    """How many brokers the cluster there has. Raises `Unavailable` when nobody answers in time."""
    from kafka.errors import KafkaError

    given = parts_of(bootstrap)
    if not any(is_open(int(port), host) for host, _, port in (server.rpartition(":") for server in given.servers)):
        raise _no_kafka(bootstrap, "nobody listens")
    try:
        with _quiet("kafka"):
            return _count_brokers(given, int(timeout_s * 1000))
    except (KafkaError, OSError) as error:
        raise _no_kafka(bootstrap, type(error).__name__) from error


def _count_brokers(given: Brokers, timeout_ms: int) -> int:
    from kafka.admin import KafkaAdminClient

    client = KafkaAdminClient(**given.options(), request_timeout_ms=timeout_ms, bootstrap_timeout_ms=timeout_ms)
    try:
        return len(client.describe_cluster()["brokers"])
    finally:
        client.close()


def _no_kafka(bootstrap: str, why: str) -> Unavailable:
    return Unavailable(
        f"no Kafka answers at {named(bootstrap)} ({why}): start it, correct MOODSTREAM_KAFKA, "
        "or unset it to have a broker started here"
    )


def _java_command(java: Java, jars: list[Path]) -> tuple[str, ...]:
    return (str(java.program), *JVM_OPTIONS, "-cp", ":".join(map(str, jars)))


def _write_properties(folder: Path, port: int, controller_port: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "server.properties"
    file.write_text(
        _PROPERTIES.format(host=LOOPBACK, port=port, controller_port=controller_port, folder=folder.absolute())
    )
    return file


def _format(command: tuple[str, ...], folder: Path, properties: Path) -> None:
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    made = subprocess.run(
        [*command, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "--config", str(properties)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if made.returncode:
        why = (made.stderr or made.stdout).strip().splitlines()[-1:]
        raise Misconfigured(f"Kafka can't format {folder} ({''.join(why)}): `moodstream down --purge` begins anew")


@contextmanager
def _quiet(logger: str) -> Iterator[None]:
    """Without that library's warnings about a server that isn't up yet."""
    target = logging.getLogger(logger)
    level = target.level
    target.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        target.setLevel(level)
