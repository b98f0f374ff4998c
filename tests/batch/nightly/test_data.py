"""Each check of a night's data sees what it is there for, and nothing in a usual night."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pyarrow as pa
import pytest
from msgspec.structs import replace as changed

from batch.nightly.data import NAMES, looked_at
from batch.nightly.night import Begun, Data
from batch.nightly.terms import Terms
from contracts.events import Context, Interaction
from model.bundle import Watermark
from online.lake.write import to_table
from online.learn.enrich import Enricher
from tests.batch.nightly.world import AFTER, BEFORE, ITEMS
from tests.fakes.bundle import random_bundle

BASE = replace(random_bundle(10), watermark=Watermark(time=BEFORE[-1].time, count=len(BEFORE)))
KNOWN = [item.item_id for item in ITEMS]
END = AFTER[-1].time + 60_000


def rows(events: Sequence[Interaction], late: int = 0) -> pa.Table:
    """As the lake has them, each arriving `late` ms after its time."""
    enricher = Enricher()
    return to_table(
        [
            enricher.enrich(event, partition=0, offset=number, arrival=event.time + late)
            for number, event in enumerate(events)
        ]
    )


def checked(table: pa.Table, earlier: Sequence[Data] = ()) -> Data:
    begun = Begun(time=END, asked="", base="", how="", why="", before={}, terms=Terms())
    return looked_at(lambda columns: [table.select(list(columns))], begun, BASE, KNOWN, earlier)


def failed(table: pa.Table, earlier: Sequence[Data] = ()) -> list[str]:
    return [check.name for check in checked(table, earlier).checks if not check.ok]


def mapped(change: Callable[[int, Interaction], Interaction]) -> pa.Table:
    """The usual night with something changed in its newer part."""
    return rows([*BEFORE, *(change(number, event) for number, event in enumerate(AFTER))])


def test_a_usual_night_is_good_and_its_figures_are_those_of_the_new_part() -> None:
    found = checked(mapped(lambda number, event: event))
    assert [check.name for check in found.checks] == list(NAMES)
    assert all(check.ok for check in found.checks)
    assert (found.events, found.new, found.users) == (len(BEFORE) + len(AFTER), len(AFTER), 40)
    assert (found.since, found.until) == (AFTER[0].time, AFTER[-1].time)


def test_events_of_the_future_are_seen() -> None:
    table = rows([*BEFORE, *AFTER])
    ahead = pa.array([time + 3_600_000 * (number % 9 == 0) for number, time in enumerate(table["time"].to_pylist())])
    at = table.schema.get_field_index("event_time")
    assert failed(table.set_column(at, "event_time", ahead)) == ["future"]


def test_what_arrived_after_the_night_began_is_seen() -> None:
    assert failed(rows([*BEFORE, *AFTER, changed(AFTER[-1], event_id="late", time=END + 3_600_000)])) == ["watermark"]


@pytest.mark.parametrize("same_id", [True, False])
def test_events_that_came_twice_are_seen_under_other_ids_too(same_id: bool) -> None:
    again = [event if same_id else changed(event, event_id=f"again{event.event_id}") for event in AFTER[:200]]
    assert failed(rows([*BEFORE, *AFTER, *again])) == ["duplicates"]


def test_a_bot_is_seen_by_its_name_and_by_its_pace() -> None:
    crawler = Context(device="bot")
    assert failed(mapped(lambda n, event: changed(event, context=crawler) if n % 5 == 0 else event)) == ["bots"]
    quick = mapped(lambda n, event: changed(event, user_id="u1", time=event.time // 60_000 * 60_000 + n))
    assert "lopsided" in failed(quick)
    fast = [changed(AFTER[0], event_id=f"f{n}", time=AFTER[0].time + n, item_id=KNOWN[n % 32]) for n in range(150)]
    assert failed(rows([*BEFORE, *AFTER, *fast])) == ["bots"]


def test_one_session_of_many_users_is_lopsided() -> None:
    shared = Context(session="s")
    assert failed(mapped(lambda n, event: changed(event, context=shared) if n % 3 == 0 else event)) == ["lopsided"]


def test_another_scheme_of_item_ids_is_seen() -> None:
    assert failed(mapped(lambda n, event: changed(event, item_id=f"sku-{event.item_id}"))) == ["unknown-items"]


def test_a_kind_that_nobody_knows_or_an_item_without_a_name_is_seen() -> None:
    table = rows([*BEFORE, *AFTER])
    kinds = ["hug" if number == 900 else kind for number, kind in enumerate(table["kind"].to_pylist())]
    at = table.schema.get_field_index("kind")
    assert failed(table.set_column(at, "kind", pa.array(kinds))) == ["schema"]


def test_much_less_or_more_than_usual_is_seen() -> None:
    usual = checked(mapped(lambda number, event: event))
    assert not failed(mapped(lambda number, event: event), [usual])
    assert failed(rows([*BEFORE, *AFTER[::7]]), [usual]) == ["volume"]
    half = changed(usual, new=usual.new // 7)
    assert failed(mapped(lambda number, event: event), [half]) == ["volume"]


@pytest.mark.parametrize("size", [1, 7, 500])
def test_in_pieces_of_any_size_it_is_the_same(size: int) -> None:
    crawler, shared = Context(device="bot", session="s"), Context(session="t")
    events = [changed(event, context=crawler if n % 7 == 0 else shared) for n, event in enumerate([*BEFORE, *AFTER])]
    fast = [changed(AFTER[0], event_id=f"f{n}", time=AFTER[0].time + n, item_id=f"x{n % 40}") for n in range(90)]
    table = rows(
        [*events, *fast, *AFTER[:60], *(changed(event, event_id=f"a{event.event_id}") for event in AFTER[:90])]
    )
    pieces = [table.slice(start, size) for start in range(0, len(table), size)]
    begun = Begun(time=END, asked="", base="", how="", why="", before={}, terms=Terms(), bounded=True)
    found = looked_at(lambda columns: (piece.select(list(columns)) for piece in pieces), begun, BASE, KNOWN, ())
    assert found == checked(table)
    figures = {check.name: check.figure for check in found.checks}
    new = len(AFTER) + 90 + 60 + 90
    assert figures["duplicates"] == round((60 + 90) / new, 6)
    crawled = sum(n % 7 == 0 for n in range(len(BEFORE), len(events)))
    assert figures["bots"] == round((crawled + 90 + 3) / new, 6), "with the three by the same user in that minute"


def test_of_more_than_is_held_everything_is_counted_and_repeats_are_asked_of_some_users() -> None:
    again = [changed(event, event_id=f"again{event.event_id}") for event in AFTER[::4]]
    bot = [changed(AFTER[0], event_id=f"b{n}", user_id="bot", time=AFTER[n].time) for n in range(300)]
    table = rows([*BEFORE, *AFTER, *again, *bot])
    begun = Begun(time=END, asked="", base="", how="", why="", before={}, terms=Terms(hold=400), bounded=True)
    whole, found = checked(table), looked_at(lambda columns: [table.select(list(columns))], begun, BASE, KNOWN, ())
    assert (found.events, found.new, found.since, found.until) == (whole.events, whole.new, whole.since, whole.until)
    one, other = ({check.name: check for check in of.checks} for of in (whole, found))
    assert [check.name for check in found.checks if not check.ok] == ["duplicates", "lopsided"]
    assert one["lopsided"] == other["lopsided"]
    assert 0.15 < one["duplicates"].figure < other["duplicates"].figure < 0.3, "the bot isn't among the drawn users"
    assert found.users == pytest.approx(whole.users, rel=0.5)


def test_a_night_of_nothing_is_said_to_be_that() -> None:
    assert "new" in failed(rows([*BEFORE]))
    assert "new" in failed(rows([]))
