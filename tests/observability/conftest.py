"""A loop that has had its load: a worker and an API as processes, which log as JSON at debug level."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest

from moodstream.local.ports import free_port
from tests.end_to_end.conftest import Loop, in_a_home, looped
from tests.fakes.bundle import random_bundle
from tests.observability.load import drive


class Observed(NamedTuple):
    """The loop, and where its two processes tell of themselves."""

    loop: Loop
    pages: dict[str, str]
    """`serving` and `stream`, each with its address."""

    def metrics(self, process: str) -> str:
        return httpx.get(self.pages[process], trust_env=False).text

    def log(self, verb: str) -> list[dict[str, Any]]:
        """The lines of a process; each is one object, but for what a library prints before there is a log."""
        lines = (self.loop.settings.home / f"{verb}.log").read_text().splitlines()
        return [msgspec.json.decode(line) for line in lines]


@pytest.fixture(scope="session")
def observed(kafka: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    """Once all of the load is learned."""
    chosen: dict[str, Any] = {"partitions": 1, "drift_block_s": 0.0, "logs": "json", "log_level": "debug"}
    home = in_a_home(kafka, redis_url, tmp_path_factory.mktemp("home"))
    settings = msgspec.structs.replace(home, stream_port=free_port({home.api_port}), **chosen)
    with looped(settings, random_bundle(90, 1)) as loop:
        drive(loop)
        pages = {
            "serving": f"{loop.client.address}/metrics",
            "stream": f"http://127.0.0.1:{settings.stream_port}/metrics",
        }
        yield Observed(loop, pages)
