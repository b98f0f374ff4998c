"""The lake's files: the same offsets give the same bytes, and no file ever loses a row."""

from collections.abc import Sequence
from pathlib import Path

import fsspec
import msgspec
import pyarrow.parquet as pq
import pytest

from contracts.errors import Misconfigured, StateUnreadable, Unavailable
from online.lake.layout import RANGE, SCHEMA, hour_of
from online.lake.read import read_table
from online.lake.write import LakeWriter
from online.learn.enrich import Enriched
from tests.online.lake.rows import START, clicks, one_of_each


def writer(lake: Path | str, partition: int = 0, incarnation: str = "life1") -> LakeWriter:
    return LakeWriter(str(lake), "test", incarnation, partition)


def written(lake: Path) -> dict[str, bytes]:
    return {str(path.relative_to(lake)): path.read_bytes() for path in lake.rglob("*") if path.is_file()}


def flush(writer: LakeWriter, rows: Sequence[Enriched]) -> None:
    writer.add(rows, rows[-1].offset)
    writer.flush()


def test_the_columns_are_those_of_the_enriched_event() -> None:
    assert set(SCHEMA.names) == set(msgspec.structs.asdict(one_of_each()[0]))


def test_every_field_of_every_type_of_event_comes_back(tmp_path: Path) -> None:
    flush(writer(tmp_path), one_of_each())
    (file,) = tmp_path.rglob("*.parquet")
    rating, mood, impression, alias, erase = pq.read_table(file).to_pylist()
    assert (rating["item_id"], rating["kind"], rating["value"], rating["weight"]) == ("i", "rating", 4.5, 0.8)
    assert (rating["mood"], rating["mood_said"], rating["device"]) == ("sad", "😢", "mobile")
    assert msgspec.json.decode(rating["extra"]) == {"ad": "x", "price": 2.5}
    assert (mood["mood"], mood["value"]) == ("happy", None)
    assert impression["shown"][0] == {"item_id": "i", "position": 0, "score": 0.5, "propensity": 1.0}
    assert impression["shown"][1]["position"] == 2**31 - 1
    assert (impression["request_id"], impression["bundle"], alias["known_as"]) == ("r", "b", "bob")
    assert erase["type"] == "erase"


def test_files_lie_by_arrival_hour_partition_and_range(tmp_path: Path) -> None:
    rows = clicks(range(RANGE - 2, RANGE + 2), partition=3)
    flush(writer(tmp_path, partition=3), rows)
    first, last = (f"test/incarnation=life1/hour={hour_of(rows[at].arrival)}" for at in (0, -1))
    assert sorted(written(tmp_path)) == [
        "test/incarnation=life1/_positions/p0003.json",
        f"{first}/p0003-000000000000.parquet",
        f"{last}/p0003-000000010000.parquet",
    ]


def test_a_range_that_spans_two_hours_has_a_file_in_each(tmp_path: Path) -> None:
    flush(writer(tmp_path), clicks(range(0, 7200, 600)))
    hours = {path.parent.name for path in tmp_path.rglob("*.parquet")}
    assert hours == {f"hour={hour_of(START + second * 1000)}" for second in range(0, 7200, 600)}
    assert len(hours) > 1


@pytest.mark.parametrize("cuts", [[], [1], [10, 20, 30], list(range(1, 60, 7))])
def test_the_bytes_do_not_depend_on_when_it_was_flushed(tmp_path: Path, cuts: list[int]) -> None:
    rows = clicks(range(RANGE - 30, RANGE + 30))
    flush(writer(tmp_path / "whole"), rows)
    pieces = writer(tmp_path / "pieces")
    for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        flush(pieces, rows[start:end])
    assert written(tmp_path / "pieces") == written(tmp_path / "whole")


@pytest.mark.parametrize("goes_back", [0, 1, 5, 20])
def test_a_restarted_worker_continues_the_same_file(tmp_path: Path, goes_back: int) -> None:
    rows = clicks(range(40))
    flush(writer(tmp_path / "whole"), rows)
    flush(writer(tmp_path / "pieces"), rows[:20])
    again = writer(tmp_path / "pieces")
    assert again.position() == 20
    flush(again, rows[20 - goes_back :])
    assert written(tmp_path / "pieces") == written(tmp_path / "whole")


