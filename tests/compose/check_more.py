"""What profiles add to the containers: bundles and lake in S3, Prometheus and its friends. See `check_compose`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.compose.check_compose import like, publish_a_bundle
from tests.compose.up import CORE, Compose, eventually, missing

_S3 = missing(*CORE, "s3")
_WATCHED = ("prometheus", "alertmanager")
_OBSERVE = missing(*CORE, *_WATCHED)
_GRAFANA = missing(*CORE, "grafana")
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compose]:
    services = (*CORE, *_WATCHED, *(() if _GRAFANA else ("grafana",)))
    with Compose(tmp_path_factory.mktemp("watched"), services) as up:
        yield up


@pytest.mark.skipif(bool(_S3), reason=_S3 or "it can")
def test_bundles_and_lake_may_lie_in_a_bucket(tmp_path: Path) -> None:
    """The server keeps each object as a file of its name, so that a test can put a bundle there, and look."""
    with Compose(tmp_path, (*CORE, "s3"), ["deploy/compose/s3.env"]) as stack, stack.client() as client:
        version = publish_a_bundle(stack, stack.folder / "s3" / "moodstream" / "bundles")
        eventually(lambda: client.recommend("me").bundle == version)
        client.until_changed("me", client.post([like("me", "i1")])[-1])
        stack("stop", "stream")  # which writes what it holds back
        assert list((stack.folder / "s3" / "moodstream" / "lake").rglob("*.parquet"))


@pytest.mark.skipif(bool(_OBSERVE), reason=_OBSERVE or "it can")
def test_prometheus_reaches_whatever_it_is_to_watch_and_knows_its_rules(watched: Compose) -> None:
    eventually(lambda: {"serving": "up", "stream": "up"}.items() <= targets(watched).items())
    assert set(targets(watched).values()) == {"up"}
    assert asked(watched, "rules")["groups"]
    eventually(lambda: bool(asked(watched, "alertmanagers")["activeAlertmanagers"]))


@pytest.mark.skipif(bool(_GRAFANA or _OBSERVE), reason=_GRAFANA or _OBSERVE or "it can")
def test_grafana_has_the_dashboards_and_reaches_prometheus(watched: Compose) -> None:
    grafana = httpx.Client(
        base_url=f"http://127.0.0.1:{watched.ports['grafana']}", auth=("admin", "only-on-this-machine")
    )
    assert grafana.get("/api/search", params={"type": "dash-db"}).json()
    for source in grafana.get("/api/datasources").json():
        assert grafana.get(f"/api/datasources/uid/{source['uid']}/health").json()["status"] == "OK"


def targets(stack: Compose) -> dict[str, str]:
    """By job, whether it is reached."""
    return {one["labels"]["job"]: one["health"] for one in asked(stack, "targets")["activeTargets"]}


def asked(stack: Compose, what: str) -> Any:
    """What Prometheus' API says."""
    return httpx.get(f"http://127.0.0.1:{stack.ports['prometheus']}/api/v1/{what}").json()["data"]
