"""Dead letters as the page shows them: the newest first, one in full, and sent again."""

import asyncio
from collections import Counter
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from contracts.dead_letter import Retried
from contracts.errors import InvalidEvent, Misconfigured
from contracts.settings import Settings
from online import deeds
from online.answer.aside import aside
from online.letters import retry
from online.letters.letter import Letter
from online.letters.read import Letters, read
from online.letters.repair import repaired
from online.letters.wanted import Wanted
from serving.problems import Refused

LOOKED_AT: Final = 20_000
"""The topic's newest records that are looked at: about a second. `moodstream dead-letters` looks at all."""
AT_ONCE: Final = 500
"""Letters that one request sends again."""
_REASON: Final = 500
_TEXT: Final = 64 * 1024
Name = Annotated[str, Meta(max_length=300)]


class Which(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Filters that hold all together; what is empty or None is not asked for."""

    reason: Name = ""
    """Part of it, in any case."""
    error: Name = ""
    """The error's class."""
    topic: Name = ""
    retried: bool | None = None


class Listing(Which, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which letters, and which of their pages."""

    n: Annotated[int, Meta(ge=1, le=200)] = 25
    after: Name = ""
    """The id of the letter before: the last one of the page before."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One letter in a list."""

    id: str
    time: int
    """UTC ms, when it was set aside."""
    error: str
    reason: str
    retried: int
    """How often it was sent again."""


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One page of the letters that are so, the newest first."""

    total: int
    """Letters that are so."""
    errors: dict[str, int]
    """Of all letters, by the error's class."""
    letters: list[Row]
    older: bool
    """There are more pages."""
    complete: bool
    """False: the topic has more records than are looked at."""


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """One letter in full."""

    letter: Row
    topic: str
    partition: int
    offset: int
    text: str
    """The record: JSON with a line for each field, else as much as is text."""
    sent: list[Retried]
    """The oldest first."""
    invalid: str
    """Why it's still no event that can be sent; empty for one that can."""


class Again(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Send letters' events once more: those of these ids, or those that are so."""

    ids: Annotated[list[Name], Meta(max_length=AT_ONCE)] = []
    which: Which | None = None
    again: bool = False
    """Also those that were sent before."""
    dry_run: bool = False
    """Only say what would become of each."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of them."""

    said: str
    counts: dict[str, int]
    results: list[retry.Result]
    left: int
    """Letters that are so, beyond what one request takes."""


class Desk:
    """One reading of the topic at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reading = asyncio.Lock()

    async def listed(self, listing: Listing) -> Listed:
        """Raises `Unavailable`, `Misconfigured`."""
        letters, complete = await self._read(Wanted(), raws=False)
        wanted = _wanted(listing)
        those = [letter for letter in reversed(letters) if wanted.holds(letter)]
        start = next((at for at, letter in enumerate(those, 1) if letter.id == listing.after), 0)
        return Listed(
            total=len(those),
            errors=dict(Counter(letter.said.error for letter in letters).most_common()),
            letters=[_row(letter) for letter in those[start : start + listing.n]],
            older=len(those) > start + listing.n,
            complete=complete,
        )

    async def whole(self, name: str) -> Whole:
        """Raises `Refused` where there is none of this id."""
        letters, _ = await self._read(Wanted(ids=(name,)))
        if not letters:
            raise Refused(404, f"there is no dead letter {name} among the newest {LOOKED_AT:,} records")
        return _whole(letters[0])

    async def send(self, wanted: Again, who: str) -> Outcome:
        """Raises `Unavailable`; what is invalid still isn't sent, and told."""
        if bool(wanted.ids) == (wanted.which is not None):
            raise Refused(422, "say which letters, in one way: by `ids`, or by `which`")
        which = _wanted(wanted.which) if wanted.which else Wanted(ids=tuple(wanted.ids))
        letters, _ = await self._read(which)
        if missing := set(wanted.ids) - {letter.id for letter in letters}:
            raise Refused(404, f"there is no dead letter {min(missing)}: look again")
        plan = retry.plan(letters[:AT_ONCE], {}, again=wanted.again)
        if wanted.dry_run:
            sent = [retry.Result(letter.id, "good", "", fixed.event.event_id) for letter, fixed in plan.good]
        else:
            sent = await self._sent(plan, who)
        results = [*sent, *plan.others]
        counts = dict(Counter(str(result.status) for result in results))
        said = ", ".join(f"{count:,} {status}" for status, count in counts.items()) or "no letters are so"
        return Outcome(said=said, counts=counts, results=results, left=max(0, len(letters) - AT_ONCE))

    async def _sent(self, plan: retry.Plan, who: str) -> list[retry.Result]:
        if not plan.good:
            return []

        def work() -> list[retry.Result]:
            sent = retry.send(self._settings, plan.good, lambda _: None)
            some = ", ".join(result.id for result in sent[:3]) + (" …" if len(sent) > 3 else "")
            said = f"{len(sent):,} dead letters were sent again: {some}"
            deeds.leave(self._settings.deeds_url, who, "retry", said)
            return sent

        return await aside(work)

    async def _read(self, wanted: Wanted, *, raws: bool = True) -> tuple[list[Letter], bool]:
        """The letters, the oldest first, and whether all of the topic was looked at."""
        if not self._settings.kafka:
            raise Misconfigured("MOODSTREAM_KAFKA is not set: the API was started without Kafka")

        def work() -> Letters:
            return read(self._settings, wanted, lambda *_: None, LOOKED_AT, raws=raws)

        async with self._reading:
            found = await aside(work)
        return found.found(), found.complete


def _wanted(which: Which) -> Wanted:
    return Wanted(reason=which.reason, error=which.error, topic=which.topic, retried=which.retried)


def _row(letter: Letter) -> Row:
    said = letter.said
    reason = " ".join(said.reason.split())
    return Row(
        id=letter.id,
        time=said.time,
        error=said.error,
        reason=reason if len(reason) <= _REASON else reason[: _REASON - 1] + "…",
        retried=len(letter.retried),
    )


def _whole(letter: Letter) -> Whole:
    said, event = letter.said, letter.event()
    text = said.raw.decode("utf-8", "backslashreplace")
    if event is not None:
        text = msgspec.json.format(bytes(event), indent=2).decode("utf-8", "backslashreplace")
    try:
        repaired(said, said.raw)
        invalid = ""
    except InvalidEvent as error:
        invalid = str(error)
    return Whole(
        letter=_row(letter),
        topic=said.topic,
        partition=said.partition,
        offset=said.offset,
        text=text if len(text) <= _TEXT else f"{text[:_TEXT]}\n… {len(text) - _TEXT:,} characters more",
        sent=list(letter.retried),
        invalid=invalid,
    )
