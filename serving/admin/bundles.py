"""The bundles on the shelf: which serves, and which all users, or some, are put on."""

import asyncio
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from contracts.errors import BundleRejected
from contracts.rollout import Rollout
from contracts.settings import Settings
from model.place import Place
from model.shelf import Shelf
from online import publish as publishing
from online.answer.aside import aside
from online.answer.library import Library
from online.deeds import Deed, latest
from serving.problems import Refused

LISTED: Final = 50
"""The newest bundles that are told, beside those that users are on."""
DEEDS: Final = 20
Version = Annotated[str, Meta(max_length=128)]


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """One on the shelf."""

    version: str
    standing: str = ""
    """`current`, `canary`, `before` (where a rollback goes to), or nothing."""
    created: int = 0
    """UTC ms."""
    until: int = 0
    """The time of the last event that it was trained on, UTC ms."""
    events: int = 0
    size: int = 0
    """Bytes."""
    measured: dict[str, float] = {}
    """On the tail that was held out while it was trained."""
    damaged: str = ""
    """Why it can't be put anybody on."""


class Bundles(msgspec.Struct, frozen=True, kw_only=True):
    """All that is said of bundles."""

    current: str
    """What the shelf's pointer names; empty before the first."""
    canary: str
    share: float
    """Of users on the canary."""
    back: str
    """Whom a rollback would put all users on; empty where there is nothing to go back to."""
    answers_from: str
    """What this process answers from: it follows within a second or two."""
    bundles: list[Bundle]
    """The newest first."""
    more: int
    """Older ones that aren't told."""
    deeds: list[Deed]
    """What was done last, the newest first."""


class Publish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Put users on a bundle."""

    version: Version
    share: Annotated[float, Meta(gt=0, le=1)] = 1.0
    """Less than 1: a canary for this part of the users."""
    seen: Version
    """Which was current when this was decided: where it's another by now, nothing is done."""


class RollBack(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Undo what was published last."""

    seen: Version
    """As in `Publish`."""
    back: Version
    """And where that was to lead."""


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """How it is since then."""

    said: str


class Shelved:
    """Operations on one shelf, one change at a time."""

    def __init__(self, settings: Settings, library: Library) -> None:
        self._settings = settings
        self._library = library
        self._changing = asyncio.Lock()

    async def listed(self) -> Bundles:
        """As it is now; raises `BundleRejected`, `Unavailable`."""
        found: Bundles = await aside(self._listed)
        return found

    async def publish(self, wanted: Publish, who: str) -> Done:
        """Raises as `online.publish` does, and `Refused` where somebody else was quicker."""

        def work(shelf: Shelf) -> str:
            if wanted.share < 1 and wanted.version == wanted.seen:
                raise Refused(422, "a canary beside itself shows nothing: all users are on it")
            canary = Rollout(wanted.seen, canary=wanted.version, share=wanted.share)
            rollout = Rollout(wanted.version) if wanted.share == 1 else canary
            publishing.publish(self._settings, shelf, rollout, who)
            whom = "all users" if wanted.share == 1 else f"{wanted.share:.1%} of users"
            return f"{whom} are on {wanted.version}: stream and serving change over"

        return await self._change(wanted.seen, work)

    async def roll_back(self, wanted: RollBack, who: str) -> Done:
        """Raises as `publish` does."""

        def work(shelf: Shelf) -> str:
            if _back(shelf) != wanted.back:
                raise Refused(409, f"a rollback would lead to {_back(shelf) or 'nothing'} by now: look again")
            return f"all users are back on {publishing.rollback(self._settings, shelf, who)}"

        return await self._change(wanted.seen, work)

    async def _change(self, seen: str, work: Any) -> Done:
        def checked() -> str:
            shelf = Shelf(self._settings.bundles_url)  # one of its own: what it loads is let go with it
            current = shelf.current() or ""
            if current != seen:
                raise Refused(409, f"{current or 'nothing'} is current by now, not {seen or 'nothing'}: look again")
            done: str = work(shelf)
            return done

        async with self._changing:
            return Done(said=await aside(checked))

    def _listed(self) -> Bundles:
        shelf = Shelf(self._settings.bundles_url)
        current, canary, versions = shelf.current(), shelf.canary(), shelf.versions()
        standing = {shelf.previous(): "before", canary.canary if canary else None: "canary", current: "current"}
        told = [version for version in versions if version in standing or version in versions[-LISTED:]]
        return Bundles(
            current=current or "",
            canary=(canary.canary or "") if canary else "",
            share=canary.share if canary else 0.0,
            back=_back(shelf),
            answers_from=self._library.current.version,
            bundles=[_bundle(shelf, version, standing.get(version, "")) for version in reversed(told)],
            more=len(versions) - len(told),
            deeds=latest(Place(self._settings.deeds_url), DEEDS),
        )


def _back(shelf: Shelf) -> str:
    """As `online.publish.rollback` goes."""
    return (shelf.current() if shelf.canary() else shelf.previous()) or ""


def _bundle(shelf: Shelf, version: str, standing: str) -> Bundle:
    try:
        said = shelf.manifest(version)
    except BundleRejected as error:
        return Bundle(version=version, standing=standing, damaged=str(error))
    tail = said.metrics.get("tail", {})
    return Bundle(
        version=version,
        standing=standing,
        created=said.created,
        until=said.watermark.time,
        events=said.watermark.count,
        size=sum(file.size for file in said.files.values()),
        measured={name: value for name, value in tail.items() if isinstance(value, float)},
    )
