"""Several processes at one address: counted right, started again, ended together; real processes."""

import operator
import signal
import time
from contextlib import suppress
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped, unused-ignore]
import pytest
from prometheus_client.parser import text_string_to_metric_families

from contracts.errors import Misconfigured
from contracts.settings import Settings
from moodstream.local.ports import free_port
from serving import crew
from serving.crew import serve_together
from serving.siblings import merged
from tests.serving.test_process import ENDS_WITHIN_S, ends, serving

PROCESSES = 2


def counted(http: httpx.Client) -> dict[str, float]:
    """Requests for a user, by process, as whoever answers tells of them."""
    families = text_string_to_metric_families(_got(http, "/metrics").text)
    return {
        sample.labels["process"]: sample.value
        for family in families
        for sample in family.samples
        if sample.name == "moodstream_requests_total" and sample.labels["route"].startswith("/v1/users")
    }


def ask(http: httpx.Client, times: int) -> None:
    """Each time by a new connection, so that each process gets some."""
    for _ in range(times):
        assert _got(http, "/v1/users/me").status_code == 200


def _got(http: httpx.Client, path: str) -> httpx.Response:
    """By a new connection; by another one where the process that was to answer is killed."""
    while True:
        with suppress(httpx.TransportError):
            return httpx.get(http.base_url.join(path), timeout=15, trust_env=False)


def test_each_of_several_processes_is_counted_whoever_is_asked_and_a_dead_one_takes_only_its_own_along(
    tmp_path: Path,
) -> None:
    nobody = f"127.0.0.1:{free_port(set())}"
    chosen = {"kafka": nobody, "redis": f"redis://{nobody}/0", "api_processes": str(PROCESSES)}
    with serving(tmp_path, **chosen) as (parent, http):
        until = time.monotonic() + 60
        while len(counted(http)) < PROCESSES:
            assert time.monotonic() < until, (tmp_path / "log").read_text()
            ask(http, 4)
        before = counted_of_all(http)
        ask(http, 20)
        assert all(sum(counted_of_all(http).values()) == sum(before.values()) + 20 for _ in range(5))
        (victim, *_) = (p for p in psutil.Process(parent.pid).children() if "spawn_main" in " ".join(p.cmdline()))
        victim.send_signal(signal.SIGKILL)
        assert set(counted_without_one(http)) < set(before)
        until = time.monotonic() + 60
        while len(counted(http)) < PROCESSES:
            assert time.monotonic() < until, (tmp_path / "log").read_text()
            ask(http, 4)
        assert "ended with exit code -9: starting another one" in (tmp_path / "log").read_text()
        assert ends(parent) < ENDS_WITHIN_S
    assert not psutil.pid_exists(victim.pid)


def counted_of_all(http: httpx.Client) -> dict[str, float]:
    """Once none is left out for being busy."""
    until = time.monotonic() + 60
    while len(found := counted(http)) < PROCESSES:
        assert time.monotonic() < until
    return found


def counted_without_one(http: httpx.Client) -> dict[str, float]:
    """Once one of them isn't there."""
    until = time.monotonic() + 10
    while len(found := counted(http)) == PROCESSES:
        assert time.monotonic() < until
        time.sleep(0.01)
    return found


def test_what_several_say_is_told_apart_by_process() -> None:
    text = '# HELP a_total Of a.\n# TYPE a_total counter\na_total{b="c"} %d\n'
    lines = merged({"0": text % 1, "1": text % 2}).decode().splitlines()
    assert lines == [
        "# HELP a_total Of a.",
        "# TYPE a_total counter",
        'a_total{b="c",process="0"} 1.0',
        'a_total{b="c",process="1"} 2.0',
    ]


def test_processes_that_cant_live_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "_GIVE_UP", 1)
    monkeypatch.setattr(crew, "_QUICK_S", 600.0)  # on a busy machine they begin for longer than the ten seconds
    chosen = Settings(kafka="127.0.0.1:1", redis="redis://127.0.0.1:1/0", api_port=free_port(set()), api_processes=2)
    with pytest.raises(Misconfigured, match="end as soon as they begin"):
        serve_together(chosen, operator.neg)  # type: ignore[arg-type]  # it takes no three arguments
