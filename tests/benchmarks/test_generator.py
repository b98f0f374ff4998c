"""The generator asks when it's time, whatever becomes of the answers, and forgets none."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from benchmarks.generator import Generator, Plan, Run, figures, percentiles, request

Respond = Callable[[int], bytes]
"""What is sent for the n-th request of all; nothing ends the connection."""


def _answer(status: int = 200, body: bytes = b'{"item_id":1}') -> bytes:
    return f"HTTP/1.1 {status} OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


class _Server:
    """Answers each connection by a thread of its own, one request after the other."""

    def __init__(self, respond: Respond) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._respond = respond
        self._lock = threading.Lock()
        self.asked = 0
        self.address = ("127.0.0.1", int(self._listening.getsockname()[1]))

    def accept(self) -> None:
        while True:
            try:
                one, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(one,), daemon=True).start()

    def _serve(self, one: socket.socket) -> None:
        with one:
            while one.recv(65_536):
                with self._lock:
                    number, self.asked = self.asked, self.asked + 1
                if not (answer := self._respond(number)):
                    return
                one.sendall(answer[:20])
                one.sendall(answer[20:])

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


@contextmanager
def _serving(respond: Respond) -> Iterator[_Server]:
    server = _Server(respond)
    thread = threading.Thread(target=server.accept, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()


def _plan(server: _Server, **said: float | int) -> Plan:
    lines = int(said.pop("lines", 4))
    return Plan([server.address], [request("GET", "/")], lines=lines, marks=[b'"item_id"'], **said)


def test_all_are_asked_at_their_rate_and_answered() -> None:
    with _serving(lambda _: _answer()) as server:
        heard = Run(_plan(server, rate=200, seconds=0.5))()
    assert len(heard.latency_ms) == heard.good == 100
    assert heard.statuses == {200: 100}
    assert heard.marks == {b'"item_id"': 100}
    assert 0.45 < heard.seconds < 5  # it ends with the last answer, not when its patience does
    assert (heard.broken, heard.unanswered) == (0, 0)


def test_latency_counts_from_when_a_request_was_due_though_no_connection_was_free() -> None:
    def slowly(_: int) -> bytes:
        time.sleep(0.05)
        return _answer()

    with _serving(slowly) as server:
        heard = Run(_plan(server, rate=100, seconds=0.2, lines=1))()
    assert heard.good == 20
    # the last was due after 0.19 s, and answered after twenty times 0.05 s
    assert heard.latency_ms[-1] > 700
    assert heard.latency_ms[-1] > heard.latency_ms[0]


def test_what_is_refused_or_breaks_has_no_latency_and_is_counted() -> None:
    def now_and_then(number: int) -> bytes:
        if number < 1:
            return _answer()  # the one that doesn't count
        return {0: b"", 1: _answer(429), 2: _answer(500)}.get(number % 5, _answer())

    with _serving(now_and_then) as server:
        heard = Run(_plan(server, rate=200, seconds=0.25, lines=1))()
    assert len(heard.latency_ms) == 50
    assert heard.broken == 10
    assert heard.statuses == {200: 20, 429: 10, 500: 10}
    assert heard.good == np.isfinite(heard.latency_ms).sum() == 20
    assert figures(heard)["p99_ms"] == np.inf


def test_without_a_rate_each_connection_asks_again_at_once() -> None:
    def slowly(_: int) -> bytes:
        time.sleep(0.01)
        return _answer()

    with _serving(slowly) as server:
        heard = Run(_plan(server, seconds=3, lines=3))()  # more than a standstill takes of it
        assert heard.good == server.asked - 3
    assert 3 < heard.good <= 903


def test_addresses_take_turns() -> None:
    with _serving(lambda _: _answer()) as one, _serving(lambda _: _answer()) as other:
        heard = Run(Plan([one.address, other.address], [request("GET", "/")], 0.25, 200, lines=2))()
        assert heard.good == 50
        assert (one.asked, other.asked) == (27, 27)


def test_the_process_carries_out_one_plan_after_the_other() -> None:
    with _serving(lambda _: _answer()) as server, Generator() as generator:
        goods = [generator.run(_plan(server, rate=50, seconds=0.2)).good for _ in range(2)]
    assert goods == [10, 10]


def test_nobody_listening_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = free.getsockname()
    with pytest.raises(ConnectionRefusedError):
        Run(Plan([address], [request("GET", "/")], 0.1, 10))()


def test_a_percentile_is_one_that_was_measured_and_never_a_lower_one() -> None:
    said = percentiles(np.arange(1.0, 101.0))
    assert (said["p50_ms"], said["p99_ms"], said["most_ms"]) == (51.0, 100.0, 100.0)
    assert percentiles(np.array([1.0] * 98 + [np.inf] * 2))["p99_ms"] == np.inf
