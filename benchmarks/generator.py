"""Requests at a constant rate over kept connections, by a process of its own: `python -m benchmarks.generator URL`.

Open loop: a request is due when its time has come, whatever became of those before it, and its latency counts from
then (G. Tene's "coordinated omission": whoever waits for answers measures a server only when it is well). Bare
sockets and bytes that were made before, so that little of a core is taken from what is measured; how much, and how
late the generator itself was, is reported.
"""

import argparse
import gc
import json
import math
import re
import select
import socket
import time
from array import array
from collections import Counter, deque
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from benchmarks.child import Child

LINES: Final = 100
"""Connections to each address: more than a server answers at once, so that it's the server that turns requests away."""
_PATIENCE_S: Final = 5.0
"""After the last request is due."""
_READ: Final = 1 << 18
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)

Address = tuple[str, int]


class Plan(NamedTuple):
    """What to ask of whom: request n goes to address n modulo their number, when it is due."""

    addresses: Sequence[Address]
    requests: Sequence[bytes]
    """Asked one after the other, and again from the first."""
    seconds: float
    rate: float = math.inf
    """A second, of all together. Without one each connection asks as soon as it's answered (closed loop)."""
    lines: int = LINES
    marks: Sequence[bytes] = ()
    """What is counted in the good answers' bodies."""


class Heard(NamedTuple):
    """What came of a plan."""

    latency_ms: NDArray[np.float64]
    """(n,) of all requests in the order of being due; infinite for one that had no good answer."""
    statuses: dict[int, int]
    broken: int
    """Connections that ended before an answer did."""
    unanswered: int
    marks: dict[bytes, int]
    seconds: float
    cpu_share: float
    """Of one core, that nobody beside the generator had."""
    late_ms: float
    """99th percentile of how long the generator itself took to see that a request was due."""

    @property
    def good(self) -> int:
        """Requests with a good answer."""
        return int(np.isfinite(self.latency_ms).sum())


class Answer(NamedTuple):
    """One whole answer."""

    status: int
    body: bytes


