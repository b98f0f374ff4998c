"""The broker: real, on either Java, its compression codecs at work; absent, one clear line."""

from pathlib import Path

import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from contracts.errors import Unavailable
from moodstream.local.kafka import answers, brokers, kafka_service
from moodstream.local.ports import free_port
from moodstream.local.supervisor import Supervisor


def test_a_broker_that_answers_is_counted(kafka: str) -> None:
    assert brokers(kafka) >= 1
    assert answers(kafka)


def test_no_broker_is_one_clear_line() -> None:
    nobody = f"127.0.0.1:{free_port(set())}"
    assert not answers(nobody, timeout_s=0.3)
    with pytest.raises(Unavailable, match=rf"no Kafka answers at {nobody} .*: start it, correct MOODSTREAM_KAFKA"):
        brokers(nobody, timeout_s=0.3)


@pytest.mark.kafka
@pytest.mark.parametrize("path", ["/usr/local/bin:/usr/bin:/bin", "/nonexistent"], ids=["java-on-path", "bundled-java"])
def test_the_native_broker_recompresses_with_every_codec_and_keeps_its_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setenv("PATH", path)
    ports = free_port(set()), free_port(set())
    bootstrap = f"127.0.0.1:{ports[0]}"
    with Supervisor(tmp_path / "status.json", print) as supervisor:
        supervisor.start(kafka_service(tmp_path / "kafka", tmp_path / "kafka.log", *ports, print))
        for codec in ("zstd", "lz4", "snappy", "gzip"):
            send(bootstrap, codec)
    with Supervisor(tmp_path / "status.json", print) as supervisor:
        supervisor.start(kafka_service(tmp_path / "kafka", tmp_path / "kafka.log", *ports, print))
        admin = KafkaAdminClient(bootstrap_servers=bootstrap)
        assert {"zstd", "lz4", "snappy", "gzip"} <= set(admin.list_topics())
        admin.close()


def send(bootstrap: str, codec: str) -> None:
    """One record into a topic that the broker itself compresses with this codec."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    topic = NewTopic(name=codec, num_partitions=1, replication_factor=1, topic_configs={"compression.type": codec})
    admin.create_topics([topic])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
    assert producer.send(codec, b"x" * 1000).get(timeout=10).offset == 0
    producer.close()
