"""What an operator asks of the local stack: stop it, say how it is, look for what is wrong."""

import time

import msgspec
from rich.markup import escape
from rich.table import Table

from contracts.errors import BundleRejected, Misconfigured
from contracts.settings import Settings
from model.shelf import Shelf
from moodstream.console import console, say
from moodstream.local.doctor import Check, diagnose
from moodstream.local.home import Home
from moodstream.local.lock import holder, stop_holder
from moodstream.local.ports import LOOPBACK, read_ports
from moodstream.local.redis import redis_url, without_password
from moodstream.local.running import heartbeats
from moodstream.local.status import read_status
from online.store.protocol import Heartbeat


def stop(settings: Settings, *, purge: bool) -> None:
    """Stop the run that holds the home, and delete its data where asked to."""
    home = Home(settings.home)
    stopped = stop_holder(home.lock)
    say(f"stopped process {stopped.pid} ({stopped.command})" if stopped else f"nothing runs in {home.path}")
    if purge:
        left = home.purge()
        say(f"deleted the data in {home.path}")
        if left:
            say(f"not ours, so left alone: {', '.join(map(str, left))}")


def with_servers(settings: Settings) -> Settings:
    """The settings with the addresses of the stack that runs here, where none were given.

    Raises `Misconfigured` where there is neither.
    """
    home = Home(settings.home)
    ports = read_ports(home.ports)
    if settings.kafka and settings.redis:
        return settings
    if not holder(home.lock):
        raise Misconfigured(f"nothing runs in {home.path}: moodstream up, or set MOODSTREAM_KAFKA and MOODSTREAM_REDIS")
    return msgspec.structs.replace(
        settings,
        kafka=settings.kafka or f"{LOOPBACK}:{ports['kafka']}",
        redis=settings.redis or redis_url(ports["redis"]),
        api_port=settings.api_port or ports["api"],
        stream_port=settings.stream_port or ports.get("stream", 0),
    )


def with_kafka(settings: Settings) -> Settings:
    """The same where only Kafka is needed."""
    return settings if settings.kafka else with_servers(settings)


class Report(msgspec.Struct, frozen=True):
    """How the stack is; `--json` prints it."""

    home: str
    runs: bool
    kafka: str | None = None
    redis: str | None = None
    api: str | None = None
    metrics: list[str] = []
    bundle: str | None = None
    services: list[dict[str, object]] = []
    partitions: list[dict[str, object]] = []


def report(settings: Settings) -> Report:
    """What is known of the stack in this home."""
    home = Home(settings.home)
    bundle = Shelf(settings.bundles_url).current()
    try:
        found = with_servers(settings)
    except Misconfigured:
        return Report(str(home.path), runs=False, bundle=bundle)
    api, worker = f"http://{found.api_host}:{found.api_port}", f"http://{found.stream_host}:{found.stream_port}"
    return Report(
        home=str(home.path),
        runs=True,
        kafka=found.kafka,
        redis=without_password(found.redis or ""),
        api=api,
        metrics=[f"{api}/metrics", f"{worker}/metrics"],
        bundle=bundle,
        services=[msgspec.to_builtins(service) for service in read_status(home.status)],
        partitions=[_partition(beat) for beat in heartbeats(found)],
    )


def print_status(settings: Settings, *, as_json: bool) -> None:
    """Print the report."""
    found = report(settings)
    if as_json:
        print(msgspec.json.encode(found).decode())
        return
    if not found.runs:
        say(f"nothing runs in {found.home} (bundle: {found.bundle or 'none yet'}); start it: moodstream up")
        return
    say(f"API {found.api} · Kafka {found.kafka} · {found.redis} · bundle {found.bundle or 'none yet'}")
    say(f"metrics {' '.join(found.metrics)}")
    _print_rows("service", found.services, ("name", "state", "pid", "restarts", "log"))
    _print_rows("partition", found.partitions, ("partition", "position", "end", "lag", "seconds_ago"))


def print_diagnosis(settings: Settings, *, as_json: bool) -> bool:
    """Print every check, of the servers that run here where some do; False when one is bad."""
    home = Home(settings.home)
    found = with_servers(settings) if holder(home.lock) else settings
    checks = diagnose(home, kafka=found.kafka, redis=found.redis, more=[lambda: check_bundle(settings)])
    if as_json:
        print(msgspec.json.encode(checks).decode())
    else:
        for check in checks:
            verdict = "[green]ok [/]" if check.ok else "[red]BAD[/]"
            console.print(f"{verdict} {check.name:8} {escape(check.detail)}")
            if check.way_out:
                say(f"             → {check.way_out}")
    return all(check.ok for check in checks)


def check_bundle(settings: Settings) -> Check:
    """Whether the current bundle loads."""
    try:
        shelf = Shelf(settings.bundles_url)
        version = shelf.current()
        if version is None:
            return Check("bundle", True, "none published yet: the demo trains one")
        bundle = shelf.load(version)
    except BundleRejected as error:
        return Check("bundle", False, str(error), "moodstream rollback, or moodstream train and publish")
    return Check("bundle", True, f"{version}: {len(bundle.catalogue):,} items")


def _partition(beat: Heartbeat) -> dict[str, object]:
    ago = round(time.time() - beat.time / 1000, 1)
    return {
        "partition": beat.partition,
        "position": beat.position,
        "end": beat.end,
        "lag": beat.end - beat.position,
        "seconds_ago": ago,
    }


def _print_rows(title: str, rows: list[dict[str, object]], columns: tuple[str, ...]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "))
    for row in rows:
        table.add_row(*(str(row.get(column, "")) for column in columns))
    console.print(table if rows else f"no {title} has said anything yet")
