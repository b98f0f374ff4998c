"""terraform as the checks of `deploy/terraform` run it: offline where it can be, and what it would make as one list."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
TERRAFORM: Final = ROOT / "deploy" / "terraform"
VERSION: Final = "1.11.4"


class Planned(NamedTuple):
    """One resource as it would be made."""

    address: str
    kind: str
    values: dict[str, Any]


class Policy(NamedTuple):
    """A JSON policy: which attribute of which resource it is, and its statements."""

    address: str
    attribute: str
    statements: list[dict[str, Any]]


class Terraform:
    """The program, its provider in a folder of the test's."""

    def __init__(self, data: Path) -> None:
        self._environment = {**os.environ, "TF_DATA_DIR": str(data), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}

    def missing(self) -> str:
        """Why it can't be run here; empty when it can."""
        if not shutil.which("terraform"):
            return f"needs terraform {VERSION} on PATH"
        found = json.loads(self.run("version", "-json").stdout)["terraform_version"]
        return "" if found == VERSION else f"needs terraform {VERSION}, here is {found}"

    def start(self, folder: Path = TERRAFORM) -> str:
        """Fetch provider and modules, from the folder TF_PLUGIN_DIR if it's set; why that failed, or nothing."""
        mirror = os.environ.get("TF_PLUGIN_DIR")
        done = self.run(
            "init", "-backend=false", "-lockfile=readonly", *([f"-plugin-dir={mirror}"] * bool(mirror)), at=folder
        )
        return (
            ""
            if done.returncode == 0
            else f"needs the AWS provider, by TF_PLUGIN_DIR or a registry: {done.stderr[-300:]}"
        )

    def run(self, *argv: str, at: Path = TERRAFORM) -> subprocess.CompletedProcess[str]:
        """Run it in that folder, without colours."""
        quiet = [] if argv[0] in ("version", "fmt") else ["-no-color"]
        return subprocess.run(
            ["terraform", argv[0], *quiet, *argv[1:]],
            cwd=at,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def planned(self, environment: str) -> list[Planned]:
        """All that `environments/<environment>.tfvars` would make, with what AWS alone knows made up."""
        done = self.run(
            "test",
            "-json",
            "-verbose",
            "-test-directory=tests/environments",
            f"-var-file=environments/{environment}.tfvars",
        )
        assert done.returncode == 0, done.stdout[-3000:]
        messages = [json.loads(line) for line in done.stdout.splitlines()]
        (plan,) = [message["test_plan"] for message in messages if message["type"] == "test_plan"]
        changes = [change for change in plan["resource_changes"] if change["mode"] == "managed"]
        return [Planned(change["address"], change["type"], change["change"]["after"]) for change in changes]


def policies(planned: list[Planned]) -> Iterator[Policy]:
    """Every policy of IAM, of a bucket, a key, a queue, a secret and an endpoint."""
    for resource in planned:
        for attribute in ("policy", "assume_role_policy"):
            text = resource.values.get(attribute) or ""
            # what AWS would fill in is made up, and no JSON
            if resource.kind != "aws_ecr_lifecycle_policy" and text.startswith("{"):
                yield Policy(resource.address, attribute, json.loads(text)["Statement"])


def listed(value: Any) -> list[Any]:
    """A policy's lists of one are often no lists."""
    return value if isinstance(value, list) else [value]
