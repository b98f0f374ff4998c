"""`moodstream nightly`: goes on with the night that is under way, or begins one."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from batch.nightly.card import MARKDOWN
from batch.nightly.night import Ended, Night, Nights, Trained
from batch.nightly.run import STEPS, Loop, Told
from batch.nightly.terms import Terms
from contracts.errors import Misconfigured
from contracts.settings import Settings
from model.shelf import Shelf
from model.whole_file import write_whole
from moodstream.console import say
from moodstream.local.home import Home
from moodstream.local.lock import HomeLock, holder
from moodstream.nightly.changes import changes
from moodstream.nightly.told import at_the_terminal

LOOK_EVERY_S: Final = 60.0


def nightly(settings: Settings, terms: Terms, *, judge: bool, wait: bool, asked: str = "hand") -> Ended | None:
    """One night, as far as it comes; None while its canary is waited for. With `judge` none is begun.

    Raises `Misconfigured`, `Unavailable`, `BundleRejected`.
    """
    with alone(settings):
        loop = loop_of(settings, at_the_terminal())
        night = loop.nights.under_way()
        if night is None:
            if judge:
                say("no night is under way: nothing to judge")
                return None
            night = loop.begin(terms, asked, changes(settings))
        ended = loop.go_on(night)
        while ended is None and wait:
            time.sleep(LOOK_EVERY_S)
            ended = loop.go_on(night)
        if ended is None:
            say(
                "the canary is waited for: run moodstream nightly again, or moodstream nightly --judge from a scheduler"
            )
        else:
            _say_the_end(night, ended)
        return ended


def stepwise(settings: Settings, terms: Terms, name: str, until: str, name_into: Path | None) -> Ended | None:
    """The night of this name, or as `nightly` would choose it, up to one of `STEPS`; None where it goes on behind it.

    An ended one isn't begun again, so that whoever runs steps for us may run each as often as they like.

    Raises `Misconfigured`, `Unavailable`, `BundleRejected`.
    """
    if until and until not in STEPS:
        raise Misconfigured(f"--until takes the name of a step ({', '.join(STEPS)}), not {until!r}")
    with alone(settings):
        loop = loop_of(settings, at_the_terminal())
        night = loop.nights.called(name) if name else loop.nights.under_way()
        if night is None:
            night = loop.begin(terms, "a pipeline", changes(settings))
        if name_into is not None:
            write_whole(name_into, night.name.encode())
        ended = loop.go_on(night, STEPS.get(until))
        if ended is None:
            say(f"to go on: moodstream nightly --night {night.name}")
        else:
            _say_the_end(night, ended)
        return ended


def loop_of(settings: Settings, heard: Told, clock: Callable[[], int] = lambda: int(time.time() * 1000)) -> Loop:
    """The loop on this shelf and lake."""
    return Loop(settings, Shelf(settings.bundles_url), Nights(settings.nights_url), heard, clock)


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """One night's work at a time in this home; raises `Misconfigured` while another process is at it."""
    home = Home(settings.home)
    home.create()
    path = home.path / "nightly.lock"
    if found := holder(path):
        raise Misconfigured(
            f"process {found.pid} is at work on a night here: let it end, or end it with kill {found.pid}"
        )
    with HomeLock(path):
        yield


def _say_the_end(night: Night, ended: Ended) -> None:
    say(f"{ended.outcome}: {ended.why}")
    if night.read(Trained):
        say(f"the candidate's card: {night.url}/{MARKDOWN}")
