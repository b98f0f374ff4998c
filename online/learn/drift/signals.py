"""The one table of what is watched for drift: what it says, which detector watches it, and from when it's an alarm."""

from typing import Final, Literal, NamedTuple

from contracts.kinds import ORDER
from contracts.moods import LABELS

Way = Literal["up", "both"]
Method = Literal["adwin", "page-hinkley", "kswin", ""]


class Watch(NamedTuple):
    """Which of river's detectors watches, and how hard it is to convince."""

    method: Method
    threshold: float
    """ADWIN: delta. Page-Hinkley: lambda, in deviations of a block. KSWIN: alpha."""


class Signal(NamedTuple):
    """One number of each block of events."""

    name: str
    says: str
    watch: Watch
    least: float
    """A smaller change is no alarm, however sure it is."""
    way: Way = "both"
    """`up` where less is better: then only more of it is an alarm."""
    of_bundle: bool = False
    """It means something else under another bundle, so that it's watched anew from there."""
    todo: str = ""


# Page-Hinkley adds up small excesses over the mean: where a signal is still, it sees a step first, within a block or
# two. ADWIN compares all ways to cut the past in two: it needs some blocks more, and is fooled least where blocks are
# few and noisy, as a segment's are, or where the level wanders. KSWIN compares distributions: for scores, which may
# spread without moving their mean. Detectors and thresholds did best on one half of the seeds of `make bench-drift`,
# where none of them might give a false alarm (docs/drift.md has what they did on the other half); Page-Hinkley's 4 of
# signals that are still in that world is 8 here, since they need not be so still elsewhere.
_NEVER: Final = Watch("", 0.0)
"""Shown, but no alarm: it moves every day."""

_RETRAIN: Final = "a fine-tune on the newest events: moodstream nightly"
_SENDER: Final = "look at what sends these events: moodstream events tail, moodstream dead-letters list"

MEANS: Final = (
    Signal(
        "error",
        "the share of other items that the user's embedding puts above the one taken next",
        Watch("adwin", 0.5),
        0.05,
        "up",
        todo=_RETRAIN,
    ),
    Signal(
        "calibration",
        "log-loss of the stated probabilities on what became of what was shown",
        Watch("page-hinkley", 20.0),
        0.05,
        "up",
        todo="it learns by itself; if it stays, " + _RETRAIN,
    ),
    Signal("score", "the scores of what is shown", Watch("kswin", 0.0001), 0.05, of_bundle=True, todo=_RETRAIN),
    Signal(
        "spread",
        "from the best to the worst score of a page",
        Watch("kswin", 0.0001),
        0.05,
        of_bundle=True,
        todo=_RETRAIN,
    ),
    Signal(
        "gap",
        "time since the same user's event before, 0 to 1: an hour is a half",
        Watch("adwin", 0.0001),
        0.08,
        todo=_SENDER,
    ),
    Signal("value", "the liking that interactions show, -1 to 1", Watch("adwin", 0.5), 0.08, todo=_RETRAIN),
    Signal(
        "lateness",
        "from an event's own time to its arrival, in powers of ten seconds",
        Watch("adwin", 0.5),
        0.3,
        "up",
        todo=_SENDER,
    ),
    Signal("fields", "how many of an event's optional fields are filled", Watch("adwin", 0.5), 0.2, todo=_SENDER),
    Signal(
        "unknown-items",
        "the share of items that the bundle doesn't know",
        Watch("page-hinkley", 8.0),
        0.05,
        "up",
        todo=_RETRAIN,
    ),
    Signal(
        "popularity",
        "how popular the items taken are by the bundle, from 0 for its least to 1 for its most",
        Watch("page-hinkley", 8.0),
        0.05,
        of_bundle=True,
        todo=_RETRAIN,
    ),
    Signal(
        "unknown-users", "the share of events that are their users' first", Watch("adwin", 0.005), 0.05, todo=_RETRAIN
    ),
    Signal("valence", "how pleasant the moods are, -1 to 1", Watch("page-hinkley", 12.0), 0.15, todo=_RETRAIN),
    Signal("arousal", "how awake the moods are, -1 to 1", Watch("page-hinkley", 10.0), 0.15, todo=_RETRAIN),
    Signal(
        "refused",
        "the share of records that are no events: they end as dead letters",
        Watch("page-hinkley", 8.0),
        0.03,
        "up",
        todo="moodstream dead-letters list says why",
    ),
    Signal("moody", "the share of events with a mood", Watch("adwin", 0.2), 0.05, todo=_SENDER),
)
"""Means over a block's events, or pages."""
VOLUME: Final = Signal(
    "volume",
    "events a minute, in powers of ten: a night is no alarm, three times as many are",
    Watch("adwin", 0.5),
    0.5,
    todo=_SENDER,
)
MIXES: Final = (
    Signal(
        "items", "how far the mix of items is from what it was, 0 to 1", Watch("adwin", 0.5), 0.06, "up", todo=_RETRAIN
    ),
    Signal(
        "users",
        "how far the mix of users is from what it was: one who does much",
        Watch("page-hinkley", 8.0),
        0.06,
        "up",
        todo=_SENDER,
    ),
    Signal(
        "kinds", "how far the mix of kinds of events is from what it was", Watch("adwin", 0.5), 0.08, "up", todo=_SENDER
    ),
    Signal("devices", "how far the mix of devices is from what it was", Watch("adwin", 0.5), 0.08, "up", todo=_SENDER),
    Signal(
        "moods", "how far the mix of moods is from what it was", Watch("page-hinkley", 8.0), 0.15, "up", todo=_RETRAIN
    ),
    Signal("hours", "how far the mix of hours of the day is from what it was", _NEVER, 1.0, "up"),
)
"""How much of a block's mix is not as in the blocks before: half the sum of the shares' differences."""

