"""The folder of one replay, kept until it is done: its log, and for each bundle how far it came."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from contracts.errors import Misconfigured
from moodstream.replay.plan import Plan

PLAN: Final = "plan.json"


@contextmanager
def folder_of(home: Path, plan: Plan, *, anew: bool) -> Iterator[Path]:
    """The plan's folder, nobody else's while this lasts; `anew` forgets what was there.

    Only its owner may look into it: a log from Kafka holds addresses. Raises `Misconfigured` where it runs already.
    """
    folder = home / "replays" / plan.id
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _held(folder):
        if anew:
            _empty(folder)
        (folder / PLAN).write_bytes(msgspec.json.format(msgspec.json.encode(plan)))
        yield folder


def remove(folder: Path) -> None:
    """Forget a replay that is done."""
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """The kernel lets go when the process ends, however it ends."""
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Misconfigured(f"this very replay is running already (its folder is {folder})") from error
        yield
    finally:
        os.close(lock)


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.name != "lock":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
