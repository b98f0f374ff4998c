"""Whether an object is what its API takes: by the strict schemas in deploy/k8s/schemas, where no other field fits."""

import json
from functools import cache
from typing import Any

from jsonschema_rs import validator_for

from tests.deploy.rendered import K8S, Object


def faults(one: Object) -> list[str]:
    """What its kind's API would refuse, with the place; unknown kinds too."""
    kind = f"{one['apiVersion']}/{one['kind']}"
    checking = _validator(kind)
    if checking is None:
        return [f"there is no schema of {kind}: add it to deploy/k8s/schemas/draw.py"]
    return [f"{'/'.join(map(str, error.instance_path))}: {error.message[:300]}" for error in checking.iter_errors(one)]


@cache
def _validator(kind: str) -> Any:
    if kind in _native()["kinds"]:
        return validator_for({**_native()["kinds"][kind], "definitions": _native()["definitions"]})
    file = K8S / "schemas" / f"{kind.replace('/', '_')}.json"
    return validator_for(json.loads(file.read_text())) if file.exists() else None


@cache
def _native() -> Any:
    return json.loads((K8S / "schemas" / "kubernetes.json").read_text())
