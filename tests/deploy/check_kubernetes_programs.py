"""What the overlays say of the programs is so: images, settings, commands, ports, metrics, topics, groups and users."""

import re
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped, unused-ignore]
from typer.main import get_command

from contracts import settings
from contracts.brokers import MECHANISM, brokers
from contracts.errors import Misconfigured
from contracts.settings import PREFIX, Settings
from contracts.topics import EVENTS, TOPICS
from moodstream.cli import app
from serving.metrics import Metrics
from tests.deploy.programs import images, ports_of, variables
from tests.deploy.rendered import (
    ON_EKS,
    OVERLAYS,
    ROOT,
    containers,
    image_of,
    named,
    needs_kubectl,
    of_kind,
    workload,
    workloads,
)

pytestmark = needs_kubectl
each_overlay = pytest.mark.parametrize("overlay", OVERLAYS)
OTHERS = {"valkey", "versitygw"}
"""Images of others, of docker-compose.yml too."""
WANTED = {
    "serving": {"kafka", "redis", "bundles", "api_token", "api_host", "api_port"},
    "serving-canary": {"kafka", "redis", "bundles", "api_token", "api_host", "api_port"},
    "stream": {"kafka", "redis", "bundles", "lake", "partitions", "replication", "stream_port", "stream_instance"},
    "nightly": {"kafka", "bundles", "lake"},
    "judge": {"kafka", "bundles", "lake"},
    "tools": {"kafka", "redis", "bundles", "lake", "partitions", "replication"},
    "rollback": {"kafka", "bundles"},
}


def given(overlay: str, name: str) -> tuple[Settings, set[str]]:
    """The settings that a program gets, and which of them aren't left to their defaults."""
    found = variables(overlay, workload(overlay, name))
    return settings.read(found), {key.removeprefix(PREFIX).lower() for key in found if key.startswith(PREFIX)}


@each_overlay
def test_images_are_those_that_the_dockerfile_builds(overlay: str) -> None:
    built = set(images())
    assert built == {"serving", "stream", "batch"}
    assert {image_of(container) for _, container in containers(overlay)} <= built | OTHERS
    compose = (ROOT / "docker-compose.yml").read_text() if (ROOT / "docker-compose.yml").exists() else ""
    for name, container in containers(overlay):
        if image_of(container) in OTHERS and compose:
            assert container["image"] in compose, f"{name}: another version than the stack's"


@each_overlay
@pytest.mark.parametrize("name", sorted(WANTED))
def test_each_program_gets_the_settings_that_it_needs_and_none_that_there_isn_t(overlay: str, name: str) -> None:
    if name == "serving-canary" and overlay == "local":
        return
    got, said = given(overlay, name)
    assert said >= WANTED[name]
    assert got.lake_url.startswith("s3://")
    assert got.bundles_url.startswith("s3://")
    assert got.kafka
    assert brokers(re.sub(r"\?.*", "", got.kafka)).user == {"judge": "nightly", "rollback": "tools"}.get(
        name, name.removesuffix("-canary")
    )


@pytest.mark.parametrize(("wrong", "value"), [("MOODSTREAM_PARTITON", "16"), ("MOODSTREAM_PARTITIONS", "15")])
def test_a_setting_that_there_isn_t_or_that_does_not_fit_is_found(wrong: str, value: str) -> None:
    found = variables("production", workload("production", "stream"))
    with pytest.raises(Misconfigured, match=wrong):
        settings.read({**found, wrong: value})


@each_overlay
def test_the_api_has_a_token_and_all_agree_on_partitions(overlay: str) -> None:
    assert len(given(overlay, "serving")[0].api_token) >= 16
    assert len({given(overlay, name)[0].partitions for name in WANTED if name != "serving-canary"}) == 1
    assert len({given(overlay, name)[0].namespace for name in WANTED if name != "serving-canary"}) == 1


@pytest.mark.parametrize("overlay", ON_EKS)
def test_on_eks_redis_is_a_cluster_and_kafka_is_reached_by_passwords_over_tls(overlay: str) -> None:
    for name in ("serving", "stream", "tools"):
        got = given(overlay, name)[0]
        assert got.redis_cluster
        assert got.replication == 3
        assert got.kafka
        assert brokers(got.kafka).options()["security_protocol"] == "SASL_SSL"
        assert len(brokers(got.kafka).servers) == 3


@each_overlay
def test_commands_are_verbs_that_there_are(overlay: str) -> None:
    verbs: Any = getattr(get_command(app), "commands")  # noqa: B009 - a group's, which its type doesn't say
    for one in workloads(overlay):
        if image_of(one.main) == "batch" and "args" in one.main:
            verb, *options = one.main["args"]
            known = {name for parameter in verbs[verb].params for name in parameter.opts}
            assert set(options) <= known
        elif one.is_ours and one.name != "tools":
            assert not {"command", "args"} & one.main.keys(), "the image says how it is started"


