"""By which names the API may be asked: a page that has its own name point here would be no other site to a browser."""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Final

_LOCAL: Final = "localhost"
_USUAL: Final = (_LOCAL, "127.0.0.1", "::1")


class Hosts:
    """The names that the header `Host` may say.

    An address can't be another site's name, so one of the machine's is always good where the API listens beyond
    loopback. Names must be loopback's, the one that it listens at, or set; beyond loopback, where every request needs a
    token that no other page has, names are checked once some are set.
    """

    def __init__(self, listens_at: str, names: Sequence[str] = ()) -> None:
        names = [_plain(name) for name in names if name]
        self._names = {*_USUAL, _plain(listens_at), *names}
        self._on_loopback = _is_loopback(_plain(listens_at))
        self._any_name = not self._on_loopback and not names

    def takes(self, host: str) -> bool:
        """Whether a request that names this host is meant for us; none is what no browser sends."""
        name = _plain(host)
        if not host or name in self._names or name.endswith(f".{_LOCAL}") or _is_loopback(name):
            return True
        return self._any_name or (not self._on_loopback and _is_address(name))


def _plain(host: str) -> str:
    """Without port and brackets."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    name, _, port = host.rpartition(":")
    return (name if name and port.isdigit() and ":" not in name else host).rstrip(".")


def _is_address(name: str) -> bool:
    try:
        return bool(ip_address(name))
    except ValueError:
        return False


def _is_loopback(name: str) -> bool:
    return name == _LOCAL or (_is_address(name) and ip_address(name).is_loopback)
