"""The stack for a benchmark of serving: a bundle in force, states learned by the real worker, several API processes."""

import gc
import random
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

import msgspec

from batch.catalogue import catalogue_of
from batch.dataset import read_events, read_items
from benchmarks.generator import Address, request
from benchmarks.load import Crowd
from benchmarks.made_up import ITEMS, USERS, World, clustered_bundle, made_catalogue, made_log
from contracts import settings as configuration
from contracts.events import Interaction
from contracts.rollout import Rollout
from contracts.settings import Settings
from model import bundle as bundles
from model.items import Item
from model.shelf import Shelf
from moodstream.console import bar, say
from moodstream.local.ports import LOOPBACK, free_port
from moodstream.local.running import Running, heartbeats, running
from moodstream.local.service import Service
from moodstream.sending import send_and_learn
from online import publish as publishing

WARM: Final = 60_000
"""Events that are learned before anything is measured: ten a user of MovieLens-1M."""
_CAUGHT_UP: Final = 2000
_PREBUILT: Final = 20_000
ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


class Stage(NamedTuple):
    """What is up, and who comes."""

    settings: Settings
    stack: Running
    crowd: Crowd
    """Users and items as often as the log has them."""
    apis: list[Address]
    hellos: list[Address]

    def processes(self) -> dict[str, list[int]]:
        """The ids of the services' processes, those of one kind (`serve-1`, `serve-2`) together."""
        found: dict[str, list[int]] = {}
        for one in self.stack.stack.status():
            if one.pid:
                found.setdefault(one.name.split("-")[0], []).append(one.pid)
        return found

    def lag(self) -> int:
        """Events that the stream has yet to learn, as it last said."""
        return sum(beat.end - beat.position for beat in heartbeats(self.settings))

    def settle(self, within_s: float = 30.0) -> int:
        """Wait until the stream is about up to date, so that nobody pays for who was measured before; the lag left."""
        deadline = time.monotonic() + within_s
        while (lag := self.lag()) > _CAUGHT_UP and time.monotonic() < deadline:
            time.sleep(0.5)
        return lag

    def requests(self, path: str, seed: int = 2) -> list[bytes]:
        """So many that it's rarely the same user's turn: `path` with {user} in it, users as often as in the log."""
        rng = random.Random(seed)
        return [request("GET", path.format(user=rng.choice(self.crowd.users))) for _ in range(_PREBUILT)]


def arguments(parser: ArgumentParser) -> None:
    """What every benchmark on a stage can be told."""
    parser.add_argument("--items", type=int, default=ITEMS, help="of a made-up catalogue")
    parser.add_argument("--users", type=int, default=USERS, help="of a made-up log")
    parser.add_argument("--warm", type=int, default=WARM, help="events learned before measuring")
    parser.add_argument("--events", type=Path, help="a log in the plain form instead of a made-up one")
    parser.add_argument("--catalogue", type=Path, help="its items, with --events")
    parser.add_argument("--bundle", type=Path, help="a bundle's folder instead of a made-up one")
    parser.add_argument("--home", type=Path, help="where the stack keeps its data and logs; a temporary folder else")


def world_of(chosen: Namespace) -> World:
    """What the arguments say."""
    bundle = bundles.read(chosen.bundle) if chosen.bundle else None
    if bundle:
        catalogue: Sequence[Item] = bundle.catalogue
    elif chosen.catalogue:
        catalogue = catalogue_of(read_items(chosen.catalogue))
    else:
        catalogue = made_catalogue(chosen.items)
    if chosen.events:
        log = _until_now([e for e in read_events(chosen.events) if isinstance(e, Interaction)][-chosen.warm :])
    else:
        log = made_log([item.item_id for item in catalogue], chosen.users, chosen.warm)
    return World(bundle or clustered_bundle(catalogue), log)


def _until_now(log: Sequence[Interaction]) -> list[Interaction]:
    shift = int(time.time() * 1000) - log[-1].time
    return [msgspec.structs.replace(event, time=event.time + shift) for event in log]


@contextmanager
def staged(world: World, home: Path | None = None, *, servers: int = 2, hellos: int = 2) -> Iterator[Stage]:
    """The stage while it's up; everything is stopped, and a temporary home gone, at the end."""
    with tempfile.TemporaryDirectory(prefix="moodstream-bench-") as folder:
        settings = msgspec.structs.replace(configuration.read(), home=home or Path(folder))
        with running(settings, say) as stack:
            Shelf(stack.settings.bundles_url).add(world.bundle)
            publishing.publish(stack.settings, Shelf(stack.settings.bundles_url), Rollout(world.bundle.version))
            crowd = Crowd([event.user_id for event in world.log], [event.item_id for event in world.log])
            ports = free_addresses(servers + hellos)
            stage = Stage(stack.settings, stack, crowd, ports[:servers], ports[servers:])
            say("starting the worker, the API's processes and the bare ones")
            apis = [api(stack, f"serve-{n + 1}", at, stack.settings) for n, at in enumerate(stage.apis)]
            stack.stack.add_all([_worker(stack), *apis])
            stack.stack.add_all(hello(stack, f"hello-{n + 1}", at) for n, at in enumerate(stage.hellos))
            with bar("learning", len(world.log), "events") as told:
                send_and_learn(stack.settings, world.log, lambda: heartbeats(stack.settings), told)
            gc.collect()
            yield stage


def free_addresses(count: int) -> list[Address]:
    """So many ports of this machine that nobody listens at."""
    taken: set[int] = set()
    while len(taken) < count:
        taken.add(free_port(taken))
    return [(LOOPBACK, port) for port in taken]


def _worker(stack: Running) -> Service:
    argv, environment = (sys.executable, "-m", "moodstream", "stream"), {**stack.settings.environment(), **ONE_THREAD}
    return stack.stack.service("stream", argv, environment, stack.stream_is_ready, 180)


def api(stack: Running, name: str, address: Address, settings: Settings) -> Service:
    """One process of the API, as the product starts it."""
    own = msgspec.structs.replace(settings, api_port=address[1])
    argv = (sys.executable, "-m", "moodstream", "serve")
    ready_s = 180
    return stack.stack.service(
        name, argv, {**own.environment(), **ONE_THREAD}, lambda: answers(address, "/health/ready"), ready_s
    )


def hello(stack: Running, name: str, address: Address) -> Service:
    """One process of the bare FastAPI."""
    argv = (sys.executable, "-m", "benchmarks.hello", str(address[1]))
    return stack.stack.service(name, argv, ONE_THREAD, lambda: answers(address, "/hello"))


def answers(address: Address, path: str) -> bool:
    """Whether a GET of this path has a good answer now."""
    try:
        with urlopen(f"http://{address[0]}:{address[1]}{path}", timeout=1) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
