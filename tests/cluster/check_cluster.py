"""The local overlay runs in a real cluster, and does there what it does on one machine: `make check-cluster`."""

import os
import time
import uuid
from collections.abc import Iterator
from typing import Any, Final

import pytest

from contracts.events import Interaction
from moodstream.client import Client
from tests.cluster import strimzi
from tests.cluster.app import APP, asked_while, bring_in, take_out
from tests.cluster.tools import EVENTS, ITEMS, bundles, current, events, moodstream, publish_a_bundle, put
from tests.cluster.up import NAMESPACE, Cluster, missing
from tests.compose.up import eventually
from tests.deploy.rendered import K8S

_NEEDS = missing()
_STAND_IN = os.environ.get("STAND_IN_KAFKA", "")
_OVERLAY: Final = str(K8S / "overlays" / "local")
pytestmark = [pytest.mark.skipif(bool(_NEEDS), reason=_NEEDS or "it can"), pytest.mark.timeout(2400)]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """With the overlay in it, topics and a trained bundle; all of it gone at the end."""
    cluster = Cluster()
    try:
        if _STAND_IN:
            strimzi.install(cluster)
        made = cluster.run("apply", "-k", _OVERLAY)
        assert (made.returncode, made.stderr) == (0, ""), made.stderr
        if _STAND_IN:
            strimzi.reconcile(cluster, _STAND_IN)
        cluster("wait", "--for=condition=Ready", "kafka/moodstream", "--timeout=600s")
        cluster("scale", "deployment/tools", "--replicas=1")
        cluster("rollout", "status", "deployment/tools", "--timeout=600s")
        moodstream(cluster, "topics")
        publish_a_bundle(cluster)
        for one in ("deployment/serving", "statefulset/stream"):
            cluster("rollout", "status", one, "--timeout=600s")
        bring_in(cluster)
        yield cluster
    finally:
        take_out(cluster)
        cluster.run("delete", "-k", _OVERLAY, "--ignore-not-found")


def like(user: str, item: str) -> Interaction:
    return Interaction(event_id=uuid.uuid4().hex, time=int(time.time() * 1000), user_id=user, item_id=item, kind="like")


def learned(client: Client, user: str) -> int:
    """Events that the stream has learned of a user."""
    return client.profile(user).events


def started_anew(cluster: Cluster, *words: str) -> list[str]:
    """The pods of these words with containers that ended by themselves."""
    found = cluster.get("pods", *words)
    pods = found if isinstance(found, list) else [found]
    return [
        one["metadata"]["name"]
        for one in pods
        if any(container["restartCount"] for container in one["status"]["containerStatuses"])
    ]


def all_ready(cluster: Cluster, name: str, number: int) -> bool:
    pods = cluster.get("pods", "--selector", f"app.kubernetes.io/name={name}")
    ready = [one for one in pods if {"type": "Ready", "status": "True"}.items() <= _ready(one).items()]
    return len(ready) == len(pods) == number


def _ready(pod: dict[str, Any]) -> dict[str, str]:
    return next((one for one in pod["status"].get("conditions", ()) if one["type"] == "Ready"), {})


def test_every_pod_is_let_in_and_becomes_ready(cluster: Cluster) -> None:
    for name, number in (("serving", 2), ("stream", 2), ("redis", 1), ("s3", 1), ("tools", 1)):
        assert all_ready(cluster, name, number), name
    assert not started_anew(cluster, "--selector", "app.kubernetes.io/name in (serving, redis, s3, tools)")


def test_a_click_changes_the_next_answer(cluster: Cluster) -> None:
    with cluster.client() as client:
        eventually(lambda: not client.recommend("uu1").degraded)
        before = client.recommend("uu1")
        assert before.bundle == current(cluster)
        changed, _ = client.until_changed("uu1", client.post([like("uu1", before.items[0].item_id)])[-1])
        assert before.items[0].item_id not in [item.item_id for item in changed.items]


def test_a_killed_worker_comes_back_and_learns_what_came_meanwhile(cluster: Cluster) -> None:
    with cluster.client() as client:
        users = [f"killed-{number}" for number in range(20)]
        cluster("delete", "pod", "stream-0", "--grace-period=0", "--force")
        client.post([like(user, "r0i1") for user in users])
        eventually(lambda: all(learned(client, user) == 1 for user in users), within_s=120)
    eventually(lambda: all_ready(cluster, "stream", 2), within_s=120)