REFERENCE: Final = 24
"""Blocks that say what is usual; nothing is an alarm before."""
DEVICES: Final = ("mobile", "desktop", "tablet", "tv", "bot", "other")
SEGMENTS: Final = ("new", "known", *DEVICES)
"""Each event is in one of the first two and one of the others."""
BY_SEGMENT: Final = ("error", "unknown-items")
"""Signals that are watched in each segment too, by the same detector."""

BUCKETS: Final = 32
"""Into which items and users fall by their hashes: what is taken by very many is bounded."""
PARTS: Final = {
    "items": tuple(map(str, range(BUCKETS))),
    "users": tuple(map(str, range(BUCKETS))),
    "kinds": (*ORDER, "mood"),
    "devices": DEVICES,
    "moods": LABELS[1:],
    "hours": tuple(f"{hour}-{hour + 2}" for hour in range(0, 24, 3)),
}
"""What each mix is of."""


class Watched(NamedTuple):
    """A signal of all events, or of a segment's."""

    signal: Signal
    segment: str = ""

    @property
    def about(self) -> str:
        """Its name, as alarms are about it."""
        return f"{self.signal.name}/{self.segment}" if self.segment else self.signal.name


_SEGMENTED: Final = tuple(Watched(one, segment) for one in MEANS if one.name in BY_SEGMENT for segment in SEGMENTS)
SUMMED: Final = (*map(Watched, MEANS), *_SEGMENTED)
"""Those that are means."""
ALL: Final = (*SUMMED, Watched(VOLUME), *map(Watched, MIXES))
"""One column of the timeline each."""
PLACE: Final = {(one.signal.name, one.segment): at for at, one in enumerate(ALL)}
"""Which column."""
FIRST_MIX: Final = len(SUMMED) + 1


def watched(about: str) -> Watched:
    """The one that an alarm is about, by its name with the segment; raises `KeyError`."""
    name, _, segment = about.partition("/")
    return ALL[PLACE[name, segment]]
