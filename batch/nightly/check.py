"""One check of a night: a figure, its limit and a verdict."""

from collections.abc import Iterable, Sequence

import msgspec

from contracts.errors import Misconfigured


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at, and whether it is good."""

    name: str
    figure: float
    limit: float
    ok: bool
    said: str
    """In words, with the reason where it isn't good."""
    allowed: bool = False
    """Not good, and overridden."""

    @property
    def passes(self) -> bool:
        """Good, or overridden."""
        return self.ok or self.allowed


def at_most(name: str, figure: float, limit: float, said: str) -> Check:
    """Good up to the limit."""
    return Check(name=name, figure=round(figure, 6), limit=round(limit, 6), ok=figure <= limit, said=said)


def at_least(name: str, figure: float, limit: float, said: str) -> Check:
    """Good from the limit on."""
    return Check(name=name, figure=round(figure, 6), limit=round(limit, 6), ok=figure >= limit, said=said)


def overridden(checks: Iterable[Check], allowed: Sequence[str]) -> list[Check]:
    """The checks, those that fail and are allowed marked so. Raises `Misconfigured` for a name that is no check."""
    found = list(checks)
    return [msgspec.structs.replace(check, allowed=not check.ok and check.name in allowed) for check in found]


def refusal(checks: Sequence[Check]) -> str:
    """Why these checks refuse, and the way out; empty where all of them pass."""
    failed = [check for check in checks if not check.passes]
    if not failed:
        return ""
    names = " ".join(f"--allow {check.name}" for check in failed)
    return f"{'; '.join(f'{check.name}: {check.said}' for check in failed)} (to override: {names})"


def known(allowed: Sequence[str], names: Sequence[str]) -> None:
    """Raises `Misconfigured` for what is the name of no check."""
    for name in allowed:
        if name not in names:
            raise Misconfigured(f"--allow takes the name of a check ({', '.join(names)}), not {name!r}")
