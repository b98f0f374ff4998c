"""What a replay was asked for: the part that its results depend on, by which the same command is known again."""

from hashlib import blake2b
from typing import Literal

import msgspec

from batch.bend import Bend
from batch.plan import Repeats

Kind = Literal["topic", "lake", "file"]


class Source(msgspec.Struct, frozen=True):
    """Where the log is read."""

    kind: Kind
    place: str
    """The topic's full name; the lake's URL; the file's path."""
    namespace: str

    @property
    def words(self) -> str:
        """For reports."""
        return f"{self.kind} {self.place}"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All that the results of a replay depend on, but for the log itself."""

    source: Source
    since: int | None
    """UTC ms of arrival; None: from the log's beginning."""
    until: int | None
    """Up to before it; None: to the log's end as it was at the start."""
    warm: bool
    """Whether what came before `since` is learned first."""
    bundles: list[str]
    into: str
    """The namespace that the first bundle's states go to; empty: in memory."""
    bends: list[Bend] = []
    repeats: Repeats = "never"
    every: int = 1
    seed: int = 0

    @property
    def id(self) -> str:
        """The same for the same command."""
        return blake2b(msgspec.json.encode(self), digest_size=6).hexdigest()

    def namespace_of(self, number: int) -> str:
        """Where the states of the so many-th bundle go; empty: in memory."""
        return self.into if not number or not self.into else f"{self.into}-{number + 1}"
