"""A real Prometheus with our rules that scrapes a loop every second, where there is one on this machine."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import yaml  # type: ignore[import-untyped, unused-ignore]

from moodstream.local.ports import free_port

ROOT: Final = Path(__file__).parents[2]
OBSERVABILITY: Final = ROOT / "deploy" / "observability"


def program(name: str) -> str:
    """The path of Prometheus, promtool or amtool; skips the test where it isn't installed."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} on this machine: apt-get install prometheus prometheus-alertmanager")
    return found


class Prometheus:
    """A client of one that runs."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def ask(self, path: str, **parameters: str) -> Any:
        answer = self._http.get(f"/api/v1/{path}", params=parameters).json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def values(self, query: str, since: float) -> list[float]:
        """All values that a graph of this query from then on would show."""
        found = self.ask("query_range", query=query, start=str(since), end=str(time.time()), step="1")
        return [float(value) for series in found["result"] for _, value in series["values"]]

    def is_ready(self) -> bool:
        try:
            return self._http.get("/-/ready").is_success
        except httpx.HTTPError:
            return False


@contextmanager
def prometheus(folder: Path, targets: dict[str, str]) -> Iterator[Prometheus]:
    """One that scrapes these jobs' addresses (`host:port`) and evaluates our rules each second."""
    port = free_port(set())
    (folder / "prometheus.yml").write_text(_configuration(targets))
    arguments = [f"--web.listen-address=127.0.0.1:{port}", f"--storage.tsdb.path={folder / 'data'}"]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [program("prometheus"), f"--config.file={folder / 'prometheus.yml'}", *arguments], stdout=log, stderr=log
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10, trust_env=False) as http:
            client, until = Prometheus(http), time.monotonic() + 60
            while not client.is_ready():
                assert time.monotonic() < until, (folder / "prometheus.log").read_text()
                time.sleep(0.1)
            yield client
    finally:
        process.terminate()
        process.wait(20)


def _configuration(targets: dict[str, str]) -> str:
    configuration: str = yaml.safe_dump(
        {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(OBSERVABILITY / "rules" / "*.yml")],
            "scrape_configs": [
                {"job_name": job, "static_configs": [{"targets": [target]}]} for job, target in targets.items()
            ],
        }
    )
    return configuration
