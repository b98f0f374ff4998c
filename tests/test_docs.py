"""The documents are true: what they name exists, and what exists is named."""

import re
from pathlib import Path

import msgspec
import pytest
from typer.main import get_command

from contracts.settings import PREFIX, Settings
from documents.blocks import pages
from moodstream.cli import app

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
SETTINGS = (ROOT / "docs" / "settings.md").read_text()
ODD = {"settings.md": {f"{PREFIX}API_PROT"}}
"""What a page names wrongly, to show what then happens."""
VERBS = sorted(getattr(get_command(app), "commands"))  # noqa: B009 - a group's, which its type doesn't say


@pytest.mark.parametrize("name", [field.name for field in msgspec.structs.fields(Settings)])
def test_every_setting_is_documented(name: str) -> None:
    assert f"| `{PREFIX}{name.upper()}` |" in SETTINGS


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_pages_name_only_settings_that_exist(page: Path) -> None:
    known = {f"{PREFIX}{field.name.upper()}" for field in msgspec.structs.fields(Settings)}
    assert set(re.findall(rf"{PREFIX}[A-Z_]*[A-Z]\b", page.read_text())) - known <= ODD.get(page.name, set())


def test_the_readme_names_only_verbs_and_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"bin/moodstream ([a-z-]+)", README)) <= set(VERBS)
    assert set(re.findall(r"^make ([a-z-]+)", README, re.MULTILINE)) <= targets


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_an_example(verb: str) -> None:
    command = getattr(get_command(app), "commands")[verb]  # noqa: B009
    commands = getattr(command, "commands", {verb: command}).values()
    assert all(f"Example: moodstream {verb}" in one.help or "=" in one.help.split("Example:")[1] for one in commands)


def test_no_file_names_a_registry() -> None:
    locks = [*(ROOT / "locks").iterdir(), ROOT / "pyproject.toml", ROOT / "Makefile", ROOT / "moodstream" / "setup.sh"]
    assert not [path.name for path in locks if re.search(r"https?://", path.read_text())]
