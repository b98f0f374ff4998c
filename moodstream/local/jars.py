"""Kafka's jars: downloaded once into the user's cache, checked against a list, and put in place in one step.

`python -m moodstream.local.jars` downloads them afresh and prints the list, for `make lock`.
"""

import fcntl
import hashlib
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

from contracts.errors import Misconfigured, Unavailable
from moodstream.local.home import Say

VERSION: Final = "4.3.1"
ENDPOINT: Final = f"org.apache.kafka:kafka_2.13:{VERSION}+org.slf4j:slf4j-simple:1.7.36"
LOCK: Final = Path(__file__).with_name("jars.sha256")


def cache_folder() -> Path:
    """Where this user's downloads are kept, for all projects."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "moodstream"


def locked_jars() -> dict[str, str]:
    """SHA-256 by file name."""
    return {name: digest for digest, name in (line.split() for line in LOCK.read_text().splitlines())}


def cached_jars(cache: Path) -> list[Path]:
    """The jars of this version, sorted; empty unless all are there."""
    folder = cache / f"kafka-{VERSION}"
    jars = [folder / name for name in sorted(locked_jars())]
    return jars if all(jar.exists() for jar in jars) else []


def kafka_jars(cache: Path, say: Say) -> list[Path]:
    """The jars, downloaded first where they aren't there yet (46 MB); only one process at a time does it.

    Raises `Unavailable` when they can't be downloaded, `Misconfigured` when they aren't what the list says.
    """
    if jars := cached_jars(cache):
        return jars
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with (cache / "lock").open("w") as lock:
            say(f"downloading Kafka {VERSION} (46 MB, once, kept in {cache})")
            fcntl.flock(lock, fcntl.LOCK_EX)
            return cached_jars(cache) or _install(cache, say)
    except OSError as error:
        raise Unavailable(
            f"Kafka's jars can't be downloaded into {cache} ({_reason(error)}): "
            "check the network and the disk, or name a broker that runs by MOODSTREAM_KAFKA=host:port"
        ) from error


def _install(cache: Path, say: Say) -> list[Path]:
    folder = cache / f"kafka-{VERSION}"
    for left in cache.glob("partial-*"):  # by a killed run
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix="partial-", dir=cache) as partial:
        jars = download(Path(partial), say)
        _check(jars)
        complete = Path(partial) / "complete"
        complete.mkdir()
        for jar in jars:
            shutil.move(jar, complete / jar.name)
        shutil.rmtree(folder, ignore_errors=True)
        complete.rename(folder)
    return cached_jars(cache)


def download(folder: Path, say: Say) -> list[Path]:
    """All jars of Kafka, by Maven's rules, into a new folder; nothing of the user's own Maven cache is used."""
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.env import EnvironmentBuilder, LinkStrategy
    from jgo.maven import MavenContext, PythonResolver

    # it looks for a Java to sort modules by, which we don't need: its complaint about none would be read as a failure
    logging.getLogger("jgo").setLevel(logging.CRITICAL)
    context = MavenContext(
        resolver=PythonResolver(progress_callback=_progress(say)),
        repo_cache=folder / "repository",
        remote_repos={"central": MAVEN_CENTRAL_URL},
    )
    builder = EnvironmentBuilder(context=context, cache_dir=folder / "environment", link_strategy=LinkStrategy.COPY)
    try:
        with _trusting_the_systems_certificates():
            return sorted(Path(jar) for jar in builder.from_endpoint(ENDPOINT).all_jars)
    except RuntimeError as error:  # what jgo raises for a jar that no repository has
        raise OSError(str(error)) from error


def sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _check(jars: list[Path]) -> None:
    expected, found = locked_jars(), {jar.name: sha256(jar) for jar in jars}
    wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    if wrong:
        raise Misconfigured(
            f"Kafka's jars are not the ones that {LOCK.name} names ({', '.join(wrong[:5])}): nothing was kept; "
            "try again, and if it stays so, don't trust this network"
        )


@contextmanager
def _trusting_the_systems_certificates() -> Iterator[None]:
    """`SSL_CERT_FILE` means a proxy's certificate to uv, pip and OpenSSL; jgo's `requests` knows another name only."""
    name, file = "REQUESTS_CA_BUNDLE", os.environ.get("SSL_CERT_FILE")
    if not file or name in os.environ:
        yield
        return
    os.environ[name] = file
    try:
        yield
    finally:
        del os.environ[name]


def _reason(error: OSError) -> str:
    """What went wrong, without the chain of what it was wrapped in."""
    return str(error).rpartition("(Caused by ")[2][:200]


def _progress(say: Say) -> Callable[[str, int], AbstractContextManager[Callable[[int], None]]]:
    """jgo's progress callback: a line every three seconds."""
    files, received, shown_at = 0, 0, time.monotonic()

    def add(count: int) -> None:
        nonlocal received, shown_at
        received += count
        if time.monotonic() - shown_at > 3:
            shown_at = time.monotonic()
            say(f"  {received / 1e6:.0f} of 46 MB, {files} files")

    @contextmanager
    def one_file(name: str, size: int) -> Iterator[Callable[[int], None]]:
        nonlocal files
        yield add
        files += 1

    return one_file


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        for jar in download(Path(place), lambda line: print(line, file=sys.stderr)):
            print(f"{sha256(jar)}  {jar.name}")