@each_overlay
def test_ports_are_those_at_which_programs_listen(overlay: str) -> None:
    for name, setting in (("serving", "api_port"), ("stream", "stream_port")):
        one = workload(overlay, name)
        ports = [port["containerPort"] for port in one.main["ports"]]
        assert ports == ports_of(name) == [getattr(given(overlay, name)[0], setting)]


@pytest.mark.parametrize("overlay", [name for name in OVERLAYS if name != "local"])
def test_scaling_asks_for_what_there_is(overlay: str) -> None:
    got = given(overlay, "stream")[0]
    stream = named(overlay, "ScaledObject", "stream")["spec"]
    lag = stream["triggers"][0]["metadata"]
    assert stream["maxReplicaCount"] <= got.partitions
    assert lag["topic"] == EVENTS.full_name(got.namespace)
    assert lag["consumerGroup"] == f"{got.namespace}.stream"
    assert 'f"{settings.namespace}.stream"' in (ROOT / "stream" / "app.py").read_text()
    assert lag["allowIdleConsumers"] == "false"
    assert lag["sasl"] == MECHANISM.lower().replace("-sha-", "_sha").replace("-", "_")
    assert lag["bootstrapServersFromEnv"] in variables(overlay, workload(overlay, "stream"))
    serving = named(overlay, "ScaledObject", "serving")["spec"]
    query = next(one["metadata"]["query"] for one in serving["triggers"] if one["type"] == "prometheus")
    (metric,) = re.findall(r"moodstream_\w+", query)
    assert f"# TYPE {metric} counter" in Metrics().text().decode()
    for one in (stream, serving):
        behaviour = one["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
        up, down = behaviour["scaleUp"], behaviour["scaleDown"]
        assert down["stabilizationWindowSeconds"] >= 300 > up["stabilizationWindowSeconds"]
        assert all(policy["value"] <= 10 for policy in down["policies"]), "slowly"


@each_overlay
def test_users_of_kafka_may_what_they_do_and_no_more(overlay: str) -> None:
    for user in of_kind(overlay, "KafkaUser"):
        acls = user["spec"]["authorization"]["acls"]
        named_topics = {one["resource"]["name"] for one in acls if one["resource"]["type"] == "topic"}
        prefix = f"{given(overlay, 'stream')[0].namespace}."
        assert named_topics <= {topic.full_name(prefix[:-1]) for topic in TOPICS} | {prefix}
        writes = [one for one in acls if {"Write", "All", "Delete"} & set(one["operations"])]
        if user["metadata"]["name"] == "keda":
            assert not writes
        if user["metadata"]["name"] != "tools":
            assert not [one for one in acls if {"All", "Delete"} & set(one["operations"])]


def test_strimzi_s_users_have_the_rules_of_msk_s() -> None:
    script = (ROOT / "deploy" / "terraform" / "kafka-acls").read_text().replace("$NAMESPACE", "moodstream")
    rules = re.findall(r'^allow (\w+) +(\S+) +--(topic|group) "(\S+)"(.*prefixed)?', script, re.MULTILINE)
    on_msk = {(user, kind, name, bool(prefix), *sorted(may.split(","))) for user, may, kind, name, prefix in rules}
    on_strimzi = set()
    for user in of_kind("self-hosted", "KafkaUser"):
        for acl in user["spec"]["authorization"]["acls"]:
            what = acl["resource"]
            place = (what["type"], what["name"], what["patternType"] == "prefix")
            on_strimzi.add((user["metadata"]["name"], *place, *sorted(acl["operations"])))
    others = {"tools", "kinesis"}
    assert {one for one in on_msk if one[0] not in others} == {one for one in on_strimzi if one[0] not in others}


@pytest.mark.parametrize("overlay", ["self-hosted", *ON_EKS])
def test_rules_and_dashboards_are_the_repository_s_own(overlay: str) -> None:
    for file in sorted((ROOT / "deploy" / "observability" / "rules").glob("*.yml")):
        rule = named(overlay, "PrometheusRule", f"moodstream-{file.stem}")
        assert rule["spec"] == yaml.safe_load(file.read_text()), "run .venv/bin/python deploy/k8s/rules.py"
    boards = ROOT / "deploy" / "observability" / "grafana" / "dashboards"
    shown = named(overlay, "ConfigMap", "dashboards")["data"]
    assert shown == {file.name: file.read_text() for file in boards.glob("*.json")}


def test_strimzi_s_kafka_keeps_three_copies_and_takes_nobody_without_a_password() -> None:
    kafka = named("self-hosted", "Kafka", "moodstream")["spec"]["kafka"]
    assert named("self-hosted", "KafkaNodePool", "brokers")["spec"]["replicas"] == 3
    assert kafka["config"]["min.insync.replicas"] == 2
    assert kafka["config"]["auto.create.topics.enable"] is False
    (listener,) = kafka["listeners"]
    assert listener["tls"] is True
    assert listener["authentication"]["type"] == MECHANISM.lower()
    assert kafka["authorization"] == {"type": "simple"}
