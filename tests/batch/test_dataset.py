"""The plain form comes in by time, and what is wrong is named with its line."""

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch.catalogue import catalogue_of
from batch.dataset import read_events, read_items
from contracts.errors import InvalidEvent
from contracts.events import Interaction, MoodEvent, decode, encode

HEADER = "user_id,item_id,timestamp,kind,value"
T = 1_700_000_000_000


def written(folder: Path, *lines: str, name: str = "events.csv") -> Path:
    path = folder / name
    raw = "\n".join(lines).encode() + b"\n"
    path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return path


def test_events_come_sorted_by_time_and_equal_times_in_the_files_order(tmp_path: Path) -> None:
    rows = [f"u,z,{T + 5},click,", f"u,c,{T},click,", f"u,a,{T},rating,4.5", f"v,b,{T},like,"]
    found = read_events(written(tmp_path, HEADER, *rows))
    assert [event.item_id for event in found if isinstance(event, Interaction)] == ["c", "a", "b", "z"]
    rating = found[1]
    assert isinstance(rating, Interaction)
    assert (rating.kind, rating.value) == ("rating", 4.5)


@pytest.mark.parametrize("name", ["events.csv", "events.csv.gz", "events.parquet"])
def test_every_format_gives_the_same_events(tmp_path: Path, name: str) -> None:
    plain = written(tmp_path, HEADER + ",mood,device", f"u,a,{T},rating,3,sad,tv", f"v,,{T},mood,,🤩,", name="x.csv")
    path = tmp_path / name
    if name.endswith("parquet"):
        columns = {
            "user_id": ["u", "v"],
            "item_id": ["a", None],
            "timestamp": [T, T],
            "kind": ["rating", "mood"],
            "value": ["3", None],
            "mood": ["sad", "🤩"],
            "device": ["tv", None],
        }
        pq.write_table(pa.table(columns), path)
    else:
        path = written(tmp_path, *plain.read_text().splitlines(), name=name)
    assert read_events(path) == read_events(plain)


def test_further_columns_are_context_and_a_mood_row_is_a_mood_event(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + ",mood,place,company", f"u,a,{T},click,,😊,Berlin,friends", f"u,,{T},mood,,sad,,")
    click, mood = read_events(path)
    assert click.context is not None
    assert (click.context.mood, click.context.place, click.context.extra) == ("😊", "Berlin", {"company": "friends"})
    assert isinstance(mood, MoodEvent)
    assert (mood.mood, mood.context) == ("sad", None)


def test_what_was_read_is_what_the_wire_takes(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + ",device", f"u,a,{T},dwell,12.5,tv", f"u,b,{T + 1},click,,")
    events = read_events(path)
    assert [decode(encode(event)) for event in events] == events


def test_the_same_file_twice_gives_the_same_ids_and_other_rows_others(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, f"u,a,{T},click,", f"u,b,{T},click,", f"u,a,{T},click,")
    first, again = read_events(path), read_events(path)
    assert first == again
    assert first[0].event_id == first[2].event_id != first[1].event_id


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("u,a,soon,click,", r"events.csv:3: timestamp 'soon' is no whole number of UTC milliseconds"),
        ("u,a,1700000000,click,", r"events.csv:3: timestamp 1700000000 looks like seconds"),
        (f"u,a,{T},kiss,", r"events.csv:3: Invalid enum value 'kiss'"),
        (f"u,a,{T},rating,many", r"events.csv:3: value 'many' is no number"),
        (f",a,{T},click,", r"events.csv:3: .*user_id"),
        (f"u,,{T},click,", r"events.csv:3: .*item_id"),
        (f"u,,{T},mood,", r"events.csv:3: .*mood"),
        (f"u,a,{T},click", r"events.csv:3: 4 cells, the header has 5"),
        (f"u,a,{T},rating,nan", r"events.csv:3: "),
        (f'u,"a,{T},click,', r"events.csv:\d: "),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_reason(tmp_path: Path, row: str, reason: str) -> None:
    path = written(tmp_path, HEADER, f"u,a,{T},click,", row)
    with pytest.raises(InvalidEvent, match=reason):
        read_events(path)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("user_id,item_id,timestamp", r":1: no column kind, value among user_id, item_id, timestamp"),
        ("", r":1: no column user_id"),
        (HEADER + ",kind", r":1: column kind occurs more than once"),
    ],
)
def test_a_wrong_header_is_refused(tmp_path: Path, header: str, reason: str) -> None:
    with pytest.raises(InvalidEvent, match=reason):
        read_events(written(tmp_path, header))


def test_what_is_no_table_is_refused_with_its_name(tmp_path: Path) -> None:
    for name, raw in (("a.parquet", b"no parquet"), ("a.csv.gz", b"no gzip"), ("a.csv", b"\xff\xfe\x00")):
        (tmp_path / name).write_bytes(raw)
        with pytest.raises(InvalidEvent, match=name):
            read_events(tmp_path / name)
    with pytest.raises(InvalidEvent, match="no such file"):
        read_events(tmp_path / "nowhere.csv")


def test_a_gz_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, *(f"u,a{n},{T + n},click," for n in range(1000)), name="events.csv.gz")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InvalidEvent, match=r"events\.csv\.gz:\d+"):
        read_events(path)


def test_items_bring_categories_and_the_last_row_of_an_item_counts(tmp_path: Path) -> None:
    rows = ["a,First,Comedy|War,", "b,Second,,yes", 'a,"First, again", Comedy | Drama ,']
    events = read_items(written(tmp_path, "item_id,title,categories,withdrawn", *rows))
    assert [(event.item_id, event.title, event.categories) for event in events] == [
        ("a", "First, again", ["Comedy", "Drama"]),
        ("b", "Second", []),
    ]
    assert [item.item_id for item in catalogue_of(events)] == ["a"]
