"""A replay from the command to the report: the log is read once, each bundle goes along it, and all is summed up."""

import logging
import time
from pathlib import Path
from typing import NamedTuple

from contracts.errors import Misconfigured
from contracts.settings import Settings
from model.shelf import Shelf
from moodstream.console import bar, say
from moodstream.local.operate import with_kafka, with_servers
from moodstream.local.redis import require_noeviction
from moodstream.replay import into
from moodstream.replay.folder import folder_of, remove
from moodstream.replay.page import page
from moodstream.replay.plan import Plan
from moodstream.replay.processes import go_all
from moodstream.replay.source import log_of
from moodstream.replay.spool import Spooled, spool, spooled
from moodstream.replay.summary import summed_up
from moodstream.replay.told import show
from moodstream.replay.way import Arrived, Work
from moodstream.written import write, write_json
from online.reach import require_kafka

REPORT = "replay.html"


class Asked(NamedTuple):
    """How a replay is carried out; nothing of it changes what it finds."""

    speed: float
    anew: bool
    out: Path | None
    json_file: Path | None


def replay(settings: Settings, plan: Plan, asked: Asked) -> bool:
    """Replay, print, and write the report and the JSON; False where it was stopped before its end.

    Raises `Misconfigured`, `InvalidEvent`, `BundleRejected`, `Unavailable`.
    """
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # what matters of it is raised, and said in one line
    settings = _with_servers(settings, plan)
    for version in plan.bundles:
        Shelf(settings.bundles_url).load(version)
    with folder_of(settings.home.absolute(), plan, anew=asked.anew) as folder:
        into.take(settings, plan, anew=asked.anew)
        work = Work(settings, plan, folder, _read(settings, plan, folder), asked.speed)
        arrived = _go(work)
        whole = [one for one in arrived if one is not None]
        if len(whole) < len(arrived):
            return False
        found = summed_up(work, whole)
        show(found)
        write((asked.out or settings.home / "reports" / "replay") / REPORT, page(found).encode())
        write_json(asked.json_file, found)
        into.end(settings, plan)
        remove(folder)
    return True


def bundles_of(settings: Settings, asked: list[str]) -> list[str]:
    """The versions that were asked for, else the current one; raises `Misconfigured`, `BundleRejected`."""
    shelf = Shelf(settings.bundles_url)
    current = shelf.current()
    if current is None and (not asked or "current" in asked):
        raise Misconfigured(
            f"no bundle is published in {shelf.url}: name one of moodstream bundles by --bundle, or moodstream train"
        )
    found = [str(current) if one == "current" else one for one in asked or ["current"]]
    if unknown := [one for one in found if one not in shelf.versions()]:
        raise Misconfigured(f"{shelf.url} has no bundle {', '.join(unknown)}: moodstream bundles lists what it has")
    if len(set(found)) < len(found):
        raise Misconfigured(f"--bundle names one twice: {', '.join(found)}")
    return found


def _with_servers(settings: Settings, plan: Plan) -> Settings:
    if plan.into:
        settings = with_servers(settings)
        require_noeviction(settings.redis or "")
    if plan.source.kind == "topic":
        settings = with_kafka(settings)
        require_kafka(settings.kafka or "")
    return settings


def _read(settings: Settings, plan: Plan, folder: Path) -> Spooled:
    """The log, read from its source where that wasn't done before."""
    if there := spooled(folder):
        say(f"goes on with the {there.records:,} events of {plan.source.words} that were read before")
        return there
    say(f"reading {plan.source.words}")
    found = spool(
        folder,
        log_of(settings, plan),
        plan.since,
        lambda done: say(f"  {done:,} events") if done % 100_000 == 0 else None,
    )
    if not found.records:
        raise Misconfigured(f"{plan.source.words} has nothing between these times: see --from and --to (UTC, arrival)")
    say(f"{found.records:,} events, {found.scored_from:,} of them from before --from")
    return found


def _go(work: Work) -> list[Arrived | None]:
    bundles = len(work.plan.bundles)
    began, first = time.monotonic(), dict[int, int]()
    behind = [0] * bundles
    with bar("replaying", work.log.records * bundles, "events") as told:

        def tell(number: int, place: int) -> None:
            first.setdefault(number, place)
            behind[number] = place
            done = sum(behind)
            rate = (done - sum(first.values())) / max(time.monotonic() - began, 1e-9)
            left = (work.log.records * bundles - done) / rate if rate else 0
            told(done, f"{rate:,.0f}/s, {_duration(left)} left")

        return go_all(work, tell)


def _duration(seconds: float) -> str:
    return f"{seconds:,.0f} s" if seconds < 120 else f"{seconds / 60:,.0f} min"
