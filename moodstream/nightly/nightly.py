"""`moodstream nightly`: goes on with the night that is under way, or begins one."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from batch.nightly.card import MARKDOWN
from batch.nightly.night import Ended, Nights, Trained
from batch.nightly.run import Loop, Told
from batch.nightly.terms import Terms
from contracts.errors import Misconfigured
from contracts.settings import Settings
from model.shelf import Shelf
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
            say(f"{ended.outcome}: {ended.why}")
            if night.read(Trained):
                say(f"the candidate's card: {night.url}/{MARKDOWN}")
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
