"""The lake's log is that of the topic: in order of arrival, with contexts and impressions."""

import random
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from batch import chunk, pages
from batch.holding import Holding
from batch.lake_log import log_of
from batch.log import Log, events_of, of_events
from batch.replay import Logged
from contracts.events import Alias, Context, Erase, Impression, Interaction, MoodEvent, Shown
from contracts.hashing import hash64
from contracts.kinds import Kind
from online.lake.read import TRAINING, Part, parts, positions
from online.lake.write import LakeWriter, to_table
from online.learn.enrich import Enriched, Enricher
from online.store.state import forwarded_id
from tests.batch import whole_lake

ENRICHER = Enricher()


def row(event: Logged, offset: int, partition: int = 0, arrival: int | None = None) -> Enriched:
    return ENRICHER.enrich(
        event, partition=partition, offset=offset, arrival=event.time if arrival is None else arrival
    )


def click(number: int, user: str = "u", context: Context | None = None) -> Interaction:
    return Interaction(event_id=f"e{number}", time=1000 + number, user_id=user, item_id="i", context=context)


def page(number: int) -> Impression:
    shown = [Shown("i", 0, 0.5, 1.0), Shown("j", 1, 0.25, 1.0)]
    return Impression(
        event_id=f"p{number}", time=1000 + number, user_id="u", request_id=f"r{number}", bundle="b", shown=shown
    )


def read(*rows: Enriched) -> Log:
    held = Holding()
    for _, part in groupby(rows, key=lambda row: row.partition):
        table = to_table(list(part))
        held.take(Part("life", True, table, np.zeros(len(table), np.bool_)))
    return held.log()


def test_the_lakes_log_is_the_same_as_that_of_the_events() -> None:
    where = Context(mood="happy", place="Paris", device="phone", session="s1", request_id="r1", extra={"band": 2.0})
    rating = Interaction(event_id="e0", time=1000, user_id="a", item_id="x", kind="rating", value=5.0, context=where)
    events: list[Logged] = [
        rating,
        MoodEvent(event_id="e1", time=1001, user_id="a", mood="sad"),
        page(2),
        page(3),
        click(4),
    ]
    table = read(*(row(event, offset) for offset, event in enumerate(events)))
    expected = of_events(events)
    assert table.context[:1].tolist() == [where]
    for name, found, wanted in zip(Log._fields, table, expected, strict=True):
        if name != "context":
            np.testing.assert_array_equal(found, wanted)
    assert events_of(table)[2:4] == [page(2), page(3)]


def test_partitions_are_one_log_in_order_of_arrival() -> None:
    rows = [row(click(n, f"u{n % 3}"), n, partition=n % 3) for n in range(30)]
    by_partition = sorted(rows, key=lambda row: (row.partition, row.offset))
    assert read(*by_partition).time.tolist() == [1000 + n for n in range(30)]


def test_a_brokers_clock_that_was_set_back_leaves_each_partitions_order() -> None:
    arrivals = [10, 50, 20, 60]
    rows = [row(click(n), n, arrival=arrival) for n, arrival in enumerate(arrivals)]
    other = row(click(9, "v"), 0, partition=1, arrival=55)
    assert [event.event_id for event in events_of(read(*rows, other))] == ["e0", "e1", "e2", "e3", "e4"]
    assert read(*rows, other).user.tolist() == ["u", "u", "u", "v", "u"]


def test_of_many_impressions_the_newest_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PAGES", 2)
    events: list[Logged] = [page(0), click(1), page(2), page(3), click(4)]
    found = read(*(row(event, n) for n, event in enumerate(events)))
    assert found.shown.tolist() == [None, (page(2), page(3))]


def test_a_lake_without_any_event_is_an_empty_log() -> None:
    assert events_of(read()) == []


def lake(folder: Path, seed: int, count: int = 3000, users: int = 60) -> str:
    """All that may be in one: three partitions, two lives of the topic, repeats, erasures, aliases, clocks set back."""
    rng = random.Random(seed)
    for life in range(2):
        offsets, clock = [0, 0, 0], 1_700_000_000_000 + 10**9 * life
        rows: list[list[Enriched]] = [[], [], []]
        sent: list[tuple[int, Logged]] = []
        for number in range(count):
            user = rng.randrange(users)
            partition, clock = user % 3, clock + rng.randrange(2000)
            event: Logged | Erase | Alias = some_event(rng, f"l{life}n{number}", f"u{user}", clock)
            if sent and rng.random() < 0.15:
                partition, event = rng.choice(sent[-200:])
            elif isinstance(event, Interaction | MoodEvent):
                sent.append((partition, event))
            arrival = clock - (5000 if rng.random() < 0.02 else 0)
            rows[partition].append(
                ENRICHER.enrich(event, partition=partition, offset=offsets[partition], arrival=arrival)
            )
            offsets[partition] += 1
        for partition, own in enumerate(rows):
            writer = LakeWriter(str(folder), "test", f"life{life}", partition)
            writer.add(own, own[-1].offset)
            writer.flush()
    return str(folder)


