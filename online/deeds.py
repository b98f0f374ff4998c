"""What operators did, and who they were: a small file each beside the bundles, for whoever reaches these."""

import logging
import time
import uuid
from typing import Final

import msgspec

from contracts.errors import Misconfigured, Unavailable
from model.place import Place

KEPT: Final = 1000
_log = logging.getLogger(__name__)


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """One change, once it was made."""

    time: int
    """UTC ms."""
    who: str
    """As far as is known: an account of the machine, a name and address at `/admin`, or `moodstream nightly`."""
    what: str
    """`publish` or `retry`."""
    said: str
    """How it is since then, in a sentence."""


def leave(url: str, who: str, what: str, said: str) -> None:
    """Write it down, and into the log, which names nobody; of more than are kept the oldest go.

    It's done by now: where it can't be written, the log says so, and nothing is undone.
    """
    deed = Deed(time=int(time.time() * 1000), who=who, what=what, said=said)
    _log.info("%s: %s", deed.what, deed.said)
    try:
        place = Place(url)
        place.put(f"{deed.time:013d}-{uuid.uuid4().hex[:8]}.json", msgspec.json.encode(deed))
        for name in place.names()[:-KEPT]:
            place.remove(name)
    except (Misconfigured, Unavailable) as error:
        _log.warning("that is done, but not recorded: %s", error)


def latest(place: Place, n: int) -> list[Deed]:
    """The newest first. Raises `Unavailable`."""
    found = []
    for name in reversed(place.names()[-n:]):
        try:
            found.append(msgspec.json.decode(place.get(name) or b"", type=Deed))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            _log.warning("%s/%s is no record of what was done: passed over", place.url, name)
    return found
