"""deploy/terraform is well formed, valid, documented, and of one mind with the code and with deploy/k8s."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from contracts.settings import Settings
from tests.deploy.terraform import ROOT, TERRAFORM, Terraform

FILES = sorted(path for path in TERRAFORM.rglob("*.tf") if ".terraform" not in path.parts)
OVERLAYS = ROOT / "deploy" / "k8s" / "overlays"
DOCKERFILE = ROOT / "deploy" / "images" / "Dockerfile"


def test_it_is_formatted(terraform: Terraform) -> None:
    done = terraform.run("fmt", "-check", "-recursive")
    assert not done.stdout, f"run terraform fmt -recursive: {done.stdout}"


def test_it_is_valid(terraform: Terraform) -> None:
    # its tests are run below; validating them stumbles over modules that want a second provider
    done = terraform.run("validate", "-no-tests")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_account_s_own_root_is_valid(terraform: Terraform, tmp_path: Path) -> None:
    own = Terraform(tmp_path)
    assert not own.start(TERRAFORM / "account")
    done = own.run("validate", "-no-tests", at=TERRAFORM / "account")
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_own_tests_pass(terraform: Terraform) -> None:
    done = terraform.run("test")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert "0 failed" in done.stdout
    assert done.stdout.count("... pass") >= 20, "fewer tests ran than there were"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TERRAFORM)))
def test_variables_and_outputs_say_what_they_are(path: Path) -> None:
    blocks = re.findall(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', path.read_text(), re.MULTILINE | re.DOTALL)
    assert not [name for _, name, block in blocks if not re.search(r'^  description += ".{10,}"$', block, re.MULTILINE)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TERRAFORM)))
def test_a_file_opens_with_what_it_is_for(path: Path) -> None:
    named_by_what_it_holds = path.name in ("variables.tf", "outputs.tf")
    assert named_by_what_it_holds or path.read_text().startswith("# ")


def test_versions_are_exact_everywhere() -> None:
    said = [
        line
        for path in FILES
        for line in re.findall(r'^ *(?:required_)?version += "([^"]+)"', path.read_text(), re.MULTILINE)
    ]
    assert set(said) == {"1.11.4", "5.100.0"}


def test_no_file_names_a_machine_s_folder_or_an_account_of_somebody() -> None:
    texts = {
        path: path.read_text() for path in TERRAFORM.rglob("*") if path.is_file() and ".terraform" not in path.parts
    }
    assert not [
        path for path, text in texts.items() if re.search(r"(?<![\w./])/(opt/(?!kafka)|(tmp|work|root|home)/)", text)
    ]
    accounts = {account for text in texts.values() for account in re.findall(r"(?<![0-9a-f-])\d{12}(?![0-9a-f])", text)}
    assert accounts <= {"111111111111", "222222222222"}


def test_the_shelf_s_checkpoints_are_what_the_lifecycle_clears() -> None:
    nights = Settings(bundles="s3://bucket/bundles").nights_url.removeprefix("s3://bucket/")
    assert f'prefix = "{nights}/"' in (TERRAFORM / "modules" / "buckets" / "lifecycle.tf").read_text()
    assert f"/{nights}/*" in (TERRAFORM / "modules" / "workloads" / "main.tf").read_text()


def test_names_are_the_settings() -> None:
    main = (TERRAFORM / "main.tf").read_text()
    assert f'namespace = "{Settings().namespace}"' in main


@pytest.mark.skipif(not DOCKERFILE.exists(), reason="deploy/images isn't here")
def test_each_image_has_its_repository() -> None:
    built = set(re.findall(r"^FROM base AS (\w+)$", DOCKERFILE.read_text(), re.MULTILINE))
    (named,) = re.findall(r"^  images += (\[.*\])$", (TERRAFORM / "main.tf").read_text(), re.MULTILINE)
    assert built == set(re.findall(r'"(\w+)"', named))


@pytest.mark.skipif(not OVERLAYS.exists(), reason="deploy/k8s isn't here")
@pytest.mark.parametrize("environment", ["staging", "production"])
def test_overlays_ask_for_what_terraform_tells(environment: str) -> None:
    asked = set(re.findall(r"^(\w+)=", (OVERLAYS / environment / "aws.env").read_text(), re.MULTILINE))
    (block,) = re.findall(
        r"^  overlay = \{\n(.*?)^  \}", (TERRAFORM / "outputs.tf").read_text(), re.MULTILINE | re.DOTALL
    )
    assert asked <= set(re.findall(r"^    (\w+) +=", block, re.MULTILINE))


def test_checkov_finds_nothing_and_each_exception_has_a_reason() -> None:
    program = os.environ.get("CHECKOV") or shutil.which("checkov")
    if not program:
        pytest.skip("needs checkov: make check-deploy makes its environment")
    done = subprocess.run(
        [program, "-d", str(TERRAFORM), "--framework", "terraform", "--quiet", "--compact", "--skip-download"],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    skips = [line for path in FILES for line in path.read_text().splitlines() if "checkov:skip" in line]
    assert not [line for line in skips if not re.search(r"checkov:skip=CKV2?_AWS_\d+:.{15,}", line)]
