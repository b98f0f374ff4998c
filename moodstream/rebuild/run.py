"""`moodstream rebuild`: workers make lost states again by themselves; this says what is lost, helps, and waits."""

import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from contracts.errors import Misconfigured, Unavailable
from contracts.settings import Settings
from contracts.topics import Topic
from model.shelf import Shelf
from moodstream.console import bar, say
from moodstream.local.home import Home
from moodstream.local.operate import with_servers
from moodstream.local.redis import require_noeviction
from moodstream.local.running import heartbeats
from moodstream.local.service import Service
from moodstream.local.supervisor import Supervisor
from moodstream.rebuild.survey import Survey, survey
from moodstream.rebuild.told import Report, lacking, show
from online.reach import require_kafka
from online.store.protocol import Store
from online.store.redis import connect
from online.store.wipe import wipe
from stream import topics

T = TypeVar("T")
Told = Callable[[int, str], None]
_HEARD_WITHIN_S: Final = 5.0
"""A worker says every half second that it lives, also after its store was lost."""
_SILENCE_S: Final = 30.0
_LOOK_EVERY_S: Final = 1.0
_PATIENCE_S: Final = 180.0


def rebuild(settings: Settings, *, anew: bool, as_json: bool) -> bool:
    """Have all states and counts made again that the store lacks; False where some can't be.

    With `anew` the store forgets the namespace first. Raises `Misconfigured`, `Unavailable`.
    """
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # what matters of it is raised, and said in one line
    settings = with_servers(settings)
    require_kafka(settings.kafka or "")
    require_noeviction(settings.redis or "")
    ids = topics.ensure(settings.kafka or "", settings.namespace, settings.partitions, settings.replication)
    _check_bundle(settings)
    tell = _silent if as_json else say
    if anew:
        _forget(settings, tell)
    before = _survey(settings, ids)
    began = time.monotonic()
    worker = "none"
    if not before.done:
        worker = _learn(settings, ids, before, tell, quiet=as_json)
    report = Report(before.behind, round(time.monotonic() - began, 1), worker, before)
    if as_json:
        print(msgspec.json.encode(report).decode())
    else:
        show(report)
    return not any(part.gaps or part.mixed for part in before.parts)


def _learn(
    settings: Settings, ids: dict[Topic, str], before: Survey, tell: Callable[[str], None], *, quiet: bool
) -> str:
    """Have it learned, by the workers that run or by one of our own; returns by whom."""
    for line in lacking(before):
        tell(line)
    if _is_anybody_there(settings):
        tell("the workers that run make it again; serving goes on, degraded")
        if _wait(settings, ids, before, quiet=quiet):
            return "running"
    tell("no worker runs: one is run for this; serving goes on, degraded")
    with _worker(settings, tell):
        if not _wait(settings, ids, before, quiet=quiet):
            raise Unavailable("the worker that was run for this says nothing: see logs/rebuild.log")
    return "own"


def _wait(settings: Settings, ids: dict[Topic, str], before: Survey, *, quiet: bool) -> bool:
    """Until nothing is lacking up to where the log ended before; False when no worker is heard any more."""
    with bar("learning again", max(1, before.behind), "events") if not quiet else _no_bar() as told:
        moved, most, heard, beats = time.monotonic(), -1, time.monotonic(), heartbeats(settings)
        while True:
            if (newer := heartbeats(settings)) != beats:
                heard, beats = time.monotonic(), newer
            now = _patient(settings, ids)
            done = max(0, before.behind - _left(before, now)) if now else most
            if now and _is_reached(before, now):
                told(before.behind, "")
                return True
            if done > most:
                moved, most = time.monotonic(), done
                told(done, "")
            if time.monotonic() - heard > _SILENCE_S:
                return False
            if time.monotonic() - moved > _PATIENCE_S:
                raise Unavailable(
                    f"nothing was learned for {_PATIENCE_S:.0f} s: see the worker's log (logs/stream.log), "
                    "then run moodstream rebuild again: it goes on where it was"
                )
            time.sleep(_LOOK_EVERY_S)


def _patient(settings: Settings, ids: dict[Topic, str]) -> Survey | None:
    """The survey; None while a server doesn't answer."""
    try:
        return _survey(settings, ids)
    except Unavailable:
        return None


def _left(before: Survey, now: Survey) -> int:
    """Events still to be learned of those that were lacking."""
    then = {part.partition: part.end for part in before.parts}
    left = [max(0, then[part.partition] - part.needed) + sum(end for _, end in part.earlier) for part in now.parts]
    return sum(left)


def _is_reached(before: Survey, now: Survey) -> bool:
    whole = not now.items and all(part.moved and not part.earlier for part in now.parts)
    return whole and not _left(before, now)


def _check_bundle(settings: Settings) -> None:
    """Raises `BundleRejected` early: states on a bundle that doesn't load can't be made again."""
    shelf = Shelf(settings.bundles_url)
    if version := shelf.current():
        shelf.load(version)


def _survey(settings: Settings, ids: dict[Topic, str]) -> Survey:
    return asyncio.run(_with_store(settings, lambda store: survey(settings, store, ids)))


async def _with_store(settings: Settings, work: Callable[[Store], Awaitable[T]]) -> T:
    store = connect(settings.redis or "", settings.namespace, cluster=settings.redis_cluster)
    try:
        return await work(store)
    finally:
        await store.close()


def _is_anybody_there(settings: Settings) -> bool:
    """Whether a worker says anything new: what the last one said may still stand there."""
    before, deadline = heartbeats(settings), time.monotonic() + _HEARD_WITHIN_S
    while time.monotonic() < deadline:
        if heartbeats(settings) not in (before, []):
            return True
        time.sleep(0.2)
    return False


def _forget(settings: Settings, tell: Callable[[str], None]) -> None:
    """Empty the namespace in one step; in a cluster, where there is none, only while no worker runs."""
    if settings.redis_cluster and _is_anybody_there(settings):
        raise Misconfigured(
            "a cluster can't be emptied in one step: stop the workers, run moodstream rebuild --anew, start them again"
        )
    keys = asyncio.run(wipe(settings.redis or "", settings.namespace, cluster=settings.redis_cluster))
    tell(f"the store forgot {keys:,} keys of {settings.namespace}")


@contextmanager
def _worker(settings: Settings, tell: Callable[[str], None]) -> Iterator[None]:
    """A worker of our own, for as long as it's needed."""
    home = Home(settings.home.absolute())
    home.create()
    began = time.time() * 1000
    environment = {**settings.environment(), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    service = Service(
        name="rebuild",
        argv=(sys.executable, "-m", "moodstream", "stream"),
        log=home.logs / "rebuild.log",
        env=environment,
        ready=lambda: any(beat.time >= began for beat in heartbeats(settings)),
        ready_within_s=_PATIENCE_S,
    )
    with tempfile.TemporaryDirectory() as folder, Supervisor(Path(folder) / "status.json", tell) as supervisor:
        supervisor.start(service)
        yield


@contextmanager
def _no_bar() -> Iterator[Told]:
    yield lambda _done, _more: None


def _silent(_line: str) -> None:
    return
