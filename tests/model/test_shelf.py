"""Bundles on the shelf never change, and the pointer moves whole, forth and back."""

import dataclasses
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import BundleRejected, Unavailable
from model import shelf as shelf_module
from model.bundle import Bundle
from model.manifest import MANIFEST
from model.shelf import POINTER, Shelf
from tests.fakes.bundle import random_bundle


def named(version: str, seed: int = 0) -> Bundle:
    bundle = random_bundle(n_items=5, seed=seed, hidden=8, dim=4)
    fields = {f.name: getattr(bundle, f.name) for f in dataclasses.fields(bundle) if f.init}
    return Bundle(**{**fields, "version": version})


@pytest.fixture(params=["folder", "memory"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    """One in a folder, and one in another fsspec file system."""
    return Shelf(str(tmp_path / "shelf") if request.param == "folder" else f"memory://{tmp_path.name}")


def test_an_empty_shelf_has_nothing(shelf: Shelf) -> None:
    assert shelf.versions() == []
    assert shelf.current() is None
    assert shelf.previous() is None


def test_a_bundle_is_found_again_by_another_shelf_of_the_same_place(shelf: Shelf) -> None:
    assert shelf.add(named("a")) == "a"
    other = Shelf(shelf.url)
    assert other.versions() == ["a"]
    assert other.load("a").catalogue == named("a").catalogue
    assert other.load("a") is other.load("a")


def test_the_pointer_moves_forth_and_back(shelf: Shelf) -> None:
    for version in ("a", "b", "c"):
        shelf.add(named(version))
        shelf.point(version)
    assert (shelf.current(), shelf.previous()) == ("c", "b")
    shelf.point("b")
    assert (shelf.current(), shelf.previous()) == ("b", "c")
    assert Shelf(shelf.url).current() == "b"


def test_pointing_at_the_current_one_again_changes_nothing(shelf: Shelf) -> None:
    for version in ("a", "b", "b"):
        if version not in shelf.versions():
            shelf.add(named(version))
        shelf.point(version)
    assert (shelf.current(), shelf.previous()) == ("b", "a")


def test_a_bundle_on_the_shelf_cannot_be_changed(shelf: Shelf) -> None:
    shelf.add(named("a"))
    with pytest.raises(BundleRejected, match="can't be changed"):
        shelf.add(named("a", seed=1))


def test_the_pointer_never_names_what_is_not_there(shelf: Shelf) -> None:
    with pytest.raises(BundleRejected, match="not on the shelf"):
        shelf.point("nobody")


@pytest.mark.parametrize("version", ["", "../a", "a/b", ".hidden", "a" * 200])
def test_what_is_no_version_is_refused(shelf: Shelf, version: str) -> None:
    for call in (shelf.load, shelf.point):
        with pytest.raises(BundleRejected, match="no bundle's version"):
            call(version)


def test_a_bundle_that_was_cut_off_before_its_manifest_is_not_there(tmp_path: Path) -> None:
    shelf = Shelf(str(tmp_path))
    shelf.add(named("a"))
    (tmp_path / "a" / MANIFEST).unlink()
    assert shelf.versions() == []
    with pytest.raises(BundleRejected, match="not written to its end"):
        shelf.load("a")
    assert shelf.add(named("a")) == "a"
    assert shelf.load("a").version == "a"


def test_a_bundle_in_the_folder_of_another_is_refused(tmp_path: Path) -> None:
    shelf = Shelf(str(tmp_path))
    shelf.add(named("a"))
    (tmp_path / "a").rename(tmp_path / "b")
    with pytest.raises(BundleRejected, match="holds bundle a"):
        shelf.load("b")


def test_a_crash_while_the_pointer_is_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(str(tmp_path))
    for version in ("a", "b"):
        shelf.add(named(version))
    shelf.point("a")

    def crash(descriptor: int) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", crash)
        with pytest.raises(Unavailable, match="no space"):
            shelf.point("b")
    assert shelf.current() == "a"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [POINTER]


def test_a_reader_beside_a_writer_sees_whole_pointers_only(tmp_path: Path) -> None:
    writer = Shelf(str(tmp_path))
    for version in ("a", "b"):
        writer.add(named(version))
    writer.point("a")
    seen: set[Any] = set()
    done = threading.Event()

    def look() -> None:
        reader = Shelf(str(tmp_path))
        while not done.is_set():
            seen.add(reader.current())

    thread = threading.Thread(target=look)
    thread.start()
    for turn in range(100):
        writer.point("ab"[turn % 2])
    done.set()
    thread.join()
    assert seen <= {"a", "b"}


def test_a_damaged_pointer_says_the_way_out(tmp_path: Path) -> None:
    shelf = Shelf(str(tmp_path))
    shelf.add(named("a"))
    (tmp_path / POINTER).write_bytes(b"{")
    with pytest.raises(BundleRejected, match="publish a version again"):
        shelf.current()


def test_only_a_few_bundles_stay_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf_module, "_KEPT", 2)
    shelf = Shelf(str(tmp_path))
    for version in ("a", "b", "c"):
        shelf.add(named(version))
    first = shelf.load("a")
    shelf.load("b")
    shelf.load("c")
    assert shelf.load("a") is not first
