"""The rules of good operation that every overlay keeps: probes, limits, budgets, no privilege, who waits for whom."""

import re
from typing import Any

import pytest

from contracts.settings import PREFIX
from serving.guard import HEALTH
from serving.server import GRACE_S
from tests.deploy.rendered import (
    ON_EKS,
    OVERLAYS,
    Object,
    Workload,
    containers,
    named,
    needs_kubectl,
    of_kind,
    rendered,
    workload,
    workloads,
)

pytestmark = needs_kubectl
DRAIN_S = 10
"""A worker's, at most: tests/stream/test_worker.py holds it to that."""
each_overlay = pytest.mark.parametrize("overlay", OVERLAYS)
CLUSTERS_OWN = {"ClusterSecretStore", "EC2NodeClass", "Namespace", "NodePool", "PriorityClass"}


def running(overlay: str) -> list[Workload]:
    """What runs all the time."""
    return [one for one in workloads(overlay) if one.kind != "CronJob" and one.name != "tools"]


@each_overlay
def test_everything_is_in_our_namespace_and_says_that_it_is_ours(overlay: str) -> None:
    for one in rendered(overlay):
        if one["kind"] not in CLUSTERS_OWN:
            assert one["metadata"]["namespace"] == "moodstream", one["metadata"]["name"]
        assert one["metadata"]["labels"]["app.kubernetes.io/part-of"] == "moodstream", one["metadata"]["name"]


@each_overlay
def test_images_have_a_tag_that_is_not_latest(overlay: str) -> None:
    for name, container in containers(overlay):
        assert re.search(r":[\w.-]+$", container["image"]), name
        assert not container["image"].endswith(":latest"), name


@each_overlay
def test_no_container_has_a_privilege(overlay: str) -> None:
    for one in workloads(overlay):
        pod = one.pod
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] >= 100
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
        assert all({"name", "emptyDir"} == volume.keys() or "secret" in volume for volume in pod.get("volumes", ()))
        named(overlay, "ServiceAccount", pod["serviceAccountName"])
    for name, container in containers(overlay):
        may = container["securityContext"]
        assert may["allowPrivilegeEscalation"] is False, name
        assert may["readOnlyRootFilesystem"] is True, name
        assert may["capabilities"] == {"drop": ["ALL"]}, name
    assert named(overlay, "Namespace", "moodstream")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == (
        "restricted"
    )


@each_overlay
def test_no_service_of_the_namespace_becomes_a_setting(overlay: str) -> None:
    assert any(PREFIX.lower().rstrip("_") in one["metadata"]["name"] for one in of_kind("local", "Kafka"))
    assert all(one.pod["enableServiceLinks"] is False for one in workloads(overlay))


@each_overlay
def test_memory_is_kept_for_whoever_asks_for_it_and_room_on_disk_is_bounded(overlay: str) -> None:
    for name, container in containers(overlay):
        resources = container["resources"]
        assert resources["requests"]["memory"] == resources["limits"]["memory"], name
        assert resources["requests"]["cpu"], name
        assert "cpu" not in resources["limits"], f"{name}: it would be slowed down beside an idle core"
    for one in workloads(overlay):
        assert all("sizeLimit" in volume["emptyDir"] for volume in one.pod.get("volumes", ()) if "emptyDir" in volume)


@each_overlay
def test_what_runs_all_the_time_is_watched_by_three_probes(overlay: str) -> None:
    for one in running(overlay):
        assert {"startupProbe", "readinessProbe", "livenessProbe"} <= one.main.keys(), one.name


@each_overlay
def test_liveness_never_asks_redis_or_kafka_and_probes_ask_what_there_is(overlay: str) -> None:
    alive, ready = HEALTH
    for name in ("serving", *(["serving-canary"] if overlay != "local" else [])):
        main = workload(overlay, name).main
        assert main["livenessProbe"]["httpGet"]["path"] == alive
        assert main["startupProbe"]["httpGet"]["path"] == alive
        assert main["readinessProbe"]["httpGet"]["path"] == ready


