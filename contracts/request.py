"""The id of a request, by which a line of one process's log finds those of the others; carried in a record's header."""

import re
import uuid
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Final

HTTP_HEADER: Final = "X-Request-ID"
KAFKA_HEADER: Final = "request-id"
_SANE: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""No address, no text, no line break: an id goes into logs as it is."""

request_id: Final[ContextVar[str]] = ContextVar("request_id", default="")
"""Of the request that is being answered; empty outside of one."""


def sane(given: str) -> str:
    """The id that was given, or a new one where it's none that logs can bear."""
    return given if _SANE.fullmatch(given) else uuid.uuid4().hex


def headers(request: str) -> list[tuple[str, bytes]]:
    """What a record says of the request that it's sent by; nothing where there is none."""
    return [(KAFKA_HEADER, request.encode())] if request else []


def request_of(found: Iterable[tuple[str, bytes | None]]) -> str:
    """The id in a record's headers; empty where there is none, or none that logs can bear."""
    for name, value in found:
        if name == KAFKA_HEADER and value and _SANE.fullmatch(said := value.decode("ascii", "replace")):
            return said
    return ""
