"""What is handed over: the wheel holds the product whole and nothing else, and the sdist makes that wheel."""

import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("batch", "contracts", "model", "moodstream", "online", "serving", "stream")
NO_PYTHON = (".css", ".html", ".js", ".sha256", ".sh", ".svg", ".typed")
"""What a package may hold beside Python."""


def build(source: Path, out: Path, *kinds: str) -> list[Path]:
    """With the backend that is installed, asking no index."""
    command = [str(Path(sys.executable).with_name("uv")), "build", "--quiet", "--offline", "--no-build-isolation"]
    done = subprocess.run([*command, *kinds, "--out-dir", out, source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return sorted(out.iterdir())


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sdist")
    build(ROOT, out, "--sdist")
    return next(out.glob("*.tar.gz"))


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Of the unpacked sdist, so that the sdist is seen to carry what it takes."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    out = tmp_path_factory.mktemp("wheel")
    build(next(folder.iterdir()), out, "--wheel")
    return zipfile.ZipFile(next(out.glob("*.whl")))


def test_the_wheel_holds_every_file_of_the_product(wheel: zipfile.ZipFile) -> None:
    ours = [path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file()]
    wanted = {str(path.relative_to(ROOT)) for path in ours if path.suffix in (".py", *NO_PYTHON)}
    assert {"serving/static/live/index.html", "moodstream/local/jars.sha256", "batch/evaluate/report.css"} <= wanted
    assert wanted - set(wheel.namelist()) == set()


def test_the_wheel_holds_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_the_wheel_says_that_it_has_types(wheel: zipfile.ZipFile) -> None:
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(wheel.namelist())


def test_the_wheel_brings_the_command_and_its_extras(wheel: zipfile.ZipFile) -> None:
    (info,) = {name.partition("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
    assert "moodstream = moodstream.cli:main" in wheel.read(f"{info}/entry_points.txt").decode()
    said = Parser().parsestr(wheel.read(f"{info}/METADATA").decode())
    assert set(said.get_all("Provides-Extra", [])) == {"batch", "evaluate", "aws", "dev"}
    always = [line for line in said.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert not [line for line in always if line.startswith(("torch", "boto3", "implicit", "pytest"))]


def test_the_sdist_holds_what_it_takes_to_test_and_document_it(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    wanted = ("Makefile", "locks/requirements.txt", "tests/conftest.py", "docs/index.md", "documents/blocks.py")
    assert {*wanted, "zensical.toml", "LICENSE", "README.md"} <= held
