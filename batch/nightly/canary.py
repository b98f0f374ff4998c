"""The canary: shown to a share of the users, judged by what they take, promoted or rolled back by itself."""

from typing import Final

from batch.nightly.night import LEFT, PROMOTED, ROLLED_BACK, Begun, Canary, Look, Verdict
from batch.nightly.terms import HOUR_MS, Terms
from contracts.rollout import Rollout
from contracts.settings import Settings
from model.shelf import Shelf
from online.publish import publish

_EARLY: Final = 50
"""Pages of each, before which nothing is sure."""
_LEAST: Final = 30
"""Pages without which a canary isn't promoted, however long it waited."""
_NIGHTLY: Final = "moodstream nightly"


def begin(settings: Settings, shelf: Shelf, begun: Begun, candidate: str, now: int) -> Canary:
    """Show the candidate to its share of the users; done again, it changes nothing."""
    rollout = Rollout(begun.base, canary=candidate, share=begun.terms.share)
    publish(settings, shelf, rollout, _NIGHTLY)
    return Canary(time=now, rollout=rollout)


def judged(look: Look, canary: Canary, terms: Terms) -> Verdict | None:
    """What the live figures say; None as long as it takes more of them."""
    hours = (look.time - canary.time) / HOUR_MS
    shown, beside, gained = look.canary, look.serving, look.difference
    figures = f"{told(look)} after {hours:.1f} h" if hours >= 1 else f"{told(look)} after {60 * hours:.0f} min"
    if min(shown.pages, beside.pages) >= _EARLY and look.surely.high < 0:
        return Verdict(time=look.time, outcome=ROLLED_BACK, why=f"its users surely take less: {figures}")
    if shown.pages < terms.enough and hours < terms.hours:
        return None
    if min(shown.pages, beside.pages) < _LEAST:
        why = f"too little was shown to judge by: {figures}; --share or --hours may be larger"
        return Verdict(time=look.time, outcome=ROLLED_BACK, why=why)
    if gained.high < 0:
        return Verdict(time=look.time, outcome=ROLLED_BACK, why=f"its users take less: {figures}")
    if gained.mean < -terms.fall * beside.rate:
        why = f"its users take less by more than {terms.fall:.0%}, if not surely: {figures}"
        return Verdict(time=look.time, outcome=ROLLED_BACK, why=why)
    return Verdict(time=look.time, outcome=PROMOTED, why=figures)


def meddled(shelf: Shelf, canary: Canary, now: int) -> Verdict | None:
    """That somebody published or rolled back meanwhile: theirs stands, and the night ends."""
    noted = shelf.canary()
    if noted == canary.rollout:
        return None
    why = f"{shelf.current()} was published by hand" if shelf.current() != canary.rollout.bundle else "ended by hand"
    return Verdict(time=now, outcome=LEFT, why=f"the canary was {why}" if noted is None else f"{why}, with a canary")


def carry_out(settings: Settings, shelf: Shelf, begun: Begun, candidate: str, outcome: str) -> None:
    """Put all users where the verdict puts them; done again, it changes nothing."""
    version = {PROMOTED: candidate, ROLLED_BACK: begun.base}.get(outcome)
    if version and (shelf.current() != version or shelf.canary()):
        publish(settings, shelf, Rollout(version), _NIGHTLY)


def told(look: Look) -> str:
    """The live figures in words."""
    canary, serving, gained = look.canary, look.serving, look.difference
    return (
        f"{canary.rate:.1%} of {canary.pages:,} pages taken from, beside {serving.rate:.1%} of {serving.pages:,} "
        f"(difference {gained.mean:+.1%} [{gained.low:+.1%}, {gained.high:+.1%}])"
    )
