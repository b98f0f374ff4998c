"""Typed settings from `MOODSTREAM_*`, read once at the entrance; unknown names and unsafe values are refused."""

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from contracts import brokers
from contracts.errors import Misconfigured
from contracts.sharding import USER_SHARDS

PREFIX: Final = "MOODSTREAM_"
Port = Annotated[int, Meta(ge=0, le=65_535)]
Seconds = Annotated[float, Meta(gt=0, le=3600)]
_MAKE_ONE: Final = "python -c 'import secrets; print(secrets.token_urlsafe())'"
_SECRETS: Final = ("api_token", "admin_token")
AtOnce = Annotated[int, Meta(ge=1, le=100_000)]


class Secret(str):
    """A text that never shows itself: `str(secret)` for a log gives stars, `.reveal()` the text."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'" if self.reveal() else "''"

    __str__ = __repr__

    def reveal(self) -> str:
        return str.__str__(self)


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting, its default and its limits; `MOODSTREAM_API_PORT=8080` sets `api_port`."""

    kafka: Annotated[str, Meta(pattern=brokers.PATTERN)] | None = None
    """Bootstrap servers, `host:port[,host:port]`, over TLS `kafkas://user:password@host:port`; none: local."""
    redis: Annotated[str, Meta(pattern=r"^(rediss?|unix)://")] | None = None
    """`redis://host:port/0`, which must be `noeviction`; none: the local stack starts one."""
    redis_cluster: bool = False
    """The address is a cluster's."""
    namespace: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")] = "moodstream"
    """Prefixes topics, keys and consumer groups, so that tests, replays and tenants never meet."""
    home: Path = Path(".moodstream")
    """The one folder of the local stack."""
    lake: str | None = None
    """Where enriched events are kept: a folder or any fsspec URL; none: `<home>/lake`."""
    bundles: str | None = None
    """Where bundles are kept: a folder or any fsspec URL; none: `<home>/bundles`."""
    partitions: Annotated[int, Meta(ge=1, le=USER_SHARDS)] = 4
    """That topics are made with, a power of two; `moodstream topics scale` gives `events` more, and this stays."""
    replication: Annotated[int, Meta(ge=1, le=9)] = 1
    """Of each topic."""
    api_host: str = "127.0.0.1"
    """Where the API listens; any other address than loopback demands a token."""
    api_port: Port = 0
    """0: the local stack chooses a free one."""
    api_processes: Annotated[int, Meta(ge=1, le=64)] = 1
    """So many processes serve at the API's address."""
    api_token: str = ""
    """Secret. Demanded as `Authorization: Bearer …`; at least 16 characters where the API listens beyond loopback."""
    api_hosts: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]+(,[A-Za-z0-9._-]+)*$")] | None = None
    """Names, with commas between, by which the API may be asked; none: loopback's where it listens there, else all."""
    admin_token: str = ""
    """Secret. Opens `/admin` and `/v1/admin/…`; without it they are off, on loopback too."""
    stream_host: str = "127.0.0.1"
    """Where a worker tells Prometheus how it does; it says nothing of users."""
    stream_port: Port = 0
    """0: it doesn't; the local stack chooses a free one."""
    logs: Literal["human", "json"] = "human"
    """How processes write their logs: lines for people, or one JSON object a line."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Of our own lines; at `debug` each request and each learned event has one."""
    stream_instance: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")] | None = None
    """A worker's lasting name (static group membership): started anew within half a minute, it keeps its partitions."""
    posters: Annotated[str, Meta(pattern=r"^https?://[A-Za-z0-9.-]+(:\d+)?/(\S*/)?$")] | None = None
    """Where the live page finds items' images: `https://host/folder/`, then an item's `image`; none: it shows none."""
    geoip: Path | None = None
    """A MaxMind City or Country database (.mmdb), for places from addresses; none: places are what events say."""
    user_idle_days: Annotated[int, Meta(ge=1, le=3650)] = 365
    """A user without events for so long is forgotten by the store."""
    count_days: Annotated[int, Meta(ge=1, le=3650)] = 365
    """A bucket of counts that nothing was added to for so long is dropped."""
    drift_block_s: Annotated[float, Meta(ge=0, le=86_400)] = 60.0
    """What is watched for drift is one number for at least so many seconds of arriving events, and 128 of them.

    0 is for logs that are sent faster than they happened.
    """
    store_timeout_s: Seconds = 0.25
    """How long an answer waits for Redis before it goes on without."""
    counts_stale_ms: Annotated[int, Meta(ge=0, le=60_000)] = 1000
    """After how long the shared counts (co-visitation, trending) are read anew, behind the answer.

    At ten times that an answer waits for them; those that hardly change may grow 64 times as old. 0: always. The user's
    own state is always read anew.
    """
    explore: Annotated[float, Meta(ge=0, le=1)] = 0.0
    """The share of requests that get the twenty best items in any order, with the propensity of each.

    Other rankings can then be judged by what follows: `moodstream replay`.
    """
    kafka_timeout_s: Seconds = 10.0
    """How long a posted event waits for Kafka's acknowledgement."""
    answers_at_once: AtOnce = 64
    """So many requests for answers may be under way; one more gets 429."""
    answers_within_s: Seconds = 0.5
    """And no more than are answered within this time at the pace of late."""
    posts_at_once: AtOnce = 64
    """So many posts of events may be under way; one more gets 429."""

    def __post_init__(self) -> None:
        if USER_SHARDS % self.partitions:
            raise ValueError(f"{PREFIX}PARTITIONS must divide {USER_SHARDS}: use a power of two, not {self.partitions}")
        if not _is_loopback(self.api_host) and len(self.api_token) < 16:
            raise ValueError(
                f"{PREFIX}API_HOST={self.api_host} is reachable from other machines: set {PREFIX}API_TOKEN to at least "
                f"16 characters ({_MAKE_ONE})"
            )
        if self.admin_token and (len(self.admin_token) < 16 or self.admin_token == self.api_token):
            raise ValueError(f"{PREFIX}ADMIN_TOKEN wants at least 16 characters of its own ({_MAKE_ONE})")

    @property
    def lake_url(self) -> str:
        return self.lake or str(self.home.absolute() / "lake")

    @property
    def bundles_url(self) -> str:
        return self.bundles or str(self.home.absolute() / "bundles")

    @property
    def deeds_url(self) -> str:
        """Where it's recorded who published, rolled back, or sent dead letters again."""
        return f"{self.bundles_url.rstrip('/')}/deeds"

    @property
    def nights_url(self) -> str:
        """Where the nightly loop leaves its records: beside the bundles, so that whoever reaches these can go on."""
        return f"{self.bundles_url.rstrip('/')}/nights"

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """For `repr` and for rich, which would print the fields as they are."""
        return [(name, _shown(name, value)) for name, value in msgspec.structs.asdict(self).items()]

    def environment(self) -> dict[str, str]:
        """The same settings as variables, for a child process."""
        values = msgspec.structs.asdict(self)
        return {f"{PREFIX}{name.upper()}": _text(value) for name, value in values.items() if value not in (None, "")}


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings in these variables (the process's own by default).

    Raises `Misconfigured`, one line, for an unknown name (with the nearest known one) or a value that doesn't fit.
    """
    variables = os.environ if environment is None else environment
    given = {name[len(PREFIX) :].lower(): value for name, value in variables.items() if name.startswith(PREFIX)}
    known = [field.name for field in msgspec.structs.fields(Settings)]
    for name in given:
        if name not in known:
            raise Misconfigured(f"{PREFIX}{name.upper()} is no setting{_nearest(name, known)}")
    try:
        return msgspec.convert(given, Settings, strict=False, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise Misconfigured(_with_variable(str(error))) from None


def _path(kind: type, value: Any) -> Any:
    return Path(value).expanduser() if kind is Path else value


def _nearest(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f": did you mean {PREFIX}{near[0].upper()}?" if near else f"; the settings are {', '.join(known)}"


def _with_variable(reason: str) -> str:
    text, _, path = reason.partition(" - at `$.")
    return f"{PREFIX}{path.rstrip('`').upper()}: {text}" if path else text


def _shown(name: str, value: object) -> object:
    """The value without a token, and without the user and password of a URL."""
    if name in _SECRETS:
        return Secret(value)
    return re.sub(r"//[^@/]*@", "//***@", value) if isinstance(value, str) else value


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
