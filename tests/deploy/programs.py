"""A program's variables as Kubernetes would give them to it, with stand-ins for what only a cluster knows."""

import re
from base64 import b64decode
from typing import Any, Final

from tests.deploy.rendered import ROOT, Object, Workload, image_of, of_kind

DOCKERFILE: Final = ROOT / "deploy" / "images" / "Dockerfile"
_SECRET: Final = "a-secret-of-the-tests"  # noqa: S105 - no secret
_URL: Final = "rediss://user:password@redis.example:6379/0"


def variables(overlay: str, one: Workload) -> dict[str, str]:
    """All of them, `$(NAME)` put in; raises `AssertionError` where something that they come from isn't there."""
    found = dict(_baked(image_of(one.main)))
    for source in one.main.get("envFrom", ()):
        if "configMapRef" in source:
            found |= _data(overlay, "ConfigMap", source["configMapRef"]["name"])
        else:
            found |= _data(overlay, "Secret", source["secretRef"]["name"]) or {"AWS_ACCESS_KEY_ID": _SECRET}
    for variable in one.main.get("env", ()):
        found[variable["name"]] = _value(overlay, one, variable, found)
    return found


def images() -> dict[str, dict[str, str]]:
    """The images that the Dockerfile builds, and the variables that lie in each."""
    found: dict[str, dict[str, str]] = {}
    stage = ""
    lines = DOCKERFILE.read_text().replace("\\\n", " ").splitlines()
    bases: dict[str, str] = {}
    for line in lines:
        if made := re.match(r"FROM (\S+) AS (\S+)", line):
            bases[made[2]], stage = made[1], made[2]
            found[stage] = dict(found.get(made[1], {}))
        elif line.startswith("ENV "):
            found[stage] |= dict(re.findall(r"(\w+)=(\S+)", line))
    return {name: found[name] for name, base in bases.items() if base == "base"}


def ports_of(image: str) -> list[int]:
    """The ports that the Dockerfile says an image listens at."""
    part = DOCKERFILE.read_text().partition(f" AS {image}\n")[2].partition("\nFROM ")[0]
    return [int(port) for port in re.findall(r"^EXPOSE (\d+)", part, re.MULTILINE)]


def _baked(image: str) -> dict[str, str]:
    return {name: value for name, value in images().get(image, {}).items() if name.startswith("MOODSTREAM_")}


def _value(overlay: str, one: Workload, variable: Object, known: dict[str, str]) -> str:
    source = variable.get("valueFrom", {})
    if "secretKeyRef" in source:
        return _secret(overlay, **source["secretKeyRef"])
    if "fieldRef" in source:
        return f"{one.name}-0"
    text = re.sub(r"\$\((\w+)\)", lambda name: known.get(name[1], name[0]), variable["value"])
    assert "$(" not in text, f"{one.name}: {variable['name']}={text} names a variable that isn't there"
    return text


def _secret(overlay: str, name: str, key: str) -> str:
    """A stand-in, where the secret is made by something in the overlay or is one of those that the documents list."""
    if made := _data(overlay, "Secret", name):
        return str(made[key])
    external = {one["spec"]["target"]["name"]: one for one in of_kind(overlay, "ExternalSecret")}
    if name in external:
        assert key in [one["secretKey"] for one in external[name]["spec"]["data"]]
    elif name.startswith("kafka-"):
        users = [one["metadata"]["name"] for one in of_kind(overlay, "KafkaUser")]
        assert name.removeprefix("kafka-") in users, name
        assert key == "password"
    else:
        listed = (ROOT / "docs" / "deploy" / "kubernetes.md").read_text()
        assert f"`{name}` (`{key}`)" in listed, f"{overlay}: nothing makes the secret {name}, and no document names it"
    return _URL if key == "url" else _SECRET


def _data(overlay: str, kind: str, name: str) -> dict[str, Any]:
    for one in of_kind(overlay, kind):
        if one["metadata"]["name"] == name:
            data = one.get("data") or {}
            return {key: b64decode(value).decode() for key, value in data.items()} if kind == "Secret" else dict(data)
    assert kind == "Secret", f"{overlay}: no {kind} {name}"
    return {}
