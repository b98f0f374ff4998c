"""A night's records: a JSON file a step, written whole when the step is done, so that any machine can go on behind it.

`<bundles>/nights/20261122T030000/data.json`; what is there is never made again.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import ClassVar, Final, TypeVar

import msgspec

from batch.measures import Measure
from batch.nightly.check import Check
from batch.nightly.terms import Terms
from contracts.errors import Misconfigured, StateUnreadable
from contracts.rollout import Rollout
from model.place import Place


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What a step leaves."""

    FILE: ClassVar[str]


class Begun(Record, frozen=True, kw_only=True):
    """What the night stands on; fixed, so that a night that goes on has the same data and the same terms."""

    FILE = "begun.json"

    time: int
    """UTC ms; it names the night and the candidate."""
    asked: str
    """By whom, and why."""
    base: str
    """The bundle that serves when it begins."""
    how: str
    """`fine-tune` or `scratch`."""
    why: str
    """It is trained so."""
    before: dict[str, dict[int, int]]
    """The watermark: by life of the topic and partition, the next offset that isn't looked at."""
    terms: Terms
    since: int = 0
    """What arrived before isn't read, UTC ms; 0 where all of the lake is."""
    bounded: bool = False
    """Whether its terms bound what is held: nights that began before they could hold everything, to their end."""

    @property
    def most(self) -> int:
        """Events held at most, 0 for all."""
        return self.terms.hold if self.bounded else 0


class Data(Record, frozen=True, kw_only=True):
    """What the lake held up to the watermark."""

    FILE = "data.json"

    events: int
    new: int
    """Of those, later than what the serving bundle learned from."""
    users: int
    """Of the new ones."""
    since: int
    until: int
    """UTC ms, of the new ones."""
    hours: float
    checks: list[Check]


class Trained(Record, frozen=True, kw_only=True):
    """The candidate, on the shelf."""

    FILE = "trained.json"

    version: str
    learned: int
    """Events of the log that it learned from: all but those that it is measured on."""
    until: int
    """The time of the last one, UTC ms."""
    held_out: int
    """Events to be foretold behind those."""
    seconds: float
    guard: dict[str, float | bool | int | str]
    """What the fine-tune found of itself."""
    size: int
    """Bytes on the shelf."""
    share: float = 1.0
    """Of the users, whose events are held: 1 where all fit."""


class Measured(Record, frozen=True, kw_only=True):
    """Candidate, serving bundle and baselines on the same events, which none of them had seen."""

    FILE = "measured.json"

    events: int
    users: int
    systems: dict[str, dict[str, Measure]]
    gained: dict[str, Measure]
    """NDCG@10 of the candidate over each other system, paired."""
    segments: dict[str, Measure]
    """NDCG@10 of the candidate over the serving bundle in each segment that is large enough."""
    served: dict[str, float]
    """NDCG@10 of the serving bundle in each of those."""
    answer_ms: dict[str, float]
    """Median of CPU time."""
    ece: dict[str, float]
    """Of the scores, as calibration would make them probabilities."""
    sizes: dict[str, int]


class Gate(Record, frozen=True, kw_only=True):
    """Whether the candidate may be shown to anybody."""

    FILE = "gate.json"

    checks: list[Check]


class Canary(Record, frozen=True, kw_only=True):
    """The candidate is shown to a share of the users."""

    FILE = "canary.json"

    time: int
    """UTC ms, from which on."""
    rollout: Rollout


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What one bundle's pages came to, live."""

    users: int
    pages: int
    taken: int

    @property
    def rate(self) -> float:
        """Pages of which something was taken, in [0, 1]."""
        return self.taken / max(1, self.pages)


class Look(Record, frozen=True, kw_only=True):
    """The last look at the live figures; written again with each."""

    FILE = "look.json"

    time: int
    canary: Shown
    serving: Shown
    difference: Measure
    """Of the rates, by drawing users again."""
    surely: Measure
    """The same with the wider interval that may end a canary early."""


class Verdict(Record, frozen=True, kw_only=True):
    """What is to be done, decided once and then carried out, however often that is begun."""

    FILE = "verdict.json"

    time: int
    outcome: str
    """`PROMOTED`, `ROLLED_BACK`, `REFUSED`, or `LEFT` where somebody else published meanwhile."""
    why: str


class Ended(Record, frozen=True, kw_only=True):
    """It was carried out."""

    FILE = "ended.json"

    time: int
    outcome: str
    why: str


R = TypeVar("R", bound=Record)
PROMOTED: Final = "promoted"
ROLLED_BACK: Final = "rolled back"
REFUSED: Final = "refused"
LEFT: Final = "left"
CATALOGUE: Final = "catalogue.json"


class Night:
    """One night's folder."""

    def __init__(self, place: Place, name: str) -> None:
        self.place = place
        self.name = name
        self._known: dict[type[Record], Record] = {}

    @property
    def url(self) -> str:
        """Of the folder."""
        return f"{self.place.url}/{self.name}"

    def read(self, kind: type[R]) -> R | None:
        """The record of this kind, if its step is done. Raises `StateUnreadable` for a damaged one."""
        if isinstance(known := self._known.get(kind), kind):
            return known
        raw = self.place.get(f"{self.name}/{kind.FILE}")
        if raw is None:
            return None
        try:
            found = msgspec.json.decode(raw, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise StateUnreadable(f"{self.url}/{kind.FILE} can't be read ({error}): move the night away") from error
        if kind is not Look:  # the only one that is written again
            self._known[kind] = found
        return found

    def step(self, kind: type[R], make: Callable[[], R]) -> R:
        """The record of this kind: as it was left, or else made now."""
        found = self.read(kind)
        if found is None:
            found = make()
            self.leave(found)
        return found

    def leave(self, record: Record) -> None:
        """Write the record whole."""
        self.put(record.FILE, msgspec.json.format(msgspec.json.encode(record)) + b"\n")

    def put(self, name: str, raw: bytes) -> None:
        """A file beside the records."""
        self.place.put(f"{self.name}/{name}", raw)

    def get(self, name: str) -> bytes | None:
        """That file."""
        return self.place.get(f"{self.name}/{name}")


class Nights:
    """All nights, beside the bundles."""

    def __init__(self, url: str) -> None:
        self.place = Place(url)
        self._known: dict[str, Night] = {}

    def all(self) -> list[Night]:
        """Those that have begun, the first one first."""
        found = [self._named(name) for name in self.place.names() if name[:1].isdigit()]
        return [night for night in found if night.read(Begun)]

    def under_way(self) -> Night | None:
        """The one that has no end yet; the last of them."""
        return next((night for night in reversed(self.all()) if night.read(Ended) is None), None)

    def at(self, time_ms: int) -> Night:
        """The night that begins at this time (UTC ms)."""
        return self._named(named(time_ms))

    def called(self, name: str) -> Night:
        """The night of this name; raises `Misconfigured` where none has begun under it."""
        for night in self.all():
            if night.name == name:
                return night
        raise Misconfigured(f"no night {name!r} has begun at {self.place.url}: moodstream nightly history lists them")

    def good(self, kind: type[R]) -> Iterator[R]:
        """The records of this kind of all nights that ended, in their order, but for those that were refused."""
        for night in self.all():
            ended, record = night.read(Ended), night.read(kind)
            if ended and ended.outcome != REFUSED and record:
                yield record

    def _named(self, name: str) -> Night:
        return self._known.setdefault(name, Night(self.place, name))


def named(time_ms: int) -> str:
    """As the versions of bundles begin that were born then: so a night's candidate is known by its name."""
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y%m%dT%H%M%S}"
