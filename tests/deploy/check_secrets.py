"""Secrets are made up by AWS and stand in no state: modules/secret applied for real, to moto's Secrets Manager."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import boto3
import pytest

from moodstream.local.ports import free_port
from moodstream.local.supervisor import Supervisor
from tests.aws.given import as_anybody, moto_service
from tests.deploy.terraform import TERRAFORM, Terraform

ROOT_OF_A_TEST: Final = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "5.100.0" }
  }
}
provider "aws" {
  region                      = "eu-central-1"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints { secretsmanager = "%s" }
}
variable "rotation" { type = number }
module "secret" {
  source      = "./secret"
  providers   = { aws = aws, aws.made_up = aws }
  name        = "moodstream-staging/redis/stream"
  description = "Redis' user stream"
  key         = "alias/any"
  account     = "123456789012"
  fields      = { username = "stream" }
  url         = "rediss://stream:PASSWORD@redis.example.com:6379/0"
  rotation    = var.rotation
  made_up     = true
}
"""


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of a Secrets Manager that is moto's."""
    as_anybody()
    folder = tmp_path_factory.mktemp("moto")
    port = free_port(set())
    with Supervisor(folder / "status.json", print) as supervisor:
        supervisor.start(moto_service(folder / "log", port))
        yield boto3.client("secretsmanager", region_name="eu-central-1", endpoint_url=f"http://127.0.0.1:{port}")


def test_a_secret_is_in_no_state_and_a_rotation_makes_another(
    terraform: Terraform, secrets: Any, tmp_path: Path
) -> None:
    shutil.copytree(TERRAFORM / "modules" / "secret", tmp_path / "secret")
    shutil.copy(TERRAFORM / ".terraform.lock.hcl", tmp_path)
    (tmp_path / "main.tf").write_text(ROOT_OF_A_TEST % secrets.meta.endpoint_url)
    own = Terraform(tmp_path / "data")
    assert not own.start(tmp_path)

    first = _applied(own, tmp_path, 1, secrets)
    assert first["url"] == f"rediss://stream:{first['password']}@redis.example.com:6379/0"
    assert first["username"] == "stream"
    assert len(first["password"]) == 40
    assert first["password"].isalnum(), "it stands in URLs"

    assert _applied(own, tmp_path, 1, secrets) == first, "nothing changes by itself"
    second = _applied(own, tmp_path, 2, secrets)
    assert second["password"] != first["password"]
    before = secrets.get_secret_value(SecretId="moodstream-staging/redis/stream", VersionStage="AWSPREVIOUS")
    assert json.loads(before["SecretString"]) == first


def _applied(own: Terraform, folder: Path, rotation: int, secrets: Any) -> dict[str, str]:
    done: subprocess.CompletedProcess[str] = own.run("apply", "-auto-approve", f"-var=rotation={rotation}", at=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    value = secrets.get_secret_value(SecretId="moodstream-staging/redis/stream")["SecretString"]
    made: dict[str, str] = json.loads(value)
    said = done.stdout + done.stderr + "".join(path.read_text() for path in folder.glob("terraform.tfstate*"))
    assert made["password"] not in said
    return made