def test_a_crash_between_a_file_and_its_position_loses_and_doubles_nothing(tmp_path: Path) -> None:
    rows = clicks(range(40))
    flush(writer(tmp_path), rows[:30])
    whole = written(tmp_path)
    (position,) = tmp_path.rglob("*.json")
    position.write_text('{"next":10}')
    again = writer(tmp_path)
    assert again.position() == 10
    flush(again, rows[10:15])  # fewer rows than the file has already
    assert {p: b for p, b in written(tmp_path).items() if p.endswith(".parquet")}.items() <= whole.items()
    flush(again, rows[15:])
    assert read_table(str(tmp_path), "test")["offset"].to_pylist() == list(range(40))


def test_a_slow_old_owner_takes_no_rows_from_the_new_one(tmp_path: Path) -> None:
    rows = clicks(range(60))
    zombie, owner = writer(tmp_path), writer(tmp_path)
    flush(zombie, rows[:10])
    flush(owner, rows[:50])
    flush(zombie, rows[10:20])
    assert writer(tmp_path).position() == 50
    flush(owner, rows[50:])
    assert read_table(str(tmp_path), "test")["offset"].to_pylist() == list(range(60))


def test_rows_that_are_held_already_are_ignored(tmp_path: Path) -> None:
    lake = writer(tmp_path)
    lake.add(clicks(range(10)), 9)
    lake.add(clicks(range(5, 15)), 14)
    lake.flush()
    lake.add(clicks(range(15)), 14)
    lake.flush()
    assert read_table(str(tmp_path), "test")["offset"].to_pylist() == list(range(15))


def test_records_without_a_row_move_the_position_all_the_same(tmp_path: Path) -> None:
    lake = writer(tmp_path)
    lake.add([], 12)
    assert lake.position() == 0, "what isn't flushed is still needed"
    lake.flush()
    assert (lake.position(), writer(tmp_path).position()) == (13, 13)
    assert not list(tmp_path.rglob("*.parquet"))


def test_a_topic_that_was_made_again_begins_anew_beside_its_earlier_life(tmp_path: Path) -> None:
    flush(writer(tmp_path), clicks(range(10)))
    assert writer(tmp_path, incarnation="life2").position() == 0


def test_a_damaged_position_means_that_the_log_is_read_again(tmp_path: Path) -> None:
    flush(writer(tmp_path), clicks(range(10)))
    (position,) = tmp_path.rglob("*.json")
    position.write_bytes(b"\x00{")
    again = writer(tmp_path)
    assert again.position() == 0
    flush(again, clicks(range(12)))
    assert read_table(str(tmp_path), "test")["offset"].to_pylist() == list(range(12))
    assert writer(tmp_path).position() == 12


def test_a_damaged_file_is_named_and_not_written_over(tmp_path: Path) -> None:
    flush(writer(tmp_path), clicks(range(10)))
    (file,) = tmp_path.rglob("*.parquet")
    file.write_bytes(file.read_bytes()[:-20])
    again = writer(tmp_path)
    again.add(clicks(range(10, 12)), 11)
    with pytest.raises(StateUnreadable, match=file.name):
        again.flush()


def test_what_could_not_be_written_is_kept_for_the_next_flush(tmp_path: Path) -> None:
    lake = LakeWriter(str(tmp_path / "free"), "test", "life1", 0)
    (tmp_path / "free").write_text("in the way")
    lake.add(clicks(range(10)), 9)
    with pytest.raises(Unavailable, match="can't be reached"):
        lake.flush()
    assert lake.position() == 0
    (tmp_path / "free").unlink()
    lake.flush()
    assert read_table(str(tmp_path / "free"), "test")["offset"].to_pylist() == list(range(10))


def test_any_place_that_fsspec_reaches_will_do() -> None:
    url = "memory://lake-of-a-test"
    try:
        flush(writer(url), clicks(range(10)))
        flush(writer(url), clicks(range(10, 20)))
        assert read_table(url, "test")["offset"].to_pylist() == list(range(20))
        assert writer(url).position() == 20
    finally:
        fsspec.filesystem("memory").rm("/lake-of-a-test", recursive=True)


def test_a_place_without_a_driver_is_refused_in_one_line() -> None:
    with pytest.raises(Misconfigured, match="can't be opened") as refused:
        writer("nosuchprotocol://bucket/lake")
    assert "\n" not in str(refused.value)
