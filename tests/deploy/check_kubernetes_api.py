"""A real API server takes every object of every overlay: strictly, by the CRDs' rules in CEL, and by pod security."""

import json
from collections.abc import Iterator

import pytest

from tests.deploy.api_server import Cluster, api_server, needs_api_server
from tests.deploy.rendered import K8S, OVERLAYS, named, workloads

pytestmark = needs_api_server


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with api_server(tmp_path_factory.mktemp("kubernetes")) as running:
        yield running


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_api_server_takes_the_whole_overlay_without_a_warning(cluster: Cluster, overlay: str) -> None:
    folder = str(K8S / "overlays" / overlay)
    made = cluster.kubectl("apply", "--server-side", "--force-conflicts", "--validate=strict", "-k", folder)
    assert made.returncode == 0, made.stderr
    assert "Warning" not in made.stderr


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_restricted_pod_security_lets_every_pod_in(cluster: Cluster, overlay: str) -> None:
    for one in workloads(overlay):
        metadata = {"name": "pod", "namespace": "moodstream", "labels": one.labels}
        claims = [{"name": claim["metadata"]["name"]} for claim in one.spec.get("volumeClaimTemplates", ())]
        spec = {**one.pod, "volumes": [*one.pod.get("volumes", ()), *claims]}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
        made = cluster.kubectl("create", "--dry-run=server", "-f", "-", given=json.dumps(pod))
        assert made.returncode == 0, f"{one.name}: {made.stderr}"


@pytest.mark.parametrize(
    ("kind", "name", "change", "reason"),
    [
        ("EC2NodeClass", "moodstream-gpu", {"role": "node"}, "role"),
        ("NodePool", "moodstream-gpu", {"weight": 1000}, "weight"),
        ("StatefulSet", "stream", {"updateStrategy": {"type": "Sometimes"}}, "updateStrategy"),
        ("PodDisruptionBudget", "stream", {"minAvailable": 1}, "cannot be both set"),
        ("NetworkPolicy", "nothing", {"policyType": []}, "not declared"),
    ],
)
def test_what_breaks_a_rule_is_refused(
    cluster: Cluster, kind: str, name: str, change: dict[str, object], reason: str
) -> None:
    one = named("production", kind, name)
    broken = json.dumps({**one, "spec": {**one["spec"], **change}})
    made = cluster.kubectl("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-", given=broken)
    assert made.returncode
    assert reason in made.stderr


def test_pod_security_keeps_a_pod_with_a_privilege_out(cluster: Cluster) -> None:
    container = {"name": "c", "image": "i"}
    metadata = {"name": "pod", "namespace": "moodstream"}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"serviceAccountName": "serving", "hostNetwork": True, "containers": [container]},
    }
    made = cluster.kubectl("create", "--dry-run=server", "-f", "-", given=json.dumps(pod))
    assert "violates PodSecurity" in made.stderr
