"""Around every request: who may ask, how long it took, and that no error shows what is inside."""

import hmac
import logging
import time
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.request import HTTP_HEADER, request_id, sane
from serving import problems
from serving.admin.door import OPERATIONS
from serving.assets import ADMIN, PAGE
from serving.hosts import Hosts
from serving.metrics import Metrics
from serving.pulse import STREAM

HEALTH: Final = ("/health/live", "/health/ready")
"""Open everywhere, since kubelets and load balancers have no token; strangers hear yes or no, and no reasons."""
OPEN: Final = (*HEALTH, "/metrics", "/docs", "/openapi.json")
"""Open on loopback, where a token is set; the pages' files are open everywhere, and ask for it."""
_PAGES: Final = (PAGE, ADMIN)
STRANGER: Final = "moodstream.stranger"
"""Set in the scope of one who gave no token where one is demanded."""
_log = logging.getLogger(__name__)


class Guard:
    """The outermost middleware."""

    def __init__(self, app: ASGIApp, token: str, hosts: Hosts, metrics: Metrics) -> None:
        self._app = app
        self._token = token.encode()
        self._hosts = hosts
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the life of the app."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0
        request = sane(Headers(scope=scope).get(HTTP_HEADER, ""))
        request_id.set(request)
        header = (HTTP_HEADER.lower().encode(), request.encode())

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], header]
            await send(message)

        try:
            refusal = self._refusal(scope)
            await (refusal or self._app)(scope, receive, watched)
        except Exception:
            _log.exception("%s %s failed", _method(scope), _route(scope))
            if status:
                raise
            status = 500
            detail = "something went wrong here that should not: the log of `moodstream serve` says what"
            await problems.answer(500, detail, {HTTP_HEADER: request})(scope, receive, send)
        finally:
            self._count(scope, status, time.perf_counter() - began)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        headers = Headers(scope=scope)
        if not self._hosts.takes(headers.get("host", "")):
            host = headers["host"][:100]
            detail = f"{host} is no name of this API: if it's one of yours, name it in MOODSTREAM_API_HOSTS"
            return problems.answer(403, detail)
        origin = headers.get("origin")
        if origin and urlsplit(origin).netloc != headers.get("host", ""):
            return problems.answer(403, f"pages of {origin[:100]} may not use this API")
        if headers.get("sec-fetch-site") == "cross-site" and scope["path"].startswith("/v1/"):  # an image's, a script's
            return problems.answer(403, "pages of other sites may not use this API")
        path = scope["path"]
        if not self._token or (path in OPEN and _is_loopback(scope)) or _has_no_secret(path):
            return None
        if path.startswith(OPERATIONS):  # behind a door of their own
            return None
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self._token):
            return None
        if path in HEALTH:
            scope[STRANGER] = True
            return None
        return problems.answer(401, "send Authorization: Bearer <MOODSTREAM_API_TOKEN>", {"WWW-Authenticate": "Bearer"})

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route, method = _route(scope), _method(scope)
        _log.debug("%s %s answered with %d in %.1f ms", method, route, status, 1000 * seconds)
        if route != STREAM:  # it lasts as long as somebody watches
            self._metrics.latency.labels(route).observe(seconds)
        self._metrics.requests.labels(route, method, str(status)).inc()


def _has_no_secret(path: str) -> bool:
    return any(path == page or path.startswith(page + "/") for page in _PAGES)


def _route(scope: Scope) -> str:
    """Never the path itself, which may name a user."""
    return str(getattr(scope.get("route"), "path", "unmatched"))


def _method(scope: Scope) -> str:
    known = ("GET", "POST", "DELETE", "HEAD", "PUT", "PATCH")
    return str(scope["method"]) if scope["method"] in known else "other"


def _is_loopback(scope: Scope) -> bool:
    try:
        return bool(scope["client"]) and ip_address(scope["client"][0]).is_loopback
    except ValueError:
        return False
