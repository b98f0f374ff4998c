"""The pods of the night as deploy/k8s has them: a pipeline's pods are the CronJobs', so that nothing is said twice."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

OVERLAYS: Final = Path(__file__).parents[1] / "k8s" / "overlays"

Object = Mapping[str, Any]


class Variable(NamedTuple):
    """One that comes from a secret."""

    name: str
    secret: str
    key: str


class Pod(NamedTuple):
    """What a CronJob's pods are like, as far as a pipeline's can be so."""

    image: str
    settings: dict[str, str]
    """Plain variables."""
    put_together: dict[str, str]
    """Variables in which others stand, as $(NAME): a shell must put them in, for Kubeflow puts secrets behind them."""
    secrets: list[Variable]
    cpu: str
    memory: str
    accelerators: dict[str, str]
    nodes: dict[str, str]
    tolerations: list[dict[str, str]]
    labels: dict[str, str]
    annotations: dict[str, str]
    empty_folders: dict[str, dict[str, str]]
    """By their paths, with medium and limit."""
    secret_files: dict[str, str]
    """By the path of the folder, the secret that lies there."""
    user: int
    group: int
    deadline_s: int


def pods(overlay: str) -> tuple[Pod, Pod]:
    """Of the step that trains, and of the others: the nightly CronJob's, and the same where the judge's run.

    Raises `SystemExit` where kubectl can't render the overlay.
    """
    objects = _rendered(overlay)
    training, judge = _pod(objects, "nightly"), _pod(objects, "judge")
    others = training._replace(image=judge.image, accelerators={}, nodes=judge.nodes, tolerations=judge.tolerations)
    return training, others


def _rendered(overlay: str) -> list[Object]:
    names = sorted(path.name for path in OVERLAYS.iterdir())
    if overlay not in names:
        raise SystemExit(f"there is no overlay {overlay!r}: take one of {', '.join(names)}")
    try:
        made = subprocess.run(["kubectl", "kustomize", str(OVERLAYS / overlay)], capture_output=True, text=True)
    except FileNotFoundError as error:
        raise SystemExit("there is no kubectl here, which renders the overlays") from error
    if made.returncode:
        raise SystemExit(made.stderr)
    return list(yaml.safe_load_all(made.stdout))


def _pod(objects: list[Object], cron_job: str) -> Pod:
    job = _named(objects, "CronJob", cron_job)["spec"]["jobTemplate"]["spec"]
    template = job["template"]
    spec, (main,) = template["spec"], template["spec"]["containers"]
    plain, put_together, secrets = _variables(objects, main)
    volumes = _volumes(spec, main)
    requests = main["resources"]["requests"]
    return Pod(
        image=main["image"],
        settings=plain,
        put_together=put_together,
        secrets=secrets,
        cpu=requests["cpu"],
        memory=requests["memory"],
        accelerators={name: count for name, count in requests.items() if "/" in name},
        nodes=spec.get("nodeSelector", {}),
        tolerations=spec.get("tolerations", []),
        labels=template["metadata"]["labels"],
        annotations=template["metadata"].get("annotations", {}),
        empty_folders={path: one["emptyDir"] for path, one in volumes.items() if "emptyDir" in one},
        secret_files={path: one["secret"]["secretName"] for path, one in volumes.items() if "secret" in one},
        user=spec["securityContext"]["runAsUser"],
        group=spec["securityContext"]["runAsGroup"],
        deadline_s=job["activeDeadlineSeconds"],
    )


def _variables(objects: list[Object], main: Object) -> tuple[dict[str, str], dict[str, str], list[Variable]]:
    plain: dict[str, str] = {}
    secrets: list[Variable] = []
    for source in main.get("envFrom", ()):
        if "configMapRef" in source:
            plain |= _named(objects, "ConfigMap", source["configMapRef"]["name"])["data"]
        else:
            name = source["secretRef"]["name"]
            secrets += [Variable(key, name, key) for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")]
    for one in main.get("env", ()):
        if "value" in one:
            plain[one["name"]] = one["value"]
        else:
            source = one["valueFrom"]["secretKeyRef"]
            secrets.append(Variable(one["name"], source["name"], source["key"]))
    put_together = {name: value for name, value in plain.items() if re.search(r"\$\(\w+\)", value)}
    return {name: value for name, value in plain.items() if name not in put_together}, put_together, secrets


def _volumes(spec: Object, main: Object) -> dict[str, Object]:
    made = {one["name"]: one for one in spec.get("volumes", ())}
    return {one["mountPath"]: made[one["name"]] for one in main["volumeMounts"]}


def _named(objects: list[Object], kind: str, name: str) -> Object:
    (found,) = [one for one in objects if one["kind"] == kind and one["metadata"]["name"] == name]
    return found
