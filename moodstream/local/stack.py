"""The local stack: one home held, Kafka and Redis up, further processes beside them, all stopped at the end."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Final, Self

from moodstream.local.home import Home, Say, require_disk
from moodstream.local.kafka import brokers, kafka_service
from moodstream.local.lock import HomeLock
from moodstream.local.ports import LOOPBACK, choose_ports, read_ports, wait_until_free
from moodstream.local.redis import redis_service, redis_url, require_noeviction
from moodstream.local.service import Service, sweep
from moodstream.local.signals import ended_by_signals, hear_no_more
from moodstream.local.status import Status, read_status
from moodstream.local.supervisor import Supervisor

PORTS: Final = ("kafka", "kafka-controller", "redis", "api", "stream")
_DYING_S: Final = 2.0
"""A killed JVM keeps its ports for some tenths of a second."""


class Stack:
    """`with Stack(home, say) as stack:` brings up what isn't given by address; every wait says what it waits for."""

    kafka: str
    """Bootstrap servers, `host:port`."""
    redis: str
    """`redis://host:port/0`."""

    def __init__(self, home: Home, say: Say, *, kafka: str | None = None, redis: str | None = None) -> None:
        self.home = home
        self._say = say
        self._given_kafka = kafka
        self._given_redis = redis
        self._supervisor = Supervisor(home.status, say)
        self._ports: dict[str, int] = {}
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        """Raises `Misconfigured` (home held, no Java, disk full …) or `Unavailable`, and leaves nothing running."""
        with ExitStack() as opening:
            self._open(opening)
            self._opened = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def port(self, name: str) -> int:
        """The remembered port of one of `PORTS`; free when the stack came up."""
        return self._ports[name]

    def add(
        self,
        name: str,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        ready: Callable[[], bool] | None = None,
        ready_within_s: float = 60.0,
    ) -> None:
        """Run a further process under supervision, logged to `logs/<name>.log`; returns when it's ready.

        `env` is added to this process's own variables. Raises `Unavailable` when it dies or isn't ready in time.
        """
        self.add_all([self.service(name, argv, env, ready, ready_within_s)])

    def service(
        self,
        name: str,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        ready: Callable[[], bool] | None = None,
        ready_within_s: float = 60.0,
    ) -> Service:
        """A description for `add_all`, logged to the home."""
        log = self.home.logs / f"{name}.log"
        return Service(name=name, argv=tuple(argv), log=log, env=env or {}, ready=ready, ready_within_s=ready_within_s)

    def add_all(self, services: Iterable[Service]) -> None:
        """Start several at once; returns when all are ready. Raises `Unavailable` as `add` does."""
        self._supervisor.start(*services)

    def wait(self) -> None:
        """Stay up until Ctrl-C or SIGTERM; raises `Unavailable` when a service was given up."""
        self._supervisor.wait()

    def status(self) -> list[Status]:
        return self._supervisor.status()

    def _open(self, opening: ExitStack) -> None:
        self.home.create()
        require_disk(self.home.path)
        lock = opening.enter_context(HomeLock(self.home.lock))
        if lock.stale:
            self._clean_up_after(lock.stale.pid)
        opening.enter_context(ended_by_signals())
        opening.callback(self._say, "stopped, nothing is left running")
        self._ports = choose_ports(self.home.ports, PORTS, self._say)
        opening.enter_context(self._supervisor)
        opening.callback(self._say, "stopping …")
        opening.callback(hear_no_more)
        self._bring_up()

    def _clean_up_after(self, pid: int) -> None:
        self._say(f"the last run (process {pid}) was killed: taking over")
        sweep({service.pid: service.up_since for service in read_status(self.home.status) if service.pid})
        wait_until_free(read_ports(self.home.ports), _DYING_S)

    def _bring_up(self) -> None:
        self.kafka = self._given_kafka or f"{LOOPBACK}:{self._ports['kafka']}"
        self.redis = self._given_redis or redis_url(self._ports["redis"])
        if self._given_kafka:
            self._say(f"waiting for Kafka at {self._given_kafka}")
            brokers(self._given_kafka)
        if self._given_redis:
            self._say("waiting for Redis at the address given")
            require_noeviction(self._given_redis)
        own = [*self._own_kafka(), *self._own_redis()]
        if own:
            self._say(f"starting {' and '.join(service.name for service in own)}, waiting until they answer")
            self.add_all(own)

    def _own_kafka(self) -> list[Service]:
        if self._given_kafka:
            return []
        ports = self._ports["kafka"], self._ports["kafka-controller"]
        return [kafka_service(self.home.kafka, self.home.logs / "kafka.log", *ports, self._say)]

    def _own_redis(self) -> list[Service]:
        if self._given_redis:
            return []
        return [redis_service(self.home.redis, self.home.logs / "redis.log", self._ports["redis"])]