class Line:
    """A connection that is kept, with one request under way at most."""

    def __init__(self, address: Address) -> None:
        self.socket = socket.create_connection(address, timeout=_PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._read = bytearray()
        self.number = -1
        """Which request is under way."""

    def ask(self, number: int, request: bytes) -> None:
        """Send a request; none may be under way."""
        self.number = number
        self.socket.sendall(request)

    def hear(self) -> Answer | None:
        """Read once; an answer when it's whole. Raises `ConnectionError` for an end, and for one of unknown length."""
        part = self.socket.recv(_READ)
        if not part:
            raise ConnectionError("it ended before its answer")
        self._read += part
        head = self._read.find(b"\r\n\r\n")
        if head < 0:
            return None
        length = _LENGTH.search(self._read, 0, head + 2)
        if length is None:
            raise ConnectionError("an answer doesn't say its length")
        end = head + 4 + int(length[1])
        if len(self._read) < end:
            return None
        answer = Answer(int(self._read[9:12]), bytes(self._read[head + 4 : end]))
        self._read.clear()
        return answer


class Run:
    """One plan carried out, by one thread that sleeps until something is due or has come."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._epoll = select.epoll()
        self._lines: dict[int, tuple[Line, int]] = {}
        """By file number, each with the place of its address."""
        self._idle: list[deque[Line]] = [deque() for _ in plan.addresses]
        self._waiting: list[deque[int]] = [deque() for _ in plan.addresses]
        """Requests that are due while no connection is free."""
        self._due = array("d")
        self._took = array("d")
        self._late = array("d")
        self._statuses: Counter[int] = Counter()
        self._marks: Counter[bytes] = Counter()
        self._broken = 0
        self._answered = 0

    def __call__(self) -> Heard:
        """Connect, ask, hear; raises `OSError` where nobody listens."""
        for place in range(len(self._plan.addresses)):
            for _ in range(self._plan.lines):
                self._connect(place)
        began, worked = time.perf_counter(), time.process_time()
        if math.isinf(self._plan.rate):
            self._ask_busily(began)
        else:
            self._ask_steadily(began)
        seconds, worked = time.perf_counter() - began, time.process_time() - worked
        for line, _ in self._lines.values():
            line.socket.close()
        self._epoll.close()
        return Heard(
            latency_ms=1000 * np.array(self._took),
            statuses=dict(self._statuses),
            broken=self._broken,
            unanswered=len(self._due) - self._answered,
            marks=dict(self._marks),
            seconds=seconds,
            cpu_share=worked / seconds,
            late_ms=1000 * float(np.quantile(np.array(self._late), 0.99)) if self._late else 0.0,
        )

    def _ask_steadily(self, began: float) -> None:
        rate, total = self._plan.rate, int(self._plan.rate * self._plan.seconds)
        end = began + self._plan.seconds + _PATIENCE_S
        while self._answered < total and (now := time.perf_counter()) < end:
            while len(self._due) < total and (due := began + len(self._due) / rate) <= now:
                self._late.append(now - due)
                self._ask(due)
                now = time.perf_counter()
            following = began + len(self._due) / rate if len(self._due) < total else end
            self._hear(following)

    def _ask_busily(self, began: float) -> None:
        end = began + self._plan.seconds
        while (now := time.perf_counter()) < end + _PATIENCE_S:
            for place, idle in enumerate(self._idle):
                while now < end and idle:
                    self._ask_at(place, len(self._due), now)
            if now >= end and self._answered == len(self._due):
                return
            self._hear(end if now < end else end + _PATIENCE_S)

    def _ask(self, due: float) -> None:
        """The next request, by a free connection of the address whose turn it is, or as soon as one is free."""
        number = len(self._due)
        place = number % len(self._idle)
        if self._idle[place]:
            self._ask_at(place, number, due)
        else:
            self._note(due)
            self._waiting[place].append(number)

    def _ask_at(self, place: int, number: int, due: float) -> None:
        self._note(due)
        self._send(self._idle[place].popleft(), number)

    def _note(self, due: float) -> None:
        self._due.append(due)
        self._took.append(math.inf)

    def _send(self, line: Line, number: int) -> None:
        try:
            line.ask(number, self._plan.requests[number % len(self._plan.requests)])
        except OSError:
            self._replace(line)

    def _hear(self, until: float) -> None:
        """Sleep until then, or until something comes: by select, for epoll itself counts in milliseconds."""
        if not select.select([self._epoll], [], [], max(0.0, until - time.perf_counter()))[0]:
            return
        for number, _ in self._epoll.poll(0):
            line, place = self._lines[number]
            try:
                answer = line.hear()
            except OSError:
                self._replace(line)
                continue
            if answer is not None:
                self._take(line, answer)
                self._free(line, place)

    def _take(self, line: Line, answer: Answer) -> None:
        self._statuses[answer.status] += 1
        self._answered += 1
        if 200 <= answer.status < 300:
            self._took[line.number] = time.perf_counter() - self._due[line.number]
            for mark in self._plan.marks:
                self._marks[mark] += answer.body.count(mark)

    def _free(self, line: Line, place: int) -> None:
        line.number = -1
        if self._waiting[place]:
            self._send(line, self._waiting[place].popleft())
        else:
            self._idle[place].append(line)

    def _connect(self, place: int) -> None:
        """A new connection, which has had one answer that doesn't count: the first one is the server's slowest."""
        line = Line(self._plan.addresses[place])
        line.ask(-1, self._plan.requests[0])
        while line.hear() is None:
            pass
        self._lines[line.socket.fileno()] = line, place
        self._epoll.register(line.socket.fileno(), select.EPOLLIN)
        self._idle[place].append(line)

    def _replace(self, line: Line) -> None:
        """For one that broke: what was under way there has no answer; another one takes its place, if it can."""
        self._broken += 1
        self._answered += line.number >= 0
        _, place = self._lines.pop(line.socket.fileno())
        self._epoll.unregister(line.socket.fileno())
        line.socket.close()
        fresh = Line(self._plan.addresses[place])
        self._lines[fresh.socket.fileno()] = fresh, place
        self._epoll.register(fresh.socket.fileno(), select.EPOLLIN)
        self._free(fresh, place)


class Generator(Child):
    """The process: `with Generator() as generator: generator.run(plan)`; raises `EOFError` where it has ended."""

    def __init__(self) -> None:
        super().__init__(serve_plans)

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def run(self, plan: Plan) -> Heard:
        """Carry out a plan, and hear what came of it."""
        self._pipe.send(plan)
        heard: Heard = self._pipe.recv()
        return heard


def serve_plans(inbox: "Connection[Any, Any]") -> None:
    """The other process: one plan after the other."""
    inbox.send("ready")
    while True:
        plan: Plan = inbox.recv()
        gc.collect()
        gc.disable()
        heard = Run(plan)()
        gc.enable()
        inbox.send(heard)


def request(method: str, path: str, body: bytes = b"") -> bytes:
    """The bytes of a request, as any client of HTTP/1.1 would send it."""
    of_body = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: */*\r\n{of_body}\r\n".encode() + body


def percentiles(latency_ms: NDArray[np.float64]) -> dict[str, float]:
    """In ms; infinite where so many had no good answer."""
    if not len(latency_ms):
        return {}
    return {
        name: round(float(np.quantile(latency_ms, share, method="higher")), 2)
        for name, share in (("p50_ms", 0.5), ("p90_ms", 0.9), ("p99_ms", 0.99), ("p99.9_ms", 0.999), ("most_ms", 1.0))
    }


def figures(heard: Heard) -> dict[str, Any]:
    """What a run says, as plain numbers."""
    return {
        **percentiles(heard.latency_ms),
        "asked": len(heard.latency_ms),
        "good": heard.good,
        "good_per_s": round(heard.good / heard.seconds, 1),
        "statuses": heard.statuses,
        "broken": heard.broken,
        "unanswered": heard.unanswered,
        "generator_cores": round(heard.cpu_share, 3),
        "generator_late_p99_ms": round(heard.late_ms, 3),
    }


def main() -> None:
    """Ask one address, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", nargs="+", help="of the same host and path; one after the other is asked")
    parser.add_argument("--rate", type=float, default=math.inf, help="requests a second")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--lines", type=int, default=LINES, help="connections")
    chosen = parser.parse_args()
    parts = [urlsplit(url) for url in chosen.url]
    asked = request("GET", (parts[0].path or "/") + (f"?{parts[0].query}" if parts[0].query else ""))
    addresses = [(part.hostname or "127.0.0.1", part.port or 80) for part in parts]
    heard = Run(Plan(addresses, [asked], chosen.seconds, chosen.rate, chosen.lines))()
    print(json.dumps(figures(heard), indent=2))


if __name__ == "__main__":
    main()