def some_event(rng: random.Random, name: str, user: str, time: int) -> Logged | Erase | Alias:
    context = Context(session=rng.choice(["s1", "s2"]), extra={"band": 2.0}) if rng.random() < 0.4 else None
    drawn = rng.random()
    if drawn < 0.001:
        return Erase(event_id=name, time=time, user_id=user)
    if drawn < 0.02:
        return Alias(event_id=name, time=time, user_id=user, known_as=rng.choice(["u3", user]))
    if drawn < 0.2:
        return Impression(
            event_id=name, time=time, user_id=user, request_id=name, bundle="b", shown=[Shown("i", 0, 0.5, 1.0)]
        )
    if drawn < 0.25:
        return MoodEvent(event_id=name, time=time, user_id=user, mood=rng.choice(["happy", "flabbergasted-xyz"]))
    if drawn < 0.3:
        name = forwarded_id(hash64(f"l0n{rng.randrange(3000)}"))
    kinds: list[Kind] = ["click", "view", "rating", "dislike"]
    kind = rng.choice(kinds)
    value = 4.0 if kind == "rating" else None
    return Interaction(
        event_id=name, time=time, user_id=user, item_id=f"i{rng.randrange(9)}", kind=kind, value=value, context=context
    )


def same(one: Log, other: Log) -> None:
    for name, ours, theirs in zip(Log._fields, one, other, strict=True):
        if isinstance(ours, np.ndarray) and isinstance(theirs, np.ndarray):
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(ours, theirs)
        else:
            assert (name, ours.tolist()) == ("context", theirs.tolist())


@pytest.fixture(scope="module", params=range(3))
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A lake with many files, of some 2,500 events that aren't erased."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("online.lake.layout.RANGE", 100)
        patch.setattr("online.lake.write.RANGE", 100)
        yield lake(tmp_path_factory.mktemp("lake"), request.param)


@pytest.mark.parametrize(("together", "shown"), [(1, 50_000), (500, 300), (65_536, 50_000)])
def test_where_all_fits_the_log_is_the_one_that_the_whole_lake_gives_row_by_row(
    url: str, together: int, shown: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunk, "TOGETHER", together)
    monkeypatch.setattr(pages, "PAGES", shown)
    expected = whole_lake.log_of(url, "test", shown)
    held = log_of(url, "test", before=positions(url, "test"), most=6000)
    assert held.share == 1
    assert 1000 < len(held.log.time) < 6000
    same(held.log, expected)
    assert events_of(held.log.part(100, 400)) == events_of(expected.part(100, 400))
    same(log_of(url, "test", most=0).log, expected)


def test_of_more_than_fits_everything_of_some_users_is_held_and_never_more_than_fits(url: str) -> None:
    whole = log_of(url, "test").log
    holding = Holding(700, "salt")
    for part in parts(url, "test", columns=TRAINING):
        holding.take(part)
        assert sum(len(one.rows) for one in (*holding._ended, *holding._current)) <= 700
    log = holding.log()
    assert holding.share in (1 / 4, 1 / 8, 1 / 16, 1 / 32)
    theirs = np.isin(whole.user, np.unique(log.user))
    assert 0 < theirs.sum() <= 700
    for name in ("user", "item", "kind", "time", "weight"):
        np.testing.assert_array_equal(getattr(log, name), getattr(whole, name)[theirs])
    assert log.context.tolist() == whole.context[theirs].tolist()
    seen, all_pages = ([page for shown in of.shown for page in shown or ()] for of in (log, whole))
    drawn = holding._users.drawn([page.user_id for page in all_pages])
    assert seen
    assert seen == [page for page, theirs in zip(all_pages, drawn, strict=True) if theirs][: len(seen)]


def test_who_reads_the_same_lake_holds_the_same_users_and_another_night_others(url: str) -> None:
    first, again, other = (log_of(url, "test", most=1000, salt=salt) for salt in ("a", "a", "b"))
    same(first.log, again.log)
    assert set(first.log.user) != set(other.log.user)
