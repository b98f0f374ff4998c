"""The lake's log is that of the topic: in order of arrival, with contexts and impressions."""

import numpy as np
import pyarrow as pa
import pytest

from batch import lake_log
from batch.lake_log import of_table
from batch.log import Log, events_of, of_events
from batch.replay import Logged
from contracts.events import Context, Impression, Interaction, MoodEvent, Shown
from online.lake.read import to_training
from online.lake.write import to_table
from online.learn.enrich import Enriched, Enricher

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
    return of_table(to_training(to_table(rows)))


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
    assert table.context[0] == where
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
    monkeypatch.setattr(lake_log, "PAGES", 2)
    events: list[Logged] = [page(0), click(1), page(2), page(3), click(4)]
    found = read(*(row(event, n) for n, event in enumerate(events)))
    assert found.shown.tolist() == [None, (page(2), page(3))]


def test_a_lake_without_any_event_is_an_empty_log() -> None:
    empty: pa.Table = to_training(to_table([]))
    assert events_of(of_table(empty)) == []
