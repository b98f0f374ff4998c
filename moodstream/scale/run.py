"""`moodstream topics scale`: looks, changes, and waits until every user goes on behind the cut."""

import asyncio
import logging
import time
from typing import Final

import msgspec

from contracts.errors import Unavailable
from contracts.settings import Settings
from contracts.sharding import USER_SHARDS
from moodstream.console import bar, say
from moodstream.local.operate import with_servers
from moodstream.scale.change import change
from moodstream.scale.plan import Plan, check_workers, plan, without_worker
from online.learn.course import Course
from online.reach import require_kafka
from online.store.redis import connect
from stream.look import look

_LOOK_EVERY_S: Final = 0.5
_PATIENCE_S: Final = 180.0


class Report(msgspec.Struct, frozen=True):
    """What was done; `--json` prints it."""

    before: int
    after: int
    moving: int
    """User shards that go on in another partition."""
    changed: bool
    """False where it was said only, or was done before."""
    seconds: float


def scale(settings: Settings, to: int, *, dry_run: bool, as_json: bool) -> None:
    """Have `events` so many partitions, and wait until all are learned from. Raises `Misconfigured`, `Unavailable`."""
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # what matters of it is raised, and said in one line
    settings = with_servers(settings)
    require_kafka(settings.kafka or "")
    began, found = time.monotonic(), plan(settings, to)
    if not as_json:
        say(_said(found))
    is_new = found.after > found.before
    if is_new and not dry_run:
        check_workers(settings, found.before)
        change(settings, found)
    if not dry_run:
        _wait(settings, quiet=as_json)
    report = Report(found.before, found.after, found.moving, is_new and not dry_run, round(time.monotonic() - began, 1))
    if as_json:
        print(msgspec.json.encode(report).decode())
    elif not dry_run:
        say(f"{found.after} partitions are learned from; up to {found.after} workers can be busy now")


def _said(found: Plan) -> str:
    if found.after == found.before:
        return f"there are {found.before} partitions: nothing to do"
    added = f"{found.before} partitions become {found.after}; {found.moving} of {USER_SHARDS:,} shards of users move"
    return f"{added}; learning waits for some seconds, answers don't"


def _wait(settings: Settings, *, quiet: bool) -> None:
    """Until no shard is before a cut any more, and somebody learns from every partition."""
    course = look(settings).course
    left = _behind(settings, course)
    total, least, moved = left, left, time.monotonic()
    with bar("on the way", max(1, total), "shards") as told:
        while left or without_worker(settings, course.present.partitions):
            if left < least:
                least, moved = left, time.monotonic()
            if not quiet:
                told(total - left, "")
            if time.monotonic() - moved > _PATIENCE_S:
                raise Unavailable(
                    f"{left} shards are still before the cut, and none came on for {_PATIENCE_S:.0f} s: see their "
                    "workers' logs; nothing is lost, and the same command goes on waiting"
                )
            time.sleep(_LOOK_EVERY_S)
            left = _behind(settings, course)
        if not quiet:
            told(total, "")


def _behind(settings: Settings, course: Course) -> int:
    """User shards that lack something of an earlier epoch."""
    return asyncio.run(_count(settings, course))


async def _count(settings: Settings, course: Course) -> int:
    store = connect(settings.redis or "", settings.namespace, cluster=settings.redis_cluster)
    try:
        metas = await store.shards(range(USER_SHARDS))
    finally:
        await store.close()
    stretches = [list(course.stretches(number))[-1] for number in range(course.present.partitions)]
    return sum(stretch.lacks(shard, metas[shard]) for stretch in stretches for shard in stretch.shards)
