"""Errors as problem documents (RFC 9457), without a trace of what is inside."""

import http
from collections.abc import Mapping

import msgspec
from fastapi import Request, Response
from starlette.exceptions import HTTPException

from contracts.events import encode

MEDIA_TYPE = "application/problem+json"


class Result(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one posted event."""

    index: int
    status: str
    """`accepted`: Kafka has it · `refused`: it is no event · `unknown`: send it again, with the same `event_id`."""
    event_id: str | None = None
    partition: int | None = None
    offset: int | None = None
    reason: str | None = None


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457; `title` tells the status's name, `detail` what to do."""

    type: str
    title: str
    status: int
    detail: str = ""
    results: list[Result] | None = None
    """What became of each posted event."""


class Refused(Exception):
    """Ends a request with a problem document."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        results: list[Result] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.results = results


def answer(
    status: int, detail: str = "", headers: Mapping[str, str] | None = None, results: list[Result] | None = None
) -> Response:
    """The problem document of a status."""
    problem = Problem(
        type="about:blank", title=http.HTTPStatus(status).phrase, status=status, detail=detail, results=results
    )
    return Response(encode(problem), status, dict(headers or {}), MEDIA_TYPE)


async def on_refused(request: Request, error: Exception) -> Response:
    """For `Refused`."""
    if not isinstance(error, Refused):
        raise error
    return answer(error.status, error.detail, error.headers, error.results)


async def on_http_error(request: Request, error: Exception) -> Response:
    """For what the router refuses: no such path, no such method."""
    if not isinstance(error, HTTPException):
        raise error
    detail = {
        404: f"there is no {request.url.path}: /docs lists what there is",
        405: f"{request.url.path} does not know {request.method}",
    }.get(error.status_code, str(error.detail))
    return answer(error.status_code, detail, error.headers)
