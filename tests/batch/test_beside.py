"""A ranker fitted beside the training is the one that would be fitted after it, whatever is killed meanwhile."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec
import numpy as np
import pytest

from batch import checkpoint, train
from batch.beside import Beside, beside
from batch.fitting import Fitting, last_of, read
from batch.log import of_events
from batch.logged import HEAD, REQUESTS
from batch.progress import Progress
from batch.ranking import FEW, Fitted
from batch.train import train_on
from contracts.errors import BundleRejected, Unavailable
from model.bundle import Bundle
from tests.batch import synthetic
from tests.batch.test_ranking import pairs
from tests.batch.test_train import ITEMS, PLAN
from tests.fakes.bundle import random_bundle
from tests.moodstream.local.processes import lives

LOG = synthetic.log(users=40)
LASTING = replace(PLAN, epochs=3, repeats="kept")


@pytest.fixture
def _long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every log is one."""
    monkeypatch.setattr(train, "LONG", 0)


def fitting() -> Fitting:
    log = pairs(60, seed=3)
    return Fitting(random_bundle(40), log[:400], log[400:], seed=0, repeats="never")


class WordByWord:
    """A pipe that gives one word a wait: also of what was said while this process stood still."""

    def __init__(self, heard: Connection) -> None:
        self._heard = heard
        self.recv = heard.recv

    def poll(self, patience_s: float) -> bool:
        return patience_s > 0 and self._heard.poll(patience_s)


def waited_for(other: Beside, shares: list[float]) -> Fitted:
    """The ranker, once it's there, and what was heard of it until then."""
    while (found := other.found(0.05)) is None:
        shares.append(other.share)
    return found


def until_gone(pid: int, patience_s: float = 20.0) -> None:
    """Wait for the end of a process whose parent may be gone."""
    end = time.monotonic() + patience_s
    while lives(pid):
        assert time.monotonic() < end, "it goes on though nobody waits for it"
        time.sleep(0.05)


def assert_same(one: Bundle, other: Bundle) -> None:
    assert one.version == other.version
    assert one.ranker.names == other.ranker.names
    np.testing.assert_array_equal(one.ranker.weights, other.ranker.weights)
    networks = [asdict(ranker.network) if ranker.network else {} for ranker in (one.ranker, other.ranker)]
    assert networks[0].keys() == networks[1].keys()
    for name, of in networks[0].items():
        np.testing.assert_array_equal(of, networks[1][name], err_msg=name)
    assert one.metrics["ranker"] == other.metrics["ranker"]


def trained() -> Bundle:
    return train_on(LOG, ITEMS, LASTING, now_ms=0)


@pytest.mark.usefixtures("_long")
def test_the_bundle_is_the_same_whether_the_ranker_is_fitted_beside_or_after(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, float]] = []
    aside = train_on(LOG, ITEMS, LASTING, lambda at: seen.append((at.phase, at.share)), now_ms=0)
    assert aside.metrics["ranker"]["requests"] >= FEW
    shares = [share for _, share in seen]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert seen[-1][0] == "ranker"
    monkeypatch.setattr(train, "beside", nobody)
    assert_same(aside, trained())


@contextmanager
def nobody(fitting: Fitting) -> Iterator[None]:
    """In place of `beside`: nothing is fitted until the training comes to it."""
    yield None


def die_in_all(folder: Path) -> None:
    """Train with the ranker beside, and die as by kill -9 in the second epoch over everything."""
    setattr(train, "LONG", 0)  # noqa: B010 (final, but not here)

    def tell(progress: Progress) -> None:
        if (progress.phase, progress.epoch, progress.batch) == ("all", 1, 2):
            (folder / "pids").write_text(" ".join(str(child.pid) for child in multiprocessing.active_children()))
            os.kill(os.getpid(), signal.SIGKILL)

    train_on(LOG, ITEMS, LASTING, tell, folder, now_ms=0)


