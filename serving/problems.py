"""Errors as problem documents (RFC 9457), without a trace of what is inside."""

import http
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import msgspec
from fastapi import Request, Response
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Route

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


def on_http_error(routes: Sequence[BaseRoute]) -> Callable[[Request, Exception], Coroutine[Any, Any, Response]]:
    """For what the router of these routes refuses: no such path, no such method."""

    async def told(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        if error.status_code == 405:
            detail = f"{request.url.path} does not know {request.method}"
            return answer(405, detail, {"Allow": ", ".join(_methods(routes, request))})
        detail = (
            f"there is no {request.url.path}: /docs lists what there is" if error.status_code == 404 else error.detail
        )
        return answer(error.status_code, detail, error.headers)

    return told


def _methods(routes: Sequence[BaseRoute], request: Request) -> list[str]:
    """All that any route takes at this path; the router names those of the first only."""
    there = [route for route in routes if isinstance(route, Route) and route.matches(request.scope)[0] != Match.NONE]
    return sorted({method for route in there for method in route.methods or ()})
