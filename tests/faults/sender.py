"""Sends as a careful client does: again, with the same ids, until it's told that Kafka has it."""

import random
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import httpx
import msgspec
from kafka import KafkaProducer
from kafka.errors import KafkaError

from contracts.events import ItemEvent
from contracts.topics import EVENTS, ITEMS
from tests.faults.book import Book
from tests.faults.recorded import Sending

_GIVE_UP_S: Final = 180.0
_AGAIN_S: Final = 0.1
_AT_ONCE: Final = 20


class _Answer(msgspec.Struct):
    results: list[dict[str, Any]] = []


def _place(one: Sending, result: dict[str, Any]) -> str:
    topic = ITEMS if isinstance(one.event, ItemEvent) else EVENTS
    return f"{topic.name}/{result['partition']}/{result['offset']}"


class Sender:
    """Everything by the API, but for what no client of it would send: that goes straight to Kafka."""

    def __init__(self, api: str, kafka: str, namespace: str, book: Book) -> None:
        self._api = api
        self._topic = EVENTS.full_name(namespace)
        self._book = book
        self._http = httpx.Client(timeout=8)
        self._kafka = kafka
        self._producer: Any = None
        self.refusals = 0
        """How often a request had to be sent again."""

    def send(self, part: Sequence[Sending], rng: random.Random, pause_s: float) -> None:
        """All of it, in order, some at a time; raises `TimeoutError` when something is not acknowledged."""
        left = list(part)
        while left:
            n = rng.randint(1, _AT_ONCE)
            some, left = left[:n], left[n:]
            self._post([one for one in some if one.partition is None])
            for one in some:
                if one.partition is not None:
                    self._put(one)
            time.sleep(pause_s)

    def _post(self, some: Sequence[Sending]) -> None:
        left, deadline = list(some), time.monotonic() + _GIVE_UP_S
        while left:
            accepted = {result["index"]: result for result in self._results(left) if result["status"] == "accepted"}
            for index, result in accepted.items():
                self._book.acknowledge(left[index], _place(left[index], result))
            left = [one for index, one in enumerate(left) if index not in accepted]
            if left:
                self._wait(deadline)

    def _results(self, some: Sequence[Sending]) -> list[dict[str, Any]]:
        body = b"[" + b",".join(one.value for one in some) + b"]"
        try:
            answer = self._http.post(
                f"{self._api}/v1/events", content=body, headers={"content-type": "application/json"}
            )
            return msgspec.json.decode(answer.content, type=_Answer).results
        except (httpx.HTTPError, msgspec.MsgspecError):
            return []

    def _put(self, one: Sending) -> None:
        deadline = time.monotonic() + _GIVE_UP_S
        while True:
            key = b"" if one.event is None else one.event.key.encode()
            try:
                self._producer = self._producer or _producer(self._kafka)
                at = self._producer.send(self._topic, one.value, key, partition=one.partition).get(7)
            except KafkaError:
                self._let_go()  # it was seen never to get a record off again, after a broker's kill -9
                self._wait(deadline)
            else:
                self._book.acknowledge(one, f"{EVENTS.name}/{at.partition}/{at.offset}")
                return

    def _wait(self, deadline: float) -> None:
        self.refusals += 1
        if time.monotonic() > deadline:
            raise TimeoutError(f"nobody acknowledged within {_GIVE_UP_S:.0f} s")
        time.sleep(_AGAIN_S)

    def close(self) -> None:
        self._http.close()
        self._let_go()

    def _let_go(self) -> None:
        producer, self._producer = self._producer, None
        if producer:
            with suppress(KafkaError):
                producer.close(timeout=0)


def _producer(kafka: str) -> KafkaProducer:
    return KafkaProducer(
        bootstrap_servers=kafka, acks="all", request_timeout_ms=3000, delivery_timeout_ms=6000, max_block_ms=6000
    )
