"""Whatever becomes of bundles: each request is answered, says `degraded` and why, and a mended one is picked up."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from contracts.settings import Settings
from model import manifest
from model.bundle import FILES, Bundle
from model.manifest import MANIFEST
from model.shelf import POINTER, Shelf
from online.answer import library
from online.answer.answered import Recommendations
from online.store.memory import MemoryStore
from tests.fakes.bundle import random_bundle
from tests.fakes.publisher import MemoryPublisher
from tests.serving.api import served
from tests.serving.test_answers import recommended

FIRST, SECOND = random_bundle(60, 1), random_bundle(60, 2)
PATIENCE_S = 60.0


class Scene(NamedTuple):
    """The API on a shelf that is a folder."""

    http: httpx.Client
    shelf: Shelf
    folder: Path

    def publish(self, bundle: Bundle) -> None:
        self.shelf.add(bundle)
        self.shelf.point(bundle.version)

    def ask(self) -> Recommendations:
        return recommended(self.http.get("/v1/recommendations?user_id=me&n=5"))

    def until(self, version: str, said: str) -> Recommendations:
        """The first answer of this bundle that says this of bundles ("" for nothing)."""
        until = time.monotonic() + PATIENCE_S
        while True:
            answer = self.ask()
            of_bundle = " ".join(reason for reason in answer.degraded if reason.startswith("bundle"))
            if answer.bundle == version and (said in of_bundle if said else not of_bundle):
                return answer
            assert time.monotonic() < until, (answer.bundle, answer.degraded)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A bundle that can't be loaded is tried again at once, not half a minute later."""
    monkeypatch.setattr(library, "RETRY_S", 0.2)
    shelf = Shelf(str(tmp_path))
    with served(Settings(), MemoryStore(), shelf, MemoryPublisher()) as http:
        yield Scene(http, Shelf(str(tmp_path)), tmp_path)


def test_none_is_said_and_the_first_one_is_picked_up(scene: Scene) -> None:
    assert scene.until("", "none was published yet").items == []
    scene.publish(FIRST)
    assert len(scene.until(FIRST.version, "").items) == 5


def corrupt(name: str) -> Callable[[Path, bytes], None]:
    def spoil(folder: Path, _: bytes) -> None:
        raw = bytearray((folder / name).read_bytes())
        raw[len(raw) // 2] ^= 1
        (folder / name).write_bytes(bytes(raw))

    return spoil


def cut(folder: Path, raw: bytes) -> None:
    (folder / FILES[0]).write_bytes(raw[: len(raw) // 2])


def take_away(folder: Path, _: bytes) -> None:
    (folder / FILES[0]).unlink()


@pytest.mark.parametrize(
    ("spoil", "name"), [(corrupt(name), name) for name in (*FILES, MANIFEST)] + [(cut, FILES[0]), (take_away, FILES[0])]
)
def test_a_corrupt_one_leaves_the_one_before_in_use_until_it_is_mended(
    scene: Scene, spoil: Callable[[Path, bytes], None], name: str
) -> None:
    scene.publish(FIRST)
    scene.until(FIRST.version, "")
    scene.shelf.add(SECOND)
    folder = scene.folder / SECOND.version
    good = (folder / name).read_bytes()
    spoil(folder, good)
    scene.shelf.point(SECOND.version)
    answer = scene.until(FIRST.version, "the current one can't be loaded")
    assert len(answer.items) == 5
    (folder / name).write_bytes(good)
    scene.until(SECOND.version, "")


def test_one_of_a_newer_version_is_refused_by_name_and_the_one_before_answers(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.publish(FIRST)
    scene.until(FIRST.version, "")
    with monkeypatch.context() as newer:
        newer.setattr(manifest, "FORMAT", manifest.FORMAT + 1)
        scene.shelf.add(SECOND)
    scene.shelf.point(SECOND.version)  # not before: the API reads by the same module
    answer = scene.until(FIRST.version, "the current one can't be loaded")
    assert f"this code reads {manifest.schema_hash()}" in " ".join(answer.degraded)
    third = random_bundle(60, 3)
    scene.publish(third)
    scene.until(third.version, "")


def test_a_process_that_starts_beside_a_corrupt_one_answers_from_the_one_before(tmp_path: Path) -> None:
    shelf = Shelf(str(tmp_path))
    for bundle in (FIRST, SECOND):
        shelf.add(bundle)
        shelf.point(bundle.version)
    corrupt(FILES[0])(tmp_path / SECOND.version, b"")
    with served(Settings(), MemoryStore(), Shelf(str(tmp_path)), MemoryPublisher()) as http:
        Scene(http, shelf, tmp_path).until(FIRST.version, "the current one can't be loaded")


def test_a_pointer_that_is_damaged_or_gone_changes_nothing_until_it_is_mended(scene: Scene) -> None:
    scene.publish(FIRST)
    scene.until(FIRST.version, "")
    pointer = scene.folder / POINTER
    good = pointer.read_bytes()
    pointer.write_bytes(good[:-4])
    scene.until(FIRST.version, "the shelf can't be read")
    pointer.unlink()
    scene.until(FIRST.version, "none was published yet")
    pointer.write_bytes(good)
    scene.until(FIRST.version, "")


class HangingShelf(Shelf):
    """As a network's file system that is away: whoever looks waits until it is back."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.there = threading.Event()
        self.there.set()
        self.hangs = threading.Event()
        self.looking = 0

    def current(self) -> str | None:
        self.looking += 1
        if not self.there.is_set():
            self.hangs.set()
        self.there.wait(PATIENCE_S)
        return super().current()


def test_a_shelf_that_hangs_is_said_and_holds_up_neither_answers_nor_items(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "WAIT_S", 0.1)
    shelf = HangingShelf(str(tmp_path))
    shelf.add(FIRST)
    shelf.point(FIRST.version)
    with served(Settings(), MemoryStore(), shelf, MemoryPublisher()) as http:
        scene = Scene(http, shelf, tmp_path)
        scene.until(FIRST.version, "")
        shelf.there.clear()
        assert shelf.hangs.wait(PATIENCE_S)  # a look that is only slow would be followed by one more
        scene.until(FIRST.version, "it does not answer")
        looked, until = shelf.looking, time.monotonic() + 3
        while time.monotonic() < until:
            assert len(scene.ask().items) == 5
        assert shelf.looking == looked  # one waits, not one more every second
        shelf.there.set()
        scene.until(FIRST.version, "")
