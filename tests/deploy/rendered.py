"""The overlays as `kubectl kustomize` renders them, and the workloads and containers in them."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
import yaml  # type: ignore[import-untyped, unused-ignore]

ROOT: Final = Path(__file__).parents[2]
K8S: Final = ROOT / "deploy" / "k8s"
OVERLAYS: Final = sorted(path.name for path in (K8S / "overlays").iterdir())
ON_EKS: Final = ["production", "staging"]
PROGRAMS: Final = ("moodstream-serving", "moodstream-stream", "moodstream-batch")
needs_kubectl: Final = pytest.mark.skipif(
    not shutil.which("kubectl"), reason="needs kubectl, which renders the overlays"
)

Object = Mapping[str, Any]


class Workload(NamedTuple):
    """What makes pods: a Deployment, a StatefulSet or a CronJob, and its pods' template."""

    kind: str
    name: str
    spec: Object
    template: Object

    @property
    def pod(self) -> Object:
        """The pods' spec."""
        return dict(self.template["spec"])

    @property
    def labels(self) -> dict[str, str]:
        """The pods' labels."""
        return dict(self.template["metadata"]["labels"])

    @property
    def main(self) -> Object:
        """The container that the workload is for."""
        return dict(self.pod["containers"][0])

    @property
    def is_ours(self) -> bool:
        """Whether it runs one of our programs."""
        return image_of(self.main) in ("serving", "stream", "batch")


@cache
def rendered(overlay: str) -> tuple[Object, ...]:
    """All objects of an overlay."""
    made = subprocess.run(
        ["kubectl", "kustomize", str(K8S / "overlays" / overlay)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert made.returncode == 0, made.stderr
    return tuple(yaml.load_all(made.stdout, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def of_kind(overlay: str, *kinds: str) -> list[Object]:
    """The objects of these kinds."""
    return [one for one in rendered(overlay) if one["kind"] in kinds]


def named(overlay: str, kind: str, name: str) -> Any:
    """The one object of this kind and name; generated names may go on behind it."""
    found = [one for one in of_kind(overlay, kind) if one["metadata"]["name"] == name]
    assert len(found) == 1, f"{overlay} has {len(found)} {kind} {name}"
    return found[0]


def workloads(overlay: str) -> list[Workload]:
    """Everything that makes pods."""
    return [_workload(one) for one in of_kind(overlay, "Deployment", "StatefulSet", "CronJob")]


def workload(overlay: str, name: str) -> Workload:
    """The one of this name."""
    (found,) = [one for one in workloads(overlay) if one.name == name]
    return found


def containers(overlay: str) -> Iterator[tuple[str, Object]]:
    """Each container of each workload, with a name for messages."""
    for one in workloads(overlay):
        for container in [*one.pod.get("initContainers", ()), *one.pod["containers"]]:
            yield f"{overlay}: {one.name}/{container['name']}", container


def image_of(container: Object) -> str:
    """Which of our images it is, by the name's last part; other images by their own."""
    return str(container["image"]).rpartition(":")[0].rpartition("/")[2].removeprefix("moodstream-")


def _workload(one: Object) -> Workload:
    spec = one["spec"]["jobTemplate"]["spec"] if one["kind"] == "CronJob" else one["spec"]
    return Workload(one["kind"], one["metadata"]["name"], one["spec"], spec["template"])
