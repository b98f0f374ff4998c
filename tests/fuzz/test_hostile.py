"""Thousands of hostile requests to the API on real Kafka and Redis: no 500, no crash, no growth of memory."""

import os
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped, unused-ignore]
import pytest

from stream import topics
from tests.fuzz.hostile import Request, requests
from tests.serving.test_events import LIKE
from tests.serving.test_process import serving

COUNT = int(os.environ.get("FUZZ_REQUESTS", "1250"))
"""Requests in each round; the first makes the process warm, the second one must not make it larger."""
GROWTH_MB = 30
"""More than what an allocator keeps for later; a leak of a body would be 20 MB after each ten of those of 10 MB."""
RAW = (
    b"GET / HTTP/1.1\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET /v1/recommendations?user_id=me HTTP/9.9\r\nHost: x\r\n\r\n",
    b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n{}",
    b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}",
    b"POST /v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\nffffffffff\r\n",
    b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 20_000,
    b"POST /v1/events HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
    b"\x00" * 5000,
)


@pytest.mark.timeout(600)
def test_no_500_no_crash_no_growth(tmp_path: Path, kafka: str, redis_url: str, namespace: str) -> None:
    topics.ensure(kafka, namespace, 4, 1)
    with serving(tmp_path, kafka=kafka, redis=redis_url, namespace=namespace) as (process, http):
        server = psutil.Process(process.pid)
        found: Counter[int] = Counter()
        sizes = []
        for seed in (1, 2):
            for request in requests(seed, COUNT):
                status = answered(http, request)
                assert status < 500 or status == 503, request._replace(body=request.body[:500])
                found[status] += 1
            for raw in RAW:
                cut_off(http, raw)
            assert process.poll() is None
            sizes.append(server.memory_info().rss / 1e6)
        print(f"{found.total():,} requests: {dict(sorted(found.items()))}; RSS {sizes[0]:.0f} → {sizes[1]:.0f} MB")  # noqa: T201 - shown by -s
        assert {200, 202, 400, 404, 405, 413, 415, 422} <= found.keys()
        assert sizes[1] < sizes[0] + GROWTH_MB
        assert http.post("/v1/events", json=LIKE).status_code == 202
        assert http.get("/health/ready").json()["degraded"] == []
        assert "Traceback" not in (tmp_path / "log").read_text()


def answered(http: httpx.Client, request: Request) -> int:
    """The status; one that hung up on a body that was too large has said 413."""
    content = pieces(request.body) if request.chunked else request.body
    try:
        answer = http.request(request.method, request.path, content=content, headers=request.headers)
    except (httpx.WriteError, httpx.RemoteProtocolError, httpx.ReadError):
        assert len(request.body) > 1_000_000
        return 413
    if answer.status_code >= 400 and request.method != "HEAD":
        assert answer.headers["content-type"] in ("application/problem+json", "text/plain; charset=utf-8")
        assert ".py" not in answer.text or ".py" in request.path
    return answer.status_code


def pieces(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 65_536):
        yield body[start : start + 65_536]


def cut_off(http: httpx.Client, raw: bytes) -> None:
    """What is no HTTP, or no whole request, and a client that is gone."""
    with socket.create_connection((http.base_url.host, http.base_url.port or 0), timeout=20) as client:
        client.settimeout(0.3)
        try:
            client.sendall(raw)
            client.recv(1000)
        except OSError:
            return
