"""Whoever guesses at the token waits, ever longer; nobody else does."""

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Final, NamedTuple

FREE: Final = 5
"""Wrong tokens in a row, after which one waits."""
LONGEST_S: Final = 60.0
_FORGOTTEN_S: Final = 3600.0
_KEPT: Final = 1000
"""Addresses that are known; of more, those that guessed longest ago are forgotten."""


class _Guesser(NamedTuple):
    wrong: int
    last: float


class Guesses:
    """By address; of IPv6 by the network of 64 bits, since one machine has all of it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._guessers: OrderedDict[str, _Guesser] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """Seconds until the next token of this address is looked at, right or wrong; 0: now."""
        known = self._known(_network(address))
        if known.wrong < FREE:
            return 0.0
        pause = min(LONGEST_S, 2.0 ** (known.wrong - FREE))
        return max(0.0, known.last + pause - self._clock())

    def wrong(self, address: str) -> None:
        """One more."""
        network = _network(address)
        self._guessers[network] = _Guesser(self._known(network).wrong + 1, self._clock())
        self._guessers.move_to_end(network)
        while len(self._guessers) > _KEPT:
            self._guessers.popitem(last=False)

    def right(self, address: str) -> None:
        """They know it."""
        self._guessers.pop(_network(address), None)

    def _known(self, network: str) -> _Guesser:
        found = self._guessers.get(network, _Guesser(0, 0.0))
        return found if self._clock() - found.last < _FORGOTTEN_S else _Guesser(0, 0.0)


def _network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    return str(int(parsed) >> 64) if isinstance(parsed, IPv6Address) else address
