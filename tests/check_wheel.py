"""`make check-wheel`: the wheel alone, in an empty environment and an empty folder, without its extras and with them.

It installs from the package index (or uv's cache), PyTorch too: minutes and 6 GB where they aren't in the cache.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
UV = Path(sys.executable).with_name("uv")
ELSEWHERE = {name: value for name, value in os.environ.items() if not name.startswith(("MOODSTREAM_", "PYTHON"))}

pytestmark = pytest.mark.timeout(3600)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    subprocess.run((UV, "build", "--quiet", "--no-build-isolation", "--wheel", "--out-dir", out, ROOT), check=True)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="session")
def plain(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that has the wheel and no extra."""
    return installed(tmp_path_factory.mktemp("plain"), wheel)


@pytest.fixture(scope="session")
def batch(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of one with `[batch]`."""
    return installed(tmp_path_factory.mktemp("batch"), wheel, "batch")


def installed(folder: Path, wheel: Path, *extras: str) -> Path:
    subprocess.run((UV, "venv", "--quiet", "--seed", "--python", sys.executable, folder / "env"), check=True)
    wanted = f"moodstream[{','.join(extras)}] @ {wheel.as_uri()}"
    python = folder / "env" / "bin" / "python"
    subprocess.run((UV, "pip", "install", "--quiet", "--python", python, wanted), env=ELSEWHERE, check=True)
    return python.parent


def run(programs: Path, folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [str(programs / arguments[0]), *arguments[1:]]
    return subprocess.run(command, cwd=folder, env=ELSEWHERE, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (("demo", "--once"), "batch"),
        (("nightly",), "batch"),
        (("source", "kinesis", "--stream", "clicks"), "aws"),
        (("evaluate",), "evaluate"),
    ],
)
def test_without_its_extra_a_verb_says_which_is_missing(
    plain: Path, tmp_path: Path, arguments: tuple[str, ...], extra: str
) -> None:
    refused = run(plain, tmp_path, "moodstream", *arguments)
    assert refused.returncode == 1
    assert f"pip install 'moodstream[{extra}]'" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_stream_and_serving_need_no_extra(plain: Path, tmp_path: Path) -> None:
    loaded = "import serving.app, stream.worker, sys; print([m for m in ('torch', 'boto3') if m in sys.modules])"
    assert run(plain, tmp_path, "python", "-c", loaded).stdout.strip() == "[]"
    for verb in ("stream", "serve"):
        assert "moodstream up" in run(plain, tmp_path, "moodstream", verb).stderr


def test_its_types_are_seen_by_others(plain: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs.py").write_text("from contracts.settings import Settings\nreveal_type(Settings().api_port)\n")
    mypy = (sys.executable, "-m", "mypy", "--python-executable", plain / "python", "--cache-dir", tmp_path, "theirs.py")
    seen = subprocess.run(mypy, cwd=tmp_path, env=ELSEWHERE, capture_output=True, text=True, check=False)
    assert 'Revealed type is "int"' in seen.stdout, seen.stdout


def test_the_demo_runs_in_any_folder(batch: Path, tmp_path: Path) -> None:
    shown = run(batch, tmp_path, "moodstream", "demo", "--once")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "acknowledged → changed" in shown.stdout
    assert json.loads(run(batch, tmp_path, "moodstream", "status", "--json").stdout)["runs"] is False
    assert [path.name for path in tmp_path.iterdir()] == [".moodstream"]
