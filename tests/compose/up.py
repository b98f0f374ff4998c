"""`docker-compose.yml` brought up by a real engine, under a name, ports and folders of its own."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from contracts.settings import Settings
from moodstream.client import Client
from moodstream.local.ports import free_port

ROOT: Final = Path(__file__).parents[2]
TOKEN: Final = "only-for-a-test-of-compose"  # noqa: S105 (of a stack that lives for minutes)
CORE: Final = ("kafka", "redis", "stream", "serving")
_BASES: Final = ("python:3.11-slim-bookworm",)


def missing(*services: str) -> str:
    """Why these services can't be tried here; empty where they can. Nothing is pulled."""
    if not shutil.which("docker"):
        return "there is no docker here"
    if docker("version", "--format", "{{.Server.Version}}").returncode:
        return "no Docker engine answers"
    if docker("compose", "version").returncode:
        return "docker has no compose plugin"
    read = docker("compose", "--project-directory", str(ROOT), "--profile", "*", "config", "--format", "json")
    images = [msgspec.json.decode(read.stdout)["services"][service] for service in services]
    needed = {*_BASES, *(service["image"] for service in images if "build" not in service)}
    absent = sorted(image for image in needed if docker("image", "inspect", image).returncode)
    return f"the engine lacks {', '.join(absent)}: docker pull them first" if absent else ""


class Compose:
    """Services of the stack, all of it gone at the end; `prepare` is none of them, as a test makes its own bundle."""

    def __init__(self, folder: Path, services: Sequence[str] = CORE, files: Sequence[str] = ()) -> None:
        self.folder = folder
        for place in (folder, folder / "data", folder / "s3"):
            place.mkdir(exist_ok=True)
            place.chmod(0o777)  # the containers' user is another one
        self._services = services
        self._env_files = [word for file in files for word in ("--env-file", str(ROOT / file))]
        taken: set[int] = set()
        self.ports = {name: _another(taken) for name in ("api", "kafka", "prometheus", "alertmanager", "grafana")}
        self.api = f"http://127.0.0.1:{self.ports['api']}"
        self.settings = Settings(kafka=f"127.0.0.1:{self.ports['kafka']}", bundles=str(folder / "data" / "bundles"))
        self._environment = {
            **os.environ,
            **({} if docker("buildx", "version").returncode == 0 else {"DOCKER_BUILDKIT": "0"}),
            "COMPOSE_PROJECT_NAME": f"moodstream-test-{os.getpid()}-{len(services)}",
            "STACK_DATA": str(folder / "data"),
            "STACK_S3": str(folder / "s3"),
            "MOODSTREAM_API_TOKEN": TOKEN,
            "MOODSTREAM_API_PORT": str(self.ports["api"]),
            **{f"STACK_{name.upper()}_PORT": str(port) for name, port in self.ports.items() if name != "api"},
        }

    def __enter__(self) -> Self:
        try:
            self("build", "--quiet", "stream", "serving")
            if self._services:
                self("up", "--detach", "--no-build", "--wait", *self._services)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self("--profile", "*", "down", "--volumes", "--timeout", "20")

    def __call__(self, *arguments: str) -> str:
        """What `docker compose` prints; fails with what it says when it fails."""
        done = subprocess.run(
            ["docker", "compose", *self._env_files, *arguments],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"docker compose {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def client(self) -> Client:
        """Of the API, with its token."""
        return Client(self.api, TOKEN)

    def each(self, *services: str) -> list[dict[str, Any]]:
        """The containers of services, as `docker compose ps` tells."""
        lines = self("ps", "--all", "--format", "json", *services).splitlines()
        return [msgspec.json.decode(line) for line in lines if line]

    def inside(self, service: str, *command: str, index: int = 1) -> str:
        """What a command prints in a service's container."""
        return self("exec", "--no-TTY", "--index", str(index), service, *command)


def docker(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Whatever becomes of it."""
    return subprocess.run(["docker", *arguments], capture_output=True, check=False)


def eventually(holds: Callable[[], bool], within_s: float = 60) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.2)


def _another(taken: set[int]) -> int:
    port = free_port(taken)
    taken.add(port)
    return port
