"""Every query of every panel against a real Prometheus, which scrapes a real loop: `make check-observability`."""

import math
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from deploy.observability.draw import DASHBOARDS
from tests.observability.conftest import Observed
from tests.observability.load import drive
from tests.observability.prometheus import Prometheus, prometheus

QUERIES = [
    (one.name, panel.title, legend, query)
    for one in DASHBOARDS
    for panels in one.rows.values()
    for panel in panels
    for legend, query in panel.queries.items()
]


@pytest.fixture(scope="module")
def scraped(observed: Observed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Prometheus, float]]:
    """A Prometheus that has seen a second load come, and since when."""
    targets = {job: urlsplit(address).netloc for job, address in observed.pages.items()}
    with prometheus(tmp_path_factory.mktemp("prometheus"), targets) as running:
        began = time.time()
        _until(running, f"min(count_over_time(up[1m])) >= 3 and count(up == 1) == {len(targets)}")
        drive(observed.loop)
        time.sleep(3)  # for the last counts to be scraped and the rules to see them
        yield running, began


def _until(running: Prometheus, query: str) -> None:
    deadline = time.monotonic() + 60
    while not running.ask("query", query=query)["result"]:
        assert time.monotonic() < deadline, running.ask("targets")
        time.sleep(0.2)


@pytest.mark.parametrize(("board", "panel", "legend", "query"), QUERIES, ids=lambda value: str(value)[:40])
def test_the_query_returns_data(
    scraped: tuple[Prometheus, float], board: str, panel: str, legend: str, query: str
) -> None:
    running, since = scraped
    values = running.values(query.replace("$__rate_interval", "1m"), since)
    assert any(math.isfinite(value) for value in values), f"{board}, {panel}, {legend}: {query}"


def test_the_rules_are_evaluated_without_an_error(scraped: tuple[Prometheus, float]) -> None:
    groups = scraped[0].ask("rules")["groups"]
    assert {Path(group["file"]).name for group in groups} == {"alerts.yml", "promises.yml"}
    assert not [rule["lastError"] for group in groups for rule in group["rules"] if rule.get("lastError")]
    assert all(rule["health"] == "ok" for group in groups for rule in group["rules"])