@pytest.mark.timeout(450)  # seven processes import torch: minutes where others want the cores
@pytest.mark.usefixtures("_long")
def test_killed_in_all_with_the_ranker_unfinished_training_ends_as_if_nothing_had_been(tmp_path: Path) -> None:
    child = multiprocessing.get_context("spawn").Process(target=die_in_all, args=(tmp_path,))
    child.start()
    child.join(120)
    assert child.exitcode == -signal.SIGKILL
    assert left_in(tmp_path).ranker is None
    seen: list[tuple[str, int]] = []
    resumed = train_on(LOG, ITEMS, LASTING, lambda at: seen.append((at.phase, at.epoch)), tmp_path, now_ms=0)
    assert seen[0] == ("all", 1)
    assert_same(resumed, trained())
    for pid in (tmp_path / "pids").read_text().split():
        until_gone(int(pid))


@pytest.mark.usefixtures("_long")
def test_killed_while_the_ranker_is_waited_for_it_is_fitted_again(tmp_path: Path) -> None:
    whole = train_on(LOG, ITEMS, LASTING, folder=tmp_path, now_ms=0)
    (tmp_path / checkpoint.NAME).write_bytes(waiting((tmp_path / checkpoint.NAME).read_bytes()))
    assert_same(train_on(LOG, ITEMS, LASTING, folder=tmp_path, now_ms=0), whole)


def waiting(raw: bytes) -> bytes:
    """The checkpoint as it was before the ranker was ready."""
    length = int.from_bytes(raw[:8], "little")
    header = msgspec.json.decode(raw[8 : 8 + length])
    state = msgspec.json.decode(header["__metadata__"]["state"])
    state["progress"] |= {"phase": "ranker", "ranker": None}
    header["__metadata__"]["state"] = msgspec.json.encode(state).decode()
    said = msgspec.json.encode(header)
    said += b" " * (-len(said) % 8)
    return len(said).to_bytes(8, "little") + said + raw[8 + length :]


def left_in(folder: Path) -> Progress:
    raw = checkpoint.read(folder)
    header = msgspec.json.decode(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    return msgspec.convert(msgspec.json.decode(header["__metadata__"]["state"])["progress"], Progress)


def test_the_other_process_tells_how_far_it_is_and_finds_what_this_one_finds() -> None:
    shares: list[float] = []
    with beside(fitting()) as fitted:
        other = Beside(WordByWord(fitted._heard))  # type: ignore[arg-type]
        found = waited_for(other, shares)
    assert shares == sorted(shares)
    assert 0 < min(filter(None, shares)) < other.share == 1.0
    assert found == fitting().ranker(lambda share: None)
    assert found.requests >= FEW


@pytest.mark.usefixtures("_long")
def test_what_is_raised_in_the_other_process_is_raised_here_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Fitting, "write", lambda fitting, folder: None)
    with pytest.raises(BundleRejected, match="not a bundle") as raised:
        trained()
    assert "in the process that fitted the ranker" in raised.value.__notes__[0]


@pytest.mark.parametrize("which", [0, 1])
def test_a_process_that_dies_is_said(which: int) -> None:
    with beside(fitting()) as other:
        first, second = sorted(multiprocessing.active_children(), key=lambda process: process.pid or 0)
        (first, second)[which].kill()
        with pytest.raises(Unavailable, match="too little memory"):
            waited_for(other, [])


def test_nobody_is_left_when_something_is_raised_here() -> None:
    pids: list[int | None] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted(pids)
    assert len(pids) == 2
    for pid in pids:
        assert pid is not None
        until_gone(pid, patience_s=0)


def interrupted(pids: list[int | None]) -> None:
    with beside(fitting()):
        pids.extend(process.pid for process in multiprocessing.active_children())
        raise KeyboardInterrupt


def test_what_is_written_for_another_process_is_read_there(tmp_path: Path) -> None:
    written = fitting()
    written.write(tmp_path)
    found = read(tmp_path)
    assert found[1:] == written[1:]
    np.testing.assert_array_equal(found.bundle.vectors, written.bundle.vectors)


def test_of_a_log_only_what_can_be_looked_at_is_kept_and_events_keep_their_numbers() -> None:
    walked = synthetic.events(users=2)
    many = of_events([walked[0]] * (HEAD + 10) + walked[:20])
    head, tail = last_of(many, HEAD + 10)
    assert (len(head), len(tail)) == (HEAD, 20)
    assert (head[0].event_id, tail[0].event_id) == ("e10", f"e{HEAD + 10}")
    assert len(last_of(many, 5)[1]) == HEAD + 25 < HEAD + REQUESTS
