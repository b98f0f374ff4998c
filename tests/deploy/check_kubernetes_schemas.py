"""Every object is one that its API takes, Kubernetes' own and those of KEDA, Karpenter, Strimzi, External Secrets, …"""

import copy
from typing import Any

import pytest

from tests.deploy.rendered import OVERLAYS, named, needs_kubectl, rendered
from tests.deploy.schemas import faults

pytestmark = needs_kubectl


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_object_fits_the_schema_of_its_kind(overlay: str) -> None:
    found = {f"{one['kind']} {one['metadata']['name']}": faults(one) for one in rendered(overlay)}
    assert not {name: wrong for name, wrong in found.items() if wrong}


@pytest.mark.parametrize(
    ("kind", "name", "way", "value"),
    [
        ("Deployment", "serving", "spec/template/spec/containers/0/resorces", {}),
        ("Deployment", "serving", "spec/template/spec/containers/0/ports/0/containerPort", "8080"),
        ("Deployment", "serving", "spec/replicas", "two"),
        ("CronJob", "nightly", "spec/concurrencyPolicies", "Forbid"),
        ("NetworkPolicy", "names", "spec/egress/0/port", 53),
        ("ScaledObject", "stream", "spec/maxReplicas", 16),
        ("ScaledObject", "stream", "spec/advanced/horizontalPodAutoscalerConfig/behavior/scaleDown/policies/0/type", 1),
        ("NodePool", "moodstream-gpu", "spec/template/spec/taints/0/effect", "Never"),
        ("NodePool", "moodstream-gpu", "spec/disruption/consolidateAfter", "soon"),
        ("EC2NodeClass", "moodstream-gpu", "spec/blockDeviceMappings/0/ebs/encryptd", True),
        ("ExternalSecret", "api-token", "spec/data/0/remoteRef/propert", "token"),
        ("ClusterSecretStore", "moodstream", "spec/provider/aws/service", "Secrets"),
        ("ServiceMonitor", "serving", "spec/endpoints/0/intervall", "15s"),
    ],
)
def test_a_field_that_the_api_does_not_know_or_a_value_that_it_does_not_take_is_found(
    kind: str, name: str, way: str, value: object
) -> None:
    one = copy.deepcopy(named("production", kind, name))
    assert not faults(one)
    *path, last = way.split("/")
    part: Any = one
    for step in path:
        part = part[int(step) if step.isdigit() else step]
    part[last] = value
    assert faults(one)
