"""What `moodstream doctor` looks at: each check says what it found and, where it's bad, the way out."""

import platform
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Final

from contracts.brokers import named
from contracts.errors import MoodstreamError
from moodstream.local import kafka as kafka_server
from moodstream.local import redis as redis_server
from moodstream.local.home import NEEDED_BYTES, Home, free_bytes, require_disk
from moodstream.local.jars import VERSION, cache_folder, cached_jars
from moodstream.local.java import find_java
from moodstream.local.lock import holder
from moodstream.local.ports import read_ports, taken_ports

PYTHONS: Final = ((3, 11), (3, 13))


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: fine or not, what was seen, and what to do about it (empty when fine)."""

    name: str
    ok: bool
    detail: str
    way_out: str = ""


def diagnose(
    home: Home, *, kafka: str | None = None, redis: str | None = None, more: Sequence[Callable[[], Check]] = ()
) -> list[Check]:
    """Every check, in the order of the start; `more` are further ones, such as the bundle's. Nothing is changed."""
    checks: list[tuple[str, Callable[[], Check]]] = [
        ("python", check_python),
        ("machine", check_machine),
        ("java", lambda: check_java(kafka)),
        ("kafka", lambda: check_kafka(kafka)),
        ("redis", lambda: check_redis(redis)),
        ("home", lambda: check_home(home)),
        ("ports", lambda: check_ports(home)),
        ("disk", lambda: check_disk(home)),
        ("torch", check_torch),
    ]
    return [_guarded(name, check) for name, check in checks] + [_guarded("more", check) for check in more]


def check_python() -> Check:
    running = sys.version_info[:2]
    shown = f"{platform.python_version()} at {sys.executable}"
    if PYTHONS[0] <= running <= PYTHONS[1]:
        return Check("python", True, shown)
    return Check("python", False, shown, "use Python 3.11 to 3.13: remove .venv and run `make setup` with one on PATH")


def check_machine() -> Check:
    machine = f"{platform.system()} {platform.machine()}"
    if platform.machine() in ("x86_64", "AMD64"):
        return Check("machine", True, machine)
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler:
        return Check("machine", True, f"{machine}, with the compiler {compiler} for the one wheel that is built here")
    return Check(
        "machine", False, f"{machine} without a C compiler", "install one (apt-get install gcc): one wheel is built"
    )


def check_java(kafka: str | None) -> Check:
    if kafka:
        return Check("java", True, "not needed: Kafka is given")
    java = find_java()
    return Check("java", True, f"{java.version} from {java.source} ({java.program})")


def check_kafka(bootstrap: str | None) -> Check:
    if bootstrap:
        count = kafka_server.brokers(bootstrap)
        return Check("kafka", True, f"{count} broker{'s' if count > 1 else ''} at {named(bootstrap)}")
    if cached_jars(cache_folder()):
        return Check("kafka", True, f"{VERSION}, jars in {cache_folder()}")
    return Check("kafka", True, f"{VERSION}, to be downloaded on first use (46 MB)")


def check_redis(url: str | None) -> Check:
    if url:
        redis_server.require_noeviction(url)
        return Check("redis", True, "the server given answers, and is noeviction")
    found = redis_server.find_redis()
    return Check("redis", True, f"{found.version} from {found.source} ({found.program})")


def check_home(home: Home) -> Check:
    found = holder(home.lock)
    used = f"in use by process {found.pid} ({found.command})" if found else "not in use"
    return Check("home", True, f"{home.path.absolute()}, {used}")


def check_ports(home: Home) -> Check:
    """Remembered ports that a stranger has taken are no failure: the next run chooses others."""
    ports = read_ports(home.ports)
    if not ports:
        return Check("ports", True, "chosen on the first run, on 127.0.0.1")
    shown = ", ".join(f"{name} {port}" for name, port in ports.items())
    taken = [] if holder(home.lock) else taken_ports(ports)
    moved = f"; taken by another program, so chosen anew next time: {', '.join(taken)}" if taken else ""
    return Check("ports", True, shown + moved)


def check_disk(home: Home) -> Check:
    require_disk(home.path)
    return Check("disk", True, f"{free_bytes(home.path) / 1e9:.0f} GB free, {NEEDED_BYTES / 1e9:.0f} GB needed")


def check_torch() -> Check:
    try:
        installed = version("torch")
    except PackageNotFoundError:
        return Check(
            "torch", False, "not installed: nothing can be trained", "pip install 'moodstream[batch]', or make setup"
        )
    built_for = "CUDA" if find_spec("triton") and "+cpu" not in installed else "the CPU only"
    driver = "an NVIDIA driver is there" if shutil.which("nvidia-smi") else "no NVIDIA driver: it trains on the CPU"
    return Check("torch", True, f"{installed}, built for {built_for}; {driver}")


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    """A check that raises is one that failed: its text ends with the way out."""
    try:
        return check()
    except MoodstreamError as error:
        detail, _, way_out = str(error).partition(": ")
        return Check(name, False, detail, way_out)
