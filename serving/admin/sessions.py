"""Who is logged in: said by a cookie and signed by a key made of the token, so that every process knows them."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Final

import msgspec

LASTS_S: Final = 8 * 3600
IDLE_S: Final = 30 * 60
"""A session that nothing was done in for so long is over."""
RENEWED_S: Final = 60
"""A cookie that is so old is written anew."""
_LONGEST: Final = 1024


class Session(msgspec.Struct, frozen=True, array_like=True):
    """One browser's; times are UTC seconds."""

    id: str
    name: str
    """What they call themselves."""
    began: int
    used: int


class Sessions:
    """Another token ends all of them; logging out ends one, in other processes once it's idle."""

    def __init__(self, token: str, clock: Callable[[], int]) -> None:
        """`clock`: UTC milliseconds."""
        self._key = hmac.digest(token.encode(), b"moodstream: sessions of /admin", "sha256")
        self._clock = clock
        self._ended: dict[str, int] = {}
        """By id, when it would have ended by itself."""

    def begin(self, name: str) -> Session:
        """A new one."""
        now = self._now()
        return Session(secrets.token_hex(16), name, now, now)

    def cookie(self, session: Session) -> str:
        """What says it, as of now."""
        raw = msgspec.msgpack.encode(msgspec.structs.replace(session, used=self._now()))
        return urlsafe_b64encode(raw + self._signed(raw)).decode().rstrip("=")

    def read(self, cookie: str) -> Session | None:
        """The session that a cookie says; None for one that isn't ours, is changed, or is over."""
        if len(cookie) > _LONGEST:
            return None
        try:
            whole = urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
        except ValueError:
            return None
        raw, signature = whole[: -hashlib.sha256().digest_size], whole[-hashlib.sha256().digest_size :]
        if not hmac.compare_digest(signature, self._signed(raw)):
            return None
        session = msgspec.msgpack.decode(raw, type=Session)
        now = self._now()
        over = now >= session.began + LASTS_S or now >= session.used + IDLE_S or session.id in self._ended
        return None if over else session

    def is_stale(self, session: Session) -> bool:
        """Whether its cookie should be written anew."""
        return self._now() >= session.used + RENEWED_S

    def end(self, session: Session) -> None:
        """It's over."""
        now = self._now()
        self._ended = {known: until for known, until in self._ended.items() if until > now}
        self._ended[session.id] = session.began + LASTS_S

    def proof(self, session: Session) -> str:
        """What a change must say in a header: only a page of ours can have read it."""
        return hmac.new(self._key, b"changes " + session.id.encode(), "sha256").hexdigest()

    def _signed(self, raw: bytes) -> bytes:
        return hmac.digest(self._key, b"cookie " + raw, "sha256")

    def _now(self) -> int:
        return self._clock() // 1000