@each_overlay
def test_a_worker_may_wait_five_minutes_for_kafka(overlay: str) -> None:
    """Refused probes of containers that ended by themselves count too: after two minutes one that ran was killed."""
    probe = workload(overlay, "stream").main["startupProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] >= 300


@each_overlay
def test_not_all_may_be_taken_away_at_once(overlay: str) -> None:
    budgets = [one["spec"] for one in of_kind(overlay, "PodDisruptionBudget")]
    for one in running(overlay):
        (mine,) = [spec for spec in budgets if spec["selector"]["matchLabels"].items() <= one.labels.items()]
        assert mine["maxUnavailable"] == 1, "0 would hold up every upgrade of a node"


@pytest.mark.parametrize("overlay", ON_EKS)
def test_answers_and_learning_are_spread_over_zones(overlay: str) -> None:
    for name in ("serving", "stream"):
        zones = workload(overlay, name).pod["topologySpreadConstraints"][0]
        assert zones["topologyKey"] == "topology.kubernetes.io/zone"
        assert zones["whenUnsatisfiable"] == "DoNotSchedule"
        assert zones["nodeTaintsPolicy"] == "Honor", "a lost zone would hold up the others"


@each_overlay
def test_there_are_two_of_the_api_and_of_workers_at_least_and_none_is_missed_in_an_upgrade(overlay: str) -> None:
    scaled = {one["metadata"]["name"]: one["spec"] for one in of_kind(overlay, "ScaledObject")}
    for name in ("serving", "stream"):
        one = workload(overlay, name)
        assert (scaled[name]["minReplicaCount"] if scaled else one.spec["replicas"]) >= 2
        assert ("replicas" in one.spec) != (name in scaled), "who scales and who applies would overrule each other"
    assert workload(overlay, "serving").spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


@pytest.mark.parametrize("overlay", ON_EKS)
def test_the_api_waits_until_the_load_balancer_has_let_it_go(overlay: str) -> None:
    notes = named(overlay, "Ingress", "serving")["metadata"]["annotations"]
    attributes = notes["alb.ingress.kubernetes.io/target-group-attributes"]
    letting_go = int(attributes.partition("deregistration_delay.timeout_seconds=")[2].partition(",")[0])
    for name in ("serving", "serving-canary"):
        one = workload(overlay, name)
        waits = one.main["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert waits >= letting_go + 5
        assert one.pod["terminationGracePeriodSeconds"] >= waits + GRACE_S + 5
    assert notes["alb.ingress.kubernetes.io/healthcheck-path"] in HEALTH
    assert notes["alb.ingress.kubernetes.io/ssl-redirect"] == "443"
    assert "TLS13" in notes["alb.ingress.kubernetes.io/ssl-policy"]
    paths = [path["path"] for path in named(overlay, "Ingress", "serving")["spec"]["rules"][0]["http"]["paths"]]
    assert paths == ["/v1", "/live"], "health and metrics are no business of the world's"


@each_overlay
def test_a_worker_has_time_to_drain_and_a_lasting_name(overlay: str) -> None:
    stream = workload(overlay, "stream")
    assert stream.kind == "StatefulSet"
    assert stream.pod["terminationGracePeriodSeconds"] >= 3 * DRAIN_S
    (instance,) = [one for one in stream.main["env"] if one["name"] == "MOODSTREAM_STREAM_INSTANCE"]
    assert instance["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}


@each_overlay
def test_jobs_have_a_time_zone_deadlines_and_are_never_two(overlay: str) -> None:
    for one in of_kind(overlay, "CronJob"):
        spec = one["spec"]
        assert spec["timeZone"] == "Etc/UTC"
        assert spec["concurrencyPolicy"] == "Forbid"
        assert spec["startingDeadlineSeconds"] > 10, "the controller looks every ten seconds"
        job = spec["jobTemplate"]["spec"]
        assert job["activeDeadlineSeconds"] > 0
        assert job["ttlSecondsAfterFinished"] > 0
        assert job["template"]["spec"]["restartPolicy"] == "Never"


@each_overlay
def test_a_night_and_its_judge_never_run_together(overlay: str) -> None:
    busy: dict[int, set[str]] = {}
    for name in ("nightly", "judge"):
        spec = named(overlay, "CronJob", name)["spec"]
        job = spec["jobTemplate"]["spec"]
        grace = job["template"]["spec"]["terminationGracePeriodSeconds"]
        lasts = spec["startingDeadlineSeconds"] + job["activeDeadlineSeconds"] + grace
        for begin in _begins(spec["schedule"]):
            for minute in range(begin, begin + lasts // 60 + 1):
                busy.setdefault(minute % 1440, set()).add(name)
    both = [f"{minute // 60:02}:{minute % 60:02}" for minute, names in sorted(busy.items()) if len(names) > 1]
    assert not both, "one process at a time may work on a night"


def _begins(schedule: str) -> list[int]:
    """The minutes of the day in which it begins; day, month and weekday are any."""
    minutes, hours, *rest = schedule.split()
    assert rest == ["*", "*", "*"]
    return [60 * hour + minute for hour in _numbers(hours, 24) for minute in _numbers(minutes, 60)]


def _numbers(field: str, end: int) -> list[int]:
    found: list[int] = []
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        low, high = (0, end - 1) if span == "*" else (int(first), int(last or first))
        found += range(low, high + 1, int(step or 1))
    return found


@pytest.mark.parametrize("overlay", ON_EKS)
def test_the_night_has_a_gpu_is_not_disturbed_and_goes_on_where_a_node_was_taken_away(overlay: str) -> None:
    night = workload(overlay, "nightly")
    assert night.template["metadata"]["annotations"]["karpenter.sh/do-not-disrupt"] == "true"
    assert night.main["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert night.main["image"].endswith("-gpu")
    assert night.main["args"] == ["nightly"]
    pool = named(overlay, "NodePool", "moodstream-gpu")["spec"]
    taint = pool["template"]["spec"]["taints"][0]
    assert any(one["key"] == taint["key"] and one["effect"] == taint["effect"] for one in night.pod["tolerations"])
    assert night.pod["nodeSelector"].items() <= pool["template"]["metadata"]["labels"].items()
    wanted = {one["key"]: one["values"] for one in pool["template"]["spec"]["requirements"]}
    assert set(wanted["karpenter.sh/capacity-type"]) == {"spot", "on-demand"}
    policy = night.spec["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    assert [rule["action"] for rule in policy] == ["FailJob", "Ignore"]
    assert policy[0]["onExitCodes"] == {"containerName": "nightly", "operator": "In", "values": [3]}


@pytest.mark.parametrize("overlay", ON_EKS)
def test_nodes_have_pinned_images_limits_and_encrypted_disks(overlay: str) -> None:
    for one in of_kind(overlay, "EC2NodeClass"):
        (image,) = one["spec"]["amiSelectorTerms"]
        assert re.fullmatch(r"bottlerocket@v\d+\.\d+\.\d+", image["alias"])
        assert all(disk["ebs"]["encrypted"] for disk in one["spec"]["blockDeviceMappings"])
        assert one["spec"]["metadataOptions"]["httpTokens"] == "required"
        assert one["spec"]["metadataOptions"]["httpPutResponseHopLimit"] == 1
    for one in of_kind(overlay, "NodePool"):
        assert one["spec"]["limits"]["cpu"]
        assert one["spec"]["disruption"]["consolidateAfter"]
        named(overlay, "EC2NodeClass", one["spec"]["template"]["spec"]["nodeClassRef"]["name"])


@each_overlay
def test_priorities_exist_and_the_quota_has_room_for_all_at_their_most(overlay: str) -> None:
    priorities = {one["metadata"]["name"] for one in of_kind(overlay, "PriorityClass")}
    most = {one["metadata"]["name"]: one["spec"]["maxReplicaCount"] for one in of_kind(overlay, "ScaledObject")}
    cpu = memory = 0.0
    for one in workloads(overlay):
        assert one.pod["priorityClassName"] in priorities
        times = int(most.get(one.name) or one.spec.get("replicas") or 1)
        requests = one.main["resources"]["requests"]
        cpu += times * _amount(requests["cpu"])
        memory += times * _amount(requests["memory"])
    room = named(overlay, "ResourceQuota", "moodstream")["spec"]["hard"]
    assert cpu * 1.25 <= _amount(room["requests.cpu"]), "an upgrade needs a quarter more"
    assert memory * 1.25 <= _amount(room["requests.memory"])
    if overlay in ON_EKS:
        pool = named(overlay, "NodePool", "moodstream-general")["spec"]["limits"]
        assert _amount(room["requests.cpu"]) <= _amount(pool["cpu"])


def _amount(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(\w*)", str(text)).groups()  # type: ignore[union-attr]
    return float(number) * {"": 1, "m": 0.001, "Mi": 2**20, "Gi": 2**30}[unit]


@each_overlay
def test_what_selects_finds_something_and_ports_have_the_names_that_are_asked_for(overlay: str) -> None:
    pods = {one.name: one for one in workloads(overlay)}
    for service in of_kind(overlay, "Service"):
        found = [one for one in pods.values() if service["spec"]["selector"].items() <= one.labels.items()]
        assert found, service["metadata"]["name"]
        for port in service["spec"]["ports"]:
            assert all(_port(one, port["targetPort"]) == port["port"] for one in found)
    for monitor in of_kind(overlay, "ServiceMonitor"):
        (service,) = [one for one in of_kind(overlay, "Service") if _selects(monitor["spec"]["selector"], one)]
        assert {end["port"] for end in monitor["spec"]["endpoints"]} <= {p["name"] for p in service["spec"]["ports"]}
    for scaled in of_kind(overlay, "ScaledObject"):
        target = pods[scaled["spec"]["scaleTargetRef"]["name"]]
        assert target.kind == scaled["spec"]["scaleTargetRef"]["kind"]
        for trigger in scaled["spec"]["triggers"]:
            assert trigger["metadata"].get("containerName", target.main["name"]) == target.main["name"]


def _selects(selector: Object, one: Object) -> bool:
    return bool(selector["matchLabels"].items() <= one["metadata"]["labels"].items())


def _port(one: Workload, name: str) -> Any:
    return {port["name"]: port["containerPort"] for port in one.main["ports"]}[name]


@pytest.mark.parametrize("overlay", [name for name in OVERLAYS if name != "local"])
def test_the_canary_is_the_stable_version_but_for_track_image_and_replicas(overlay: str) -> None:
    stable, canary = workload(overlay, "serving"), workload(overlay, "serving-canary")
    assert canary.spec["replicas"] == 0
    assert stable.labels.pop("track") == "stable"
    ours = {**stable.pod, "containers": [{**stable.main, "image": ""}]}
    theirs = {**canary.pod, "containers": [{**canary.main, "image": ""}]}
    assert ours == theirs
    assert {**stable.labels, "track": "canary"} == canary.labels


@pytest.mark.parametrize("overlay", ON_EKS)
def test_no_placeholder_of_a_component_is_left(overlay: str) -> None:
    for one in rendered(overlay):
        if one["kind"] not in ("ConfigMap", "PrometheusRule"):
            assert not re.search(r"\bENV\b|-ENV|from.aws|LOGS_BUCKET|10\.0\.\d\.0", str(one)), one["metadata"]["name"]
