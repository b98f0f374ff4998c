"""References read what ours reads."""

from pathlib import Path

import redis

from benchmarks.references.raw_redis import RawRedis, encoded
from tests.online.store.servers import own_server


def test_raw_commands_reach_the_server_and_all_replies_are_awaited(tmp_path: Path) -> None:
    with own_server(tmp_path) as server:
        raw = RawRedis(server.url)
        raw.send(encoded([(b"HSET", b"k%d" % number, b"f", bytes(2000)) for number in range(2000)]))
        raw.send(encoded([(b"HGET", b"k1", b"f")] * 2000))
        raw.close()
        with redis.Redis.from_url(server.url) as client:
            assert client.dbsize() == 2000
