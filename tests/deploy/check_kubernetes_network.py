"""Nothing flows between pods and beyond but what the picture of the architecture draws."""

import re
from typing import Any

import pytest

from contracts.brokers import brokers
from tests.deploy.programs import variables
from tests.deploy.rendered import ON_EKS, OVERLAYS, ROOT, named, needs_kubectl, of_kind, workload, workloads

pytestmark = needs_kubectl
each_overlay = pytest.mark.parametrize("overlay", OVERLAYS)
BOXES = {
    "your app": "clicks, moods",
    "Kafka": "events, by user",
    "stream/ (Faust)": "enrich, learn, write",
    "Redis": "states, counts, marks",
    "serving/ (FastAPI)": "candidates → seen → rank → rules, diversity",
    "lake": "Parquet",
    "batch/ (torch)": "train, publish",
    "bundle": "encoder, items, ranker",
}
"""What docs/architecture.svg draws, and what it says of each; lake and bundle lie in S3."""
ARROWS = {"answers", "POST /v1/events", "acks=all", "impressions", "loaded while", "running", "fresh states"}
FLOWS = {
    "serving": {"kafka", "redis", "s3"},  # POST /v1/events and impressions; fresh states; the bundle
    "serving-canary": {"kafka", "redis", "s3"},
    "stream": {"kafka", "redis", "s3"},  # clicks, moods; states; lake and bundle
    "nightly": {"kafka", "s3"},  # publish; train from the lake, the bundle
    "judge": {"kafka", "s3"},
    "tools": {"kafka", "redis", "s3"},  # rebuild, doctor, dead letters
    "rollback": {"kafka", "redis", "s3"},
    "redis": set(),
    "s3": set(),
}
BEYOND = {("local", "tools"): {"internet"}}
"""`prepare`, by which the local cluster is begun, fetches MovieLens-100K."""
INTO = {
    "serving": {"monitoring", "load balancer"},
    "serving-canary": {"monitoring", "load balancer"},
    "stream": {"monitoring"},
}


def policies(overlay: str, labels: dict[str, str], direction: str) -> list[Any]:
    """The policies of this direction for pods of these labels."""
    return [
        one
        for one in of_kind(overlay, "NetworkPolicy")
        if direction in one["spec"]["policyTypes"]
        and one["spec"]["podSelector"].get("matchLabels", {}).items() <= labels.items()
    ]


def test_the_picture_has_no_part_whose_flows_nobody_thought_of() -> None:
    picture = (ROOT / "docs" / "architecture.svg").read_text()
    drawn = set(re.findall(r"<text[^>]*>([^<]+)</text>", picture))
    assert drawn == {*BOXES, *BOXES.values(), *ARROWS}, "a new part or arrow: say in FLOWS who may reach it"


@each_overlay
def test_nothing_flows_that_no_policy_names(overlay: str) -> None:
    nothing = named(overlay, "NetworkPolicy", "nothing")["spec"]
    assert nothing == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for one in of_kind(overlay, "NetworkPolicy"):
        for rule in [*one["spec"].get("egress", ()), *one["spec"].get("ingress", ())]:
            assert rule["ports"], f"{one['metadata']['name']}: any port"
            assert rule.get("to") or rule.get("from"), f"{one['metadata']['name']}: anybody"


@each_overlay
def test_each_program_reaches_what_the_picture_draws_and_nothing_else(overlay: str) -> None:
    for one in workloads(overlay):
        found = {policy["metadata"]["name"] for policy in policies(overlay, one.labels, "Egress")}
        beyond = BEYOND.get((overlay, one.name), set())
        assert found == {"nothing", "names"} | {f"to-{target}" for target in FLOWS[one.name] | beyond}, one.name


@each_overlay
def test_flows_go_to_the_ports_of_the_servers(overlay: str) -> None:
    found = variables(overlay, workload(overlay, "stream"))
    servers = brokers(found["KAFKA_SERVERS"]).servers
    assert _ports(overlay, "to-kafka") == {int(server.rpartition(":")[2]) for server in servers}
    assert _ports(overlay, "to-redis") == {6379}
    if overlay in ON_EKS:
        assert _ports(overlay, "to-s3") == {443, 80}
    else:
        assert found["AWS_ENDPOINT_URL"].endswith(f":{min(_ports(overlay, 'to-s3'))}")


def _ports(overlay: str, name: str) -> set[int]:
    return {port["port"] for rule in named(overlay, "NetworkPolicy", name)["spec"]["egress"] for port in rule["ports"]}


@each_overlay
def test_only_prometheus_and_the_load_balancer_come_in(overlay: str) -> None:
    for one in workloads(overlay):
        for policy in policies(overlay, one.labels, "Ingress"):
            for rule in policy["spec"].get("ingress", ()):
                for source in rule["from"]:
                    assert _who(source) in INTO.get(one.name, set()) | {"programs"}, one.name
                    if _who(source) == "programs":
                        assert one.name in ("redis", "s3"), one.name
                assert {port["port"] for port in rule["ports"]} == {one.main["ports"][0]["containerPort"]}


def _who(source: Any) -> str:
    if "ipBlock" in source:
        return "load balancer"
    if "namespaceSelector" in source:
        return str(source["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"])
    return "programs"


@pytest.mark.parametrize("overlay", ON_EKS)
def test_on_eks_networks_are_those_that_terraform_made_and_no_pod_reaches_its_node_s_credentials(overlay: str) -> None:
    told = dict(
        line.split("=", 1)
        for line in (ROOT / "deploy" / "k8s" / "overlays" / overlay / "aws.env").read_text().splitlines()
        if "=" in line and not line.startswith("#")
    )
    for name in ("to-kafka", "to-redis"):
        (rule,) = named(overlay, "NetworkPolicy", name)["spec"]["egress"]
        assert ",".join(one["ipBlock"]["cidr"] for one in rule["to"]) == told["DATA_CIDRS"]
    (rule,) = named(overlay, "NetworkPolicy", "from-load-balancer")["spec"]["ingress"]
    assert ",".join(one["ipBlock"]["cidr"] for one in rule["from"]) == told["PUBLIC_CIDRS"]
    beyond, agent = named(overlay, "NetworkPolicy", "to-s3")["spec"]["egress"]
    assert beyond["to"] == [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}}]
    assert agent["to"] == [{"ipBlock": {"cidr": "169.254.170.23/32"}}], "Pod Identity's agent"
