"""What isn't installed is said with the extra that brings it; what ought to be there is a fault, and shown as one."""

import tomllib
from pathlib import Path

import pytest

from moodstream import cli
from moodstream.extras import EXTRAS, missing

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("module", EXTRAS)
def test_a_missing_module_is_said_with_its_extra(
    module: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lacking() -> None:
        raise ModuleNotFoundError(f"No module named '{module}.part'", name=f"{module}.part")

    monkeypatch.setattr(cli, "app", lacking)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith(f"moodstream: {module} isn't installed")
    assert f"pip install 'moodstream[{EXTRAS[module].name}]'" in said
    assert said.count("\n") == 1


def test_a_module_of_ours_that_is_missing_is_a_fault() -> None:
    assert missing(ModuleNotFoundError("No module named 'online.gone'", name="online.gone")) is None
    assert missing(ModuleNotFoundError("nothing is named")) is None


def test_the_extras_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for module, extra in EXTRAS.items():
        brought = [line for line in project["optional-dependencies"][extra.name] if line.startswith(module)]
        assert brought or module == "botocore"  # which boto3 brings
        assert not [line for line in project["dependencies"] if line.startswith(module)]
