"""Whatever fails of a Kafka client is one clear error, and the client is closed."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import msgspec
import pytest
from kafka.errors import KafkaTimeoutError

from contracts.errors import KafkaUnavailable, Misconfigured
from contracts.settings import Settings
from contracts.topics import EVENTS
from moodstream.events import tail
from moodstream.live.log import opened
from moodstream.rebuild.survey import kafka_offsets
from moodstream.sending import send
from online.kafka import reader, writer

Opens = Callable[[Settings], AbstractContextManager[Any]]
NOBODY = Settings(kafka="127.0.0.1:1")


def look(settings: Settings) -> None:
    with opened(settings):
        raise AssertionError("there is no Kafka")


@pytest.mark.parametrize(
    "use",
    [
        lambda: tail(NOBODY, EVENTS, follow=True, last=1),
        lambda: send(NOBODY, []),
        lambda: kafka_offsets(NOBODY),
        lambda: look(NOBODY),
    ],
)
def test_without_a_kafka_each_says_the_way_out(use: Callable[[], Any]) -> None:
    with pytest.raises(KafkaUnavailable, match=r"127\.0\.0\.1:1: .*moodstream doctor"):
        use()


@pytest.mark.parametrize(("opens", "way_out"), [(reader, "try again"), (writer, "send again")])
def test_what_fails_later_says_the_way_out_too_and_the_client_is_closed(kafka: str, opens: Opens, way_out: str) -> None:
    clients = []

    def use() -> None:
        with opens(Settings(kafka=kafka)) as client:
            clients.append(client)
            raise KafkaTimeoutError("slow")

    with pytest.raises(KafkaUnavailable, match=rf"{kafka} .*slow; .*{way_out}"):
        use()
    assert clients[0]._closed


def test_a_topic_that_is_not_there_is_said(kafka: str) -> None:
    elsewhere = msgspec.structs.replace(NOBODY, kafka=kafka, namespace="nowhere")
    with pytest.raises(Misconfigured, match=r"nowhere\.events: moodstream topics"):
        tail(elsewhere, EVENTS, follow=True, last=1)
