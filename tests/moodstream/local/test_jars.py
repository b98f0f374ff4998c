"""Kafka's jars: complete or absent, checked against the list, and never half there."""

import shutil
from pathlib import Path

import pytest

from contracts.errors import Misconfigured, Unavailable
from moodstream.local import jars
from moodstream.local.jars import VERSION, cache_folder, cached_jars, kafka_jars, locked_jars


def test_the_list_names_the_broker_of_this_version() -> None:
    assert f"kafka_2.13-{VERSION}.jar" in locked_jars()
    assert all(len(digest) == 64 for digest in locked_jars().values())


def test_jars_that_are_there_are_not_downloaded_again() -> None:
    there = kafka_jars(cache_folder(), print)
    said: list[str] = []
    assert kafka_jars(cache_folder(), said.append) == there
    assert said == []


def test_a_missing_jar_makes_the_cache_incomplete(tmp_path: Path) -> None:
    shutil.copytree(kafka_jars(cache_folder(), print)[0].parent, tmp_path / f"kafka-{VERSION}")
    assert len(cached_jars(tmp_path)) == len(locked_jars())
    cached_jars(tmp_path)[3].unlink()
    assert cached_jars(tmp_path) == []


def test_a_jar_that_is_not_what_the_list_says_is_refused_and_nothing_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = kafka_jars(cache_folder(), print)

    def tampered(folder: Path, say: object) -> list[Path]:
        copies = [Path(shutil.copy(jar, folder)) for jar in real]
        copies[0].write_bytes(b"something else")
        return copies

    monkeypatch.setattr(jars, "download", tampered)
    with pytest.raises(
        Misconfigured, match=rf"not the ones that jars.sha256 names \({real[0].name}\): nothing was kept"
    ):
        kafka_jars(tmp_path, print)
    assert [entry.name for entry in tmp_path.iterdir()] == ["lock"]


def test_no_network_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(folder: Path, say: object) -> list[Path]:
        raise ConnectionError("no route to host")

    monkeypatch.setattr(jars, "download", unreachable)
    with pytest.raises(Unavailable, match=r"can't be downloaded .*no route to host.*MOODSTREAM_KAFKA=host:port"):
        kafka_jars(tmp_path, print)
