"""Draws the schemas of every kind that `deploy/k8s` uses, from the sources that README.md names: no other field fits.

python deploy/k8s/schemas/draw.py GOMODCACHE FOLDER-OF-STRIMZI-CRDS
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped, unused-ignore]

HERE: Final = Path(__file__).parent
KUBERNETES: Final = "k8s.io/kubernetes@v1.34.4/api/openapi-spec/v3"
NATIVE: Final = {
    "api__v1": ("ConfigMap", "LimitRange", "Namespace", "ResourceQuota", "Secret", "Service", "ServiceAccount"),
    "apis__apps__v1": ("Deployment", "StatefulSet"),
    "apis__autoscaling__v2": ("HorizontalPodAutoscaler",),
    "apis__batch__v1": ("CronJob", "Job"),
    "apis__networking.k8s.io__v1": ("Ingress", "NetworkPolicy"),
    "apis__policy__v1": ("PodDisruptionBudget",),
    "apis__scheduling.k8s.io__v1": ("PriorityClass",),
    "apis__storage.k8s.io__v1": ("StorageClass",),
}
CUSTOM: Final = {
    "github.com/kedacore/keda/v2@v2.18.3/config/crd/bases": (
        "keda.sh_scaledobjects",
        "keda.sh_triggerauthentications",
    ),
    "sigs.k8s.io/karpenter@v1.12.0/pkg/apis/crds": ("karpenter.sh_nodepools",),
    "github.com/aws/karpenter-provider-aws@v1.12.1/pkg/apis/crds": ("karpenter.k8s.aws_ec2nodeclasses",),
    "github.com/external-secrets/external-secrets@v1.3.2/config/crds/bases": (
        "external-secrets.io_clustersecretstores",
        "external-secrets.io_externalsecrets",
    ),
    "github.com/prometheus-operator/prometheus-operator@v0.85.0/example/prometheus-operator-crd": (
        "monitoring.coreos.com_podmonitors",
        "monitoring.coreos.com_prometheusrules",
        "monitoring.coreos.com_servicemonitors",
    ),
}
STRIMZI: Final = ("Kafka", "KafkaNodePool", "KafkaUser")
UNUSED: Final = {"ClusterSecretStore": ("spec", "provider", {"aws"})}
"""Of a kind whose other half we never use: what is kept there."""
_KEPT: Final = [
    "$ref",
    "type",
    "properties",
    "items",
    "required",
    "enum",
    "pattern",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "additionalProperties",
    "anyOf",
    "oneOf",
    "allOf",
    "not",
    "format",
    "exclusiveMinimum",
    "exclusiveMaximum",
]


def strict(schema: Any, *, whole: bool = True) -> Any:  # noqa: C901 - one line for each of Kubernetes' own words
    """The same, without descriptions, and closed: what isn't named isn't taken. Kubernetes' own extensions become JSON
    Schema's. Parts of `anyOf` and the like (`whole` is false) only add conditions, so these aren't closed."""
    if not isinstance(schema, Mapping):
        return schema
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    one = {name: schema[name] for name in _KEPT if name in schema}
    if set(one) == {"allOf"} and len(one["allOf"]) == 1:
        one = dict(one["allOf"][0])
    for name in ("anyOf", "oneOf", "allOf"):
        if name in one:
            one[name] = [strict(part, whole="$ref" in part) for part in one[name]]
    if "not" in one:
        one["not"] = strict(one["not"], whole=False)
    if "properties" in one:
        one["properties"] = {name: strict(part, whole=whole) for name, part in one["properties"].items()}
        if whole and "additionalProperties" not in one and not schema.get("x-kubernetes-preserve-unknown-fields"):
            one["additionalProperties"] = False
    for name in ("items", "additionalProperties"):
        if name in one:
            one[name] = strict(one[name], whole=whole)
    if schema.get("x-kubernetes-embedded-resource"):
        one.pop("additionalProperties", None)
    if schema.get("nullable") and "type" in one:
        one["type"] = [one["type"], "null"]
    return one


def native(cache: Path) -> dict[str, Any]:
    """One schema of all kinds that Kubernetes brings, by `group/version/kind`, with the definitions that they share."""
    definitions: dict[str, Any] = {}
    kinds: dict[str, Any] = {}
    for file, names in NATIVE.items():
        schemas = json.loads((cache / KUBERNETES / f"{file}_openapi.json").read_text())["components"]["schemas"]
        for path, schema in schemas.items():
            for one in schema.get("x-kubernetes-group-version-kind", ()):
                if one["kind"] in names and path.endswith(f".{one['kind']}"):
                    group = f"{one['group']}/" if one["group"] else ""
                    kinds[f"{group}{one['version']}/{one['kind']}"] = {"$ref": f"#/definitions/{path}"}
                    definitions.update(_needed(path, schemas))
    return {"kinds": kinds, "definitions": definitions}


def _needed(root: str, schemas: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    waiting = [root]
    while waiting:
        path = waiting.pop()
        if path in found or path.endswith("ManagedFieldsEntry"):
            found.setdefault(path, {})
            continue
        drawn = json.dumps(strict(schemas[path]))
        found[path] = json.loads(drawn.replace("#/components/schemas/", "#/definitions/"))
        waiting += [part.partition('"')[0] for part in drawn.split("#/components/schemas/")[1:]]
    return found


def custom(crd: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Its stable version's `group/version/kind` and schema, or the stored one's."""
    spec = crd["spec"]
    kind = spec["names"]["kind"]
    stable = any(version["name"] == "v1" for version in spec["versions"])
    for version in spec["versions"]:
        if version["name"] == "v1" or (not stable and version["storage"]):
            schema = strict(version["schema"]["openAPIV3Schema"])
            schema["properties"].pop("status", None)
            schema["properties"]["metadata"] = {"type": "object"}
            if kind in UNUSED:
                *way, kept = UNUSED[kind]
                part = schema
                for name in way:
                    part = part["properties"][name]
                part["properties"] = {name: one for name, one in part["properties"].items() if name in kept}
            yield f"{spec['group']}/{version['name']}/{kind}", schema


def main(cache: Path, strimzi: Path) -> None:
    """Write them all."""
    _write("kubernetes", native(cache))
    files = [cache / folder / f"{name}.yaml" for folder, names in CUSTOM.items() for name in names]
    for file in [*files, *(strimzi / f"{name}.yaml" for name in STRIMZI)]:
        for name, schema in custom(yaml.safe_load(file.read_text())):
            _write(name.replace("/", "_"), schema)


def _write(name: str, schema: Any) -> None:
    (HERE / f"{name}.json").write_text(json.dumps(schema, separators=(",", ":"), sort_keys=True) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
