"""However often a replay is stopped or killed, it ends in the same bytes, having asked about each event once."""

import asyncio
from pathlib import Path

import pytest

from batch.prequential import Agreed, Known, Scored
from moodstream.replay import kept, outcomes, way
from moodstream.replay.into import take
from moodstream.replay.outcomes import EVENTS
from moodstream.replay.spool import records
from moodstream.replay.summary import click_rates, foretold
from moodstream.replay.way import CHECKPOINT, Work, go
from online.store.redis import connect
from tests.moodstream.replay.world import CrashError, after, gone, home, never, raws, some_log, with_ends, work

Ended = tuple[str, tuple[bytes, bytes]]
"""The final state's digest, and what was foretold."""
LOG = raws(with_ends(some_log()))


def told(one: Work) -> tuple[bytes, bytes]:
    return (one.folder / "0" / EVENTS).read_bytes(), (one.folder / "0" / outcomes.PAGES).read_bytes()


@pytest.fixture
def clean(tmp_path: Path) -> Ended:
    """What a replay that is never stopped comes to, in memory."""
    one = work(home(tmp_path), tmp_path / "clean", LOG)
    return gone(one).state_digest, told(one)


def test_what_was_only_learned_is_not_asked_about_and_all_else_in_its_order(tmp_path: Path) -> None:
    one = work(home(tmp_path), tmp_path / "a", LOG)
    gone(one)
    (found,) = foretold(one)
    assert found.places.min() >= 40
    assert found.places.tolist() == sorted(set(found.places.tolist()))
    log = list(records(one.folder))
    assert [log[place].time for place in found.places] == found.times.tolist()
    assert len(found.places) > 60


def test_a_replay_that_is_stopped_goes_on_and_ends_in_the_same_bytes(tmp_path: Path, clean: Ended) -> None:
    one = work(home(tmp_path), tmp_path / "a", LOG)
    for looks in (1, 30, 0, 75):
        assert go(one, 0, lambda place: None, after(looks)) is None
    assert (gone(one).state_digest, told(one)) == clean
    assert gone(one).state_digest == clean[0]  # it has arrived: nothing is done again


def test_a_killed_one_goes_on_from_its_checkpoint(
    tmp_path: Path, clean: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_EVERY_S", 0.0)
    monkeypatch.setattr(kept, "_OF_ALL", 1e9)
    monkeypatch.setattr(way, "_TELL", 1)
    one = work(home(tmp_path), tmp_path / "a", LOG)
    for killed_at in (3, 41, 42, 120, 200):
        crash_at(one, killed_at)
    assert (one.folder / "0" / CHECKPOINT).exists()
    passed: list[int] = []
    assert go(one, 0, passed.append, never) is not None
    assert passed[0] > 150
    assert (gone(one).state_digest, told(one)) == clean


def crash_at(one: Work, killed_at: int) -> None:
    def tell(place: int) -> None:
        if place == killed_at:
            raise CrashError

    with pytest.raises(CrashError):
        go(one, 0, tell, never)


def test_a_checkpoint_that_is_damaged_or_ahead_of_the_outcomes_is_none(tmp_path: Path, clean: Ended) -> None:
    one = work(home(tmp_path), tmp_path / "a", LOG)
    assert go(one, 0, lambda place: None, after(100)) is None
    (one.folder / "0" / EVENTS).write_bytes(told(one)[0][:32])
    assert go(one, 0, lambda place: None, after(100)) is None
    checkpoint = one.folder / "0" / CHECKPOINT
    checkpoint.write_bytes(checkpoint.read_bytes()[:-3])
    assert (gone(one).state_digest, told(one)) == clean


@pytest.mark.redis
@pytest.mark.timeout(600)  # six ways along the log, with sweeps of all shards: minutes where others want the cores
def test_in_redis_it_comes_to_what_it_comes_to_in_memory_stopped_killed_or_fallen_back(
    tmp_path: Path,
    clean: Ended,
    redis_url: str,
    namespace: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(way, "_TELL", 1)
    one = work(home(tmp_path, redis=redis_url), tmp_path / "a", LOG, into=namespace)
    take(one.settings, one.plan, anew=False)
    assert go(one, 0, lambda place: None, after(60)) is None
    crash_at(one, 90)
    monkeypatch.setattr(kept, "_SWEEP_S", 0.0)
    crash_at(one, 100)
    crash_at(one, 101)
    before = told(one)
    asyncio.run(forget_a_shard(redis_url, namespace))
    assert (gone(one).state_digest, told(one)) == clean
    assert all(now.startswith(then) for now, then in zip(told(one), before, strict=True))


async def forget_a_shard(url: str, namespace: str) -> None:
    """As a Redis does that comes back older: some users are gone, with their shard's watermark."""
    store = connect(url, namespace)
    try:
        client = store._client
        shard = next(iter([key async for key in client.scan_iter(match=f"{namespace}:*users")])).decode()
        slot = shard.split("}")[0]
        keys = {key async for key in client.scan_iter(match=slot.replace("{", r"\{") + "*")}  # it may tell one twice
        assert await client.delete(*keys) == len(keys) > 1
    finally:
        await store.close()


def test_outcomes_survive_a_torn_end(tmp_path: Path) -> None:
    with outcomes.Findings(tmp_path) as found:
        found.add(Scored(5, 0, "u", 0))
        found.add(Scored(9, 0, "u", 1_000_000))
        found.add(Agreed(7, [True, False, True]))
    path = tmp_path / EVENTS
    path.write_bytes(path.read_bytes() + b"torn")
    with outcomes.Findings(tmp_path) as found:
        assert found.known == (2, 1)
        found.add(Scored(11, 0, "u", 3))
        found.keep(Known(3, 1))
    assert [tuple(one) for one in outcomes.read(path)] == [(5, 0), (9, 1_000_000), (11, 3)]
    (page,) = outcomes.read(tmp_path / outcomes.PAGES)
    assert (page.place, page.items[:4]) == (7, [True, False, True, False])


def test_what_would_be_taken_of_what_a_bundle_shows_is_told_where_the_log_explored(tmp_path: Path) -> None:
    one = work(home(tmp_path), tmp_path / "a", LOG, bundles=2)
    for number in range(2):
        gone(one, number)
    found = click_rates(one)
    assert list(found) == one.plan.bundles
    assert all(rate.showings > 20 and rate.warning for rate in found.values())
