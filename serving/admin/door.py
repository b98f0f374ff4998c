"""The door before `/v1/admin/…`: a token for programs, a session for the page, and no other site's pages."""

import hmac
import math
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from fastapi import Request, Response
from msgspec import Meta

from contracts.errors import BundleRejected, InvalidEvent, Misconfigured, MoodstreamError
from serving.admin.guesses import Guesses
from serving.admin.sessions import LASTS_S, Session, Sessions
from serving.problems import Refused
from serving.reading import said

OPERATIONS: Final = "/v1/admin/"
COOKIE: Final = "moodstream-admin"
PROOF: Final = "x-moodstream-proof"
OFF: Final = (
    "the admin page is off: set MOODSTREAM_ADMIN_TOKEN to at least 16 characters "
    "(python -c 'import secrets; print(secrets.token_urlsafe())') and start the API again"
)
_NO_STORE: Final = {"Cache-Control": "no-store"}
_SAFE: Final = ("GET", "HEAD")
_UNFIT: Final = (BundleRejected, InvalidEvent, Misconfigured)


class Login(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the page's form says."""

    token: Annotated[str, Meta(max_length=1024)]
    name: Annotated[str, Meta(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    """Written beside what is done."""


class LoggedIn(msgspec.Struct, frozen=True, kw_only=True):
    """What the page must know of its session; the session itself is a cookie that no script reads."""

    name: str
    until: int
    """UTC ms; sooner where nothing is done for half an hour."""
    proof: str
    """For the header `X-Moodstream-Proof`, which every change must have."""


class Entered(NamedTuple):
    """Somebody who may."""

    who: str
    session: Session | None
    """None: a program with the token."""


class Door:
    """One for an app; closed for good where no token is set."""

    def __init__(self, token: str, clock: Callable[[], int]) -> None:
        self._token = token.encode()
        self._sessions = Sessions(token, clock)
        self._guesses = Guesses()

    async def answer(self, request: Request, work: Callable[[str], Awaitable[Any]], *, is_use: bool = True) -> Response:
        """What `work` comes to for who asks; where that `is_use`, their session goes on from now."""
        try:
            entered = self._entered(request)
            response = said(await work(entered.who))
        except Refused as refused:
            refused.headers |= _NO_STORE
            raise
        except MoodstreamError as error:
            raise _refused(error) from error
        response.headers.update(_NO_STORE)
        if is_use and entered.session and self._sessions.is_stale(entered.session):
            self._write(request, response, entered.session)
        return response

    async def log_in(self, request: Request, login: Login) -> Response:
        """A session, where the token is right."""
        self._require_on()
        self._check(request, login.token)
        session = self._sessions.begin(" ".join(login.name.split()))
        response = said(self._told(session))
        response.headers.update(_NO_STORE)
        self._write(request, response, session)
        return response

    async def session(self, request: Request) -> Response:
        """The session that the cookie says."""

        async def tell(_: str) -> LoggedIn:
            session = self._entered(request).session
            if session is None:
                raise Refused(422, "a program with the token has no session")
            return self._told(session)

        return await self.answer(request, tell)

    async def log_out(self, request: Request) -> Response:
        """No session any more; done again, it changes nothing."""
        self._require_on()
        if session := self._sessions.read(request.cookies.get(COOKIE, "")):
            self._check_change(request, session)
            self._sessions.end(session)
        response = Response(status_code=204, headers=_NO_STORE)
        response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=request.url.scheme == "https")
        return response

    def _entered(self, request: Request) -> Entered:
        """Who asks; raises `Refused`."""
        self._require_on()
        if given := request.headers.get("authorization"):
            scheme, _, token = given.partition(" ")
            self._check(request, token.strip() if scheme.lower() == "bearer" else "")
            return Entered(f"a program at {_address(request)}", None)
        session = self._sessions.read(request.cookies.get(COOKIE, ""))
        if session is None:
            detail = "log in at /admin, or send Authorization: Bearer <MOODSTREAM_ADMIN_TOKEN>"
            raise Refused(401, detail, headers={"WWW-Authenticate": "Bearer"})
        if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            raise Refused(403, "pages of other sites may not use this API")
        if request.method not in _SAFE:
            self._check_change(request, session)
        return Entered(f"{session.name or 'somebody'} at {_address(request)}", session)

    def _check(self, request: Request, token: str) -> None:
        """Raise `Refused` unless this is the token; who was often wrong isn't even heard."""
        address = _address(request)
        if wait := math.ceil(self._guesses.wait_s(address)):
            detail = f"too many wrong tokens came from {address}: try again in {wait} s"
            raise Refused(429, detail, headers={"Retry-After": str(wait), **_NO_STORE})
        if not hmac.compare_digest(token.encode("utf-8", "replace"), self._token):
            self._guesses.wrong(address)
            detail = "that is not MOODSTREAM_ADMIN_TOKEN, which the API was started with"
            raise Refused(401, detail, headers={"WWW-Authenticate": "Bearer", **_NO_STORE})
        self._guesses.right(address)

    def _check_change(self, request: Request, session: Session) -> None:
        """The guard has seen that an origin, where there is one, is ours."""
        headers = request.headers
        if "origin" not in headers or headers.get("sec-fetch-site", "same-origin") != "same-origin":
            raise Refused(403, "a change must come from the page at /admin itself")
        if not hmac.compare_digest(headers.get(PROOF, "").encode(), self._sessions.proof(session).encode()):
            raise Refused(403, f"a change must prove by {PROOF} that it comes from the page at /admin: load it again")

    def _require_on(self) -> None:
        if not self._token:
            raise Refused(404, OFF, headers=_NO_STORE)

    def _told(self, session: Session) -> LoggedIn:
        until = (session.began + LASTS_S) * 1000
        return LoggedIn(name=session.name, until=until, proof=self._sessions.proof(session))

    def _write(self, request: Request, response: Response, session: Session) -> None:
        response.set_cookie(
            COOKIE,
            self._sessions.cookie(session),
            max_age=LASTS_S,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )


def _refused(error: MoodstreamError) -> Refused:
    """In words; what may work later is told from what won't."""
    if isinstance(error, _UNFIT):
        return Refused(422, str(error), headers=_NO_STORE)
    return Refused(503, str(error), headers={"Retry-After": "2", **_NO_STORE})


def _address(request: Request) -> str:
    return request.client.host if request.client else "nowhere"
