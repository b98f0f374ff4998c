"""How the parts are that answers need, and what to do about one that isn't well."""

import time
from typing import Final, Literal

import msgspec

from contracts.errors import StoreUnavailable
from online.answer.deadline import Deadline
from online.answer.lag import SILENCE_MS
from online.store.protocol import Heartbeat
from serving.parts import Parts
from serving.shedding import Limit

State = Literal["well", "poor", "away"]
_BEHIND: Final = 10_000
"""Records of lag from which the stream isn't called well."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One of the parts."""

    name: str
    state: State
    said: str
    todo: str = ""
    """The way out; empty while it's well."""


class Partition(msgspec.Struct, frozen=True, kw_only=True):
    """One partition of the log, as its worker last said."""

    partition: int
    position: int
    end: int
    lag: int
    heard_ms: int
    """Since then."""
    lost: int | None
    """While lost states are made again: up to this offset they were there before."""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """All of them, at one moment."""

    time: int
    """UTC ms."""
    parts: list[Part]
    partitions: list[Partition]
    degraded: list[str]
    """What answers say now, as far as it isn't about one user."""


async def health(parts: Parts) -> Health:
    """As it is now; what is away is told, not raised."""
    now = parts.clock()
    store, beats = await _store(parts)
    return Health(
        time=now,
        parts=[_kafka(parts), store, _stream(beats, now), _bundle(parts), _items(parts), *_limits(parts)],
        partitions=[_partition(beat, now) for beat in beats or ()],
        degraded=[*parts.library.reasons(), *([f"store: {store.said}"] if beats is None else [])],
    )


def _kafka(parts: Parts) -> Part:
    publisher = parts.publisher
    waiting = f"{publisher.waiting:,} bytes wait for an acknowledgement"
    if publisher.trouble:
        todo = "moodstream doctor says what is wrong; posts get 503, answers go on; it's tried again by itself"
        return Part(name="kafka", state="away", said=publisher.trouble, todo=todo)
    if publisher.is_left_alone:
        return Part(name="kafka", state="poor", said=f"it failed of late; {waiting}", todo="look at the broker's log")
    return Part(name="kafka", state="well", said=waiting)


async def _store(parts: Parts) -> tuple[Part, list[Heartbeat] | None]:
    began = time.perf_counter()
    try:
        beats = await Deadline(parts.settings.store_timeout_s).read(parts.store.heartbeats())
    except StoreUnavailable as error:
        todo = "moodstream doctor says what is wrong; answers go on with what was read last, until it's back"
        return Part(name="redis", state="away", said=str(error), todo=todo), None
    took = (time.perf_counter() - began) * 1000
    return Part(name="redis", state="well", said=f"answered in {took:.1f} ms"), beats


def _stream(beats: list[Heartbeat] | None, now: int) -> Part:
    if beats is None:
        return Part(name="stream", state="poor", said="unknown while redis is away", todo="see redis")
    if not beats:
        todo = "start a worker: moodstream up, or moodstream stream"
        return Part(name="stream", state="away", said="no worker has been heard of yet", todo=todo)
    lag = sum(max(0, beat.end - beat.position) for beat in beats)
    silent = [beat.partition for beat in beats if now - beat.time > SILENCE_MS]
    behind = f"{lag:,} records behind, in {len(beats)} partitions"
    if silent:
        said = f"nothing was heard of partition {', '.join(map(str, silent[:8]))} for {SILENCE_MS // 1000} s; {behind}"
        todo = "look whether enough workers run: moodstream status, then their logs"
        return Part(name="stream", state="away" if len(silent) == len(beats) else "poor", said=said, todo=todo)
    if any(beat.lost is not None for beat in beats):
        said = f"lost states are made again; {behind}"
        return Part(name="stream", state="poor", said=said, todo="wait: docs/backup.md says what is done")
    if lag > _BEHIND:
        return Part(name="stream", state="poor", said=behind, todo="more workers, up to one for each partition")
    return Part(name="stream", state="well", said=behind)


def _bundle(parts: Parts) -> Part:
    library = parts.library
    if reason := library.degraded.get("bundle"):
        state: State = "poor" if library.current.bundle else "away"
        todo = "train one and publish it: moodstream train, then Promote" if state == "away" else "see Bundles"
        return Part(name="bundle", state=state, said=reason, todo=todo)
    return Part(name="bundle", state="well", said=f"{library.current.version}, {len(library.current.items):,} items")


def _items(parts: Parts) -> Part:
    if reason := parts.library.degraded.get("items"):
        return Part(name="items", state="poor", said=reason, todo="send these items again, or see redis")
    return Part(name="items", state="well", said="the catalogue's changes are read")


def _limits(parts: Parts) -> list[Part]:
    found = []
    for name, limit, setting in (
        ("answers", parts.answering, "MOODSTREAM_ANSWERS_AT_ONCE"),
        ("posts", parts.posting, "MOODSTREAM_POSTS_AT_ONCE"),
    ):
        found.append(_limit(name, limit, setting))
    return found


def _limit(name: str, limit: Limit, setting: str) -> Part:
    said = f"{limit.under_way} under way in this process, at most {limit.limit}"
    if limit.under_way >= limit.limit:
        todo = f"more processes; {setting} only where they have time to spare"
        return Part(name=name, state="poor", said=f"{said}: more get 429", todo=todo)
    return Part(name=name, state="well", said=said)


def _partition(beat: Heartbeat, now: int) -> Partition:
    return Partition(
        partition=beat.partition,
        position=beat.position,
        end=beat.end,
        lag=max(0, beat.end - beat.position),
        heard_ms=max(0, now - beat.time),
        lost=beat.lost,
    )
