"""What a request says: its body, its query, its path; decoded by the types that all share, or refused."""

import asyncio
from typing import Any, Final, TypeVar

import msgspec
from fastapi import Request, Response
from starlette.requests import ClientDisconnect

from contracts.events import Id
from online.answer.asked import Ask
from serving.problems import Refused

MAX_BODY: Final = 2 * 1024 * 1024
BODY_S: Final = 10.0
UNDECODABLE: Final = (msgspec.MsgspecError, UnicodeError, RecursionError)
LISTS: Final = ("exclude", "categories")
CONTEXT: Final = ("place", "device", "session")
_BY_BODY_ONLY: Final = ("rules", "context")

T = TypeVar("T")
_encoder: Final = msgspec.json.Encoder()


async def body(request: Request) -> bytes:
    """The body as it is, at most MAX_BODY bytes within BODY_S seconds, however it comes."""
    if (coding := request.headers.get("content-encoding", "identity").strip().lower()) not in ("", "identity"):
        raise Refused(
            415, f"bodies are taken as they are, not as {coding[:100]}", headers={"Accept-Encoding": "identity"}
        )
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length) > MAX_BODY:
        raise _too_large()
    try:
        async with asyncio.timeout(BODY_S):
            return await _streamed(request)
    except TimeoutError as error:
        raise Refused(408, f"the body did not come within {BODY_S:g} s", headers={"Connection": "close"}) from error
    except ClientDisconnect as error:
        raise Refused(400, "the body ended before its end") from error


async def _streamed(request: Request) -> bytes:
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > MAX_BODY:
            raise _too_large()
    return bytes(parts)


def in_body(raw: bytes, kind: type[T]) -> T:
    """The request in a body of JSON."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        raise Refused(422, str(error)) from error
    except UNDECODABLE as error:
        raise Refused(400, f"the body is not JSON: {error}") from error


def ask_in_query(request: Request) -> Ask:
    """The request in a query; `exclude` and `categories` may be given several times."""
    asked: dict[str, Any] = {}
    for name in request.query_params:
        values = request.query_params.getlist(name)
        if name in _BY_BODY_ONLY:
            raise Refused(422, f"{name} is asked for by POST, in a body of JSON")
        if name in LISTS:
            asked[name] = values
        elif len(values) > 1:
            raise Refused(422, f"{name} is given {len(values)} times")
        elif name in CONTEXT:
            asked.setdefault("context", {})[name] = values[0]
        else:
            asked[name] = values[0]
    ask: Ask = converted(asked, Ask)
    return ask


def item_or_user(request: Request, name: str) -> str:
    """The id in the path."""
    found: str = converted(request.path_params[name], Id)
    return found


def converted(given: Any, kind: type[T] | Any) -> Any:
    """What texts say, as this type; refused with the reason."""
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Refused(422, str(error)) from error


def said(answer: Any, status: int = 200) -> Response:
    """A struct as a response."""
    return Response(_encoder.encode(answer), status, media_type="application/json")


def _too_large() -> Refused:
    return Refused(413, f"a body may have {MAX_BODY:,} bytes: send more requests")
