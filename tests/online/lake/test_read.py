"""Reading the lake: the log's order, each event once, and nothing of what was erased."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from contracts.events import Alias, Erase, Interaction, MoodEvent
from online.lake.layout import RANGE
from online.lake.read import TRAINING, newest, positions, read_events, read_table, to_training
from online.lake.write import LakeWriter
from online.learn.enrich import Enriched
from online.store.state import HISTORY
from tests.online.lake.rows import START, click, clicks, one_of_each, row


def lake_of(folder: Path, rows: Sequence[Enriched], incarnation: str = "life1") -> str:
    for partition in {one.partition for one in rows}:
        own = [one for one in rows if one.partition == partition]
        writer = LakeWriter(str(folder), "test", incarnation, partition)
        writer.add(own, own[-1].offset)
        writer.flush()
    return str(folder)


def offsets(lake: str, since: int | None = None, until: int | None = None) -> list[int]:
    tables = read_events(lake, "test", since=since, until=until)
    return [offset for table in tables for offset in table["offset"].to_pylist()]


def erase(offset: int, user: str, partition: int = 0) -> Enriched:
    return row(Erase(event_id=f"x{offset}", time=START, user_id=user), offset, partition=partition)


def test_an_empty_lake_gives_an_empty_table_with_its_columns(tmp_path: Path) -> None:
    assert list(read_events(str(tmp_path), "test")) == []
    assert read_table(str(tmp_path), "test", columns=["offset", "shown"]).column_names == ["offset", "shown"]


def test_events_come_in_order_of_partition_and_offset(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, clicks(range(RANGE - 5, RANGE + 5), partition=2) + clicks(range(20), partition=1))
    table = read_table(lake, "test")
    order = list(zip(table["partition"].to_pylist(), table["offset"].to_pylist(), strict=True))
    assert order == sorted(order)
    assert len(order) == 30


def test_a_clock_that_went_back_does_not_change_the_order(tmp_path: Path) -> None:
    late = [msgspec.structs.replace(one, arrival=one.arrival - 7_200_000) for one in clicks(range(10, 20))]
    assert offsets(lake_of(tmp_path, [*clicks(range(10)), *late, *clicks(range(20, 30))])) == list(range(30))


def test_an_earlier_life_of_the_topic_comes_first(tmp_path: Path) -> None:
    later = [msgspec.structs.replace(one, arrival=one.arrival + 86_400_000) for one in clicks(range(3))]
    lake_of(tmp_path, later, incarnation="aaa")
    lake = lake_of(tmp_path, clicks(range(5)), incarnation="zzz")
    assert offsets(lake) == [0, 1, 2, 3, 4, 0, 1, 2]


@pytest.mark.parametrize(("since", "until"), [(0, 10), (3, 7), (5000, 5001), (3599, 7300), (9, 3)])
def test_since_and_until_mean_arrival(tmp_path: Path, since: int, until: int) -> None:
    lake = lake_of(tmp_path, clicks(range(8000)))
    found = offsets(lake, since=START + since * 1000, until=START + until * 1000)
    assert found == list(range(since, min(until, 8000)))


def test_an_event_that_was_sent_twice_counts_once(tmp_path: Path) -> None:
    rows = [click(0, event_id="a"), click(1, event_id="b"), click(2, event_id="a"), click(3, "bob", event_id="a")]
    assert offsets(lake_of(tmp_path, rows)) == [0, 1, 3]


@pytest.mark.parametrize(("between", "counts"), [(HISTORY - 1, False), (HISTORY, True)])
def test_an_id_is_known_for_as_many_events_as_the_learner_knows_it(tmp_path: Path, between: int, counts: bool) -> None:
    rows = [
        click(0, event_id="again"),
        *(click(n) for n in range(1, between + 1)),
        click(between + 1, event_id="again"),
    ]
    assert (offsets(lake_of(tmp_path, rows))[-1] == between + 1) is counts


def test_duplicates_are_not_remembered_anew(tmp_path: Path) -> None:
    rows = [click(0, event_id="x"), *(click(n, event_id="x") for n in range(1, 400)), click(400, event_id="y")]
    assert offsets(lake_of(tmp_path, rows)) == [0, 400]


def test_a_mood_that_nobody_knows_is_not_remembered(tmp_path: Path) -> None:
    moods = [MoodEvent(event_id="m", time=START, user_id="ann", mood=mood) for mood in ("zapped", "happy", "happy")]
    lake = lake_of(tmp_path, [row(event, offset) for offset, event in enumerate(moods)])
    assert offsets(lake) == [0, 1]
    assert to_training(read_table(lake, "test"))["mood"].to_pylist() == ["happy"]


def test_what_a_user_did_before_their_erasure_is_gone(tmp_path: Path) -> None:
    rows = [click(0), click(1, "bob"), erase(2, "ann"), click(3), click(4, "bob")]
    assert offsets(lake_of(tmp_path, rows)) == [1, 2, 3, 4]


def test_an_erasure_that_arrived_after_the_asked_time_is_honoured(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, [click(0), click(1, "bob"), erase(2, "ann")])
    assert offsets(lake, until=START + 2000) == [1]


def test_an_erasure_in_a_later_life_of_the_topic_is_honoured(tmp_path: Path) -> None:
    lake_of(tmp_path, [click(0), click(1, "bob")])
    later = msgspec.structs.replace(erase(0, "ann"), arrival=START + 86_400_000)
    assert offsets(lake_of(tmp_path, [later], incarnation="life2")) == [1, 0]


def test_what_was_erased_is_not_brought_back_by_sending_it_again(tmp_path: Path) -> None:
    rows = [click(0, event_id="a"), erase(1, "ann"), click(2, event_id="a"), click(3, event_id="b")]
    assert offsets(lake_of(tmp_path, rows)) == [1, 3]


def test_an_erasure_that_was_sent_again_erases_nothing_more(tmp_path: Path) -> None:
    again = msgspec.structs.replace(erase(1, "ann"), offset=3, arrival=START + 3000)
    assert offsets(lake_of(tmp_path, [click(0), erase(1, "ann"), click(2), again, click(4)])) == [1, 2, 4]


def test_erasing_a_user_erases_whom_they_were_before(tmp_path: Path) -> None:
    first = row(Alias(event_id="a1", time=START, user_id="anon1", known_as="anon2"), 1)
    second = row(Alias(event_id="a2", time=START, user_id="anon2", known_as="ann"), 3)
    rows = [
        click(0, "anon1"),
        first,
        click(2, "anon2"),
        second,
        click(4, "ann"),
        click(5, "bob"),
        erase(6, "ann"),
        click(7, "ann"),
    ]
    assert offsets(lake_of(tmp_path, rows)) == [5, 6, 7]


def test_training_gets_interactions_moods_and_impressions_in_the_log_s_order(tmp_path: Path) -> None:
    table = to_training(read_table(lake_of(tmp_path, one_of_each()[:4]), "test"))
    assert tuple(table.column_names) == TRAINING
    rating, mood, page = table.to_pylist()
    assert rating == {
        "partition": 0,
        "arrival": START,
        "type": "interaction",
        "event_id": "1",
        "user_id": "ann",
        "item_id": "i",
        "kind": "rating",
        "value": 4.5,
        "weight": 0.8,
        "time": START,
        "mood": "sad",
        "mood_said": "😢",
        "place": "",
        "device": "mobile",
        "session": "s",
        "request_id": "",
        "bundle": "",
        "shown": [],
        "extra": '{"ad":"x","price":2.5}',
    }
    assert (mood["item_id"], mood["kind"], mood["value"], mood["weight"], mood["mood"]) == ("", "", None, 0.0, "happy")
    assert (page["type"], page["request_id"], [one["item_id"] for one in page["shown"]]) == (
        "impression",
        "r",
        ["i", "j"],
    )


def test_only_the_asked_columns_are_given(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, clicks(range(3)))
    assert read_table(lake, "test", columns=["item_id", "time"]).column_names == ["item_id", "time"]


def test_namespaces_do_not_meet(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, clicks(range(3)))
    assert len(read_table(lake, "tes")) == len(read_table(lake, "test2")) == 0


def test_an_event_from_the_future_is_taken_as_of_its_arrival(tmp_path: Path) -> None:
    event = Interaction(event_id="e", time=START + 10**9, user_id="ann", item_id="i")
    (only,) = read_table(lake_of(tmp_path, [row(event, 0)]), "test").to_pylist()
    assert (only["time"], only["event_time"]) == (START, START + 10**9)


def test_a_lake_is_read_as_it_stood_whatever_came_since(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, [*clicks(range(RANGE + 5)), *clicks(range(3), partition=1)])
    then = positions(lake, "test")
    assert then == {"life1": {0: RANGE + 5, 1: 3}}
    before = read_table(lake, "test")
    lake_of(tmp_path, [*clicks(range(RANGE + 5, RANGE + 9)), *clicks(range(2), partition=2)])
    lake_of(tmp_path, clicks(range(4)), incarnation="life2")
    assert len(read_table(lake, "test")) == len(before) + 4 + 2 + 4
    assert read_table(lake, "test", before=then).equals(before)
    assert len(read_table(lake, "test", before={})) == 0


def test_the_newest_so_many_arrived_from_some_hour_on_by_the_names_of_files(tmp_path: Path) -> None:
    hour = 3_600_000
    rows = [
        msgspec.structs.replace(click(number, partition=number % 2), arrival=START + number // 10 * hour, offset=number)
        for number in range(60)
    ]
    lake = lake_of(tmp_path, sorted(rows, key=lambda row: row.partition))
    before = positions(lake, "test")
    assert before == {"life1": {0: 59, 1: 60}}
    assert newest(lake, "test", before, 119) == 0
    assert newest(lake, "test", before, 10) == (START // hour + 5) * hour, "the newest hour, however much it is"
    assert newest(lake, "test", {"life1": {0: 59}}, 59) == 0, "what came later isn't counted"
    assert newest(lake, "test", {}, 1) == 0


def test_of_the_newest_the_hours_before_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("online.lake.layout.RANGE", 10)
    monkeypatch.setattr("online.lake.write.RANGE", 10)
    hour = 3_600_000
    rows = [msgspec.structs.replace(one, arrival=START + one.offset // 20 * hour) for one in clicks(range(100))]
    lake = lake_of(tmp_path, rows)
    for most, hours in [(100, 0), (99, 1), (80, 1), (79, 2), (40, 3), (20, 4), (5, 4)]:
        since = newest(lake, "test", positions(lake, "test"), most)
        assert since == ((START // hour + hours) * hour if hours else 0)
        assert offsets(lake, since) == list(range(20 * hours, 100))


def test_what_came_twice_is_read_where_it_is_asked_for_but_nothing_erased(tmp_path: Path) -> None:
    rows = [click(0, event_id="e"), click(1, event_id="e"), erase(2, "ann"), click(3, event_id="f")]
    lake = lake_of(tmp_path, rows)
    assert offsets(lake) == [2, 3]
    again = lake_of(tmp_path / "other", [click(0, event_id="e"), click(1, event_id="e")])
    assert offsets(again) == [0]
    assert len(read_table(again, "test", repeated=True)) == 2
    assert len(read_table(lake, "test", repeated=True)) == 2