def test_no_request_fails_while_a_pod_of_the_api_is_deleted(cluster: Cluster) -> None:
    (pod, _) = cluster.get("pods", "--selector", "app.kubernetes.io/name=serving")
    gone = ("delete", "pod", pod["metadata"]["name"], "--wait=true")
    assert set(asked_while(75, lambda: cluster(*gone))) == {"200"}


def test_no_request_fails_while_everything_is_rolled_out_anew(cluster: Cluster) -> None:
    def roll_out() -> None:
        cluster("rollout", "restart", "deployment/serving", "statefulset/stream")
        cluster("rollout", "status", "deployment/serving", "--timeout=300s")

    assert set(asked_while(150, roll_out)) == {"200"}
    cluster("rollout", "status", "statefulset/stream", "--timeout=300s")


def test_what_was_learned_outlives_redis(cluster: Cluster) -> None:
    with cluster.client() as client:
        client.post([like("kept", "r0i1"), like("kept", "r0i2")])
        eventually(lambda: learned(client, "kept") == 2)
        cluster("delete", "pod", "redis-0")
        cluster("rollout", "status", "statefulset/redis", "--timeout=300s")
        client.post([like("kept", "r0i3")])
        eventually(lambda: learned(client, "kept") == 3, within_s=120)


def test_a_worker_that_starts_while_the_lake_is_away_waits_for_it(cluster: Cluster) -> None:
    cluster("scale", "statefulset/s3", "--replicas=0")
    cluster("wait", "--for=delete", "pod/s3-0", "--timeout=120s")
    cluster("delete", "pod", "stream-0")
    eventually(lambda: "must wait: the lake" in cluster.run("logs", "stream-0").stdout, within_s=120)
    assert all_ready(cluster, "stream", 2)
    with cluster.client() as client:
        users = [f"waited-{number}" for number in range(20)]
        client.post([like(user, "r0i1") for user in users])
        cluster("scale", "statefulset/s3", "--replicas=1")
        eventually(lambda: all(learned(client, user) == 1 for user in users), within_s=180)
    assert not started_anew(cluster, "stream-0")


def test_the_night_runs_in_its_pod_up_to_its_verdict(cluster: Cluster) -> None:
    """Which is the data's: a canary (0), or refused (3), and then nobody tries it again."""
    put(cluster, EVENTS, events("n", days_ago=0))
    moodstream(cluster, "events", "send", EVENTS)
    cluster("create", "job", "--from=cronjob/nightly", "night")
    eventually(lambda: bool(_exit_codes(cluster, "night")), within_s=1200)
    said = cluster("logs", "job/night", "--tail=80")
    print(said)  # noqa: T201
    assert _exit_codes(cluster, "night") in ([0], [3]), said
    assert "gate  " in said, said


def _exit_codes(cluster: Cluster, job: str) -> list[int]:
    pods = cluster.get("pods", "--selector", f"job-name={job}")
    states = [one["state"] for pod in pods for one in pod["status"].get("containerStatuses", ())]
    return [one["terminated"]["exitCode"] for one in states if "terminated" in one]


def test_the_way_back_is_one_job(cluster: Cluster) -> None:
    before = current(cluster)
    moodstream(cluster, "train", "--events", EVENTS, "--items", ITEMS, "--seed", "1")
    moodstream(cluster, "publish", bundles(cluster)[-1]["version"])
    assert current(cluster) != before
    cluster("create", "job", "--from=cronjob/rollback", "rollback-now")
    cluster("wait", "--for=condition=Complete", "job/rollback-now", "--timeout=300s")
    assert current(cluster) == before
    with cluster.client() as client:
        eventually(lambda: client.recommend("uu1").bundle == before)


@pytest.mark.parametrize("server", ["redis:6379", "s3:7070", "moodstream-kafka-bootstrap:9093", "stream:9100"])
def test_nobody_comes_in_whom_no_policy_names(cluster: Cluster, server: str) -> None:
    host, _, port = server.partition(":")
    reach = f"import socket; socket.create_connection(('{host}.{NAMESPACE}', {port}), timeout=3)"
    done = APP.run("exec", "app", "--", "python", "-c", reach)
    if not done.returncode:
        pytest.skip("this cluster's network plugin enforces no policies")
    assert "timed out" in done.stderr or "refused" in done.stderr, done.stderr
