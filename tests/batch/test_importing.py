"""Data as people have it comes into the plain form: understood aloud, sorted, and nothing dropped silently."""

import csv
import gzip
import os
import random
import re
import shlex
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.main import get_command
from typer.testing import CliRunner

from batch.catalogue import named_in
from batch.dataset import read_events, read_items
from batch.importing import sorting
from batch.importing.report import Report
from batch.importing.run import bring_in, examine
from batch.importing.source import DoubleColon, Source
from batch.importing.wrong import NAME
from batch.movielens import DOUBLE_COLON
from contracts.errors import InvalidEvent, Misconfigured, Unavailable
from contracts.events import Interaction, MoodEvent
from moodstream.importing import lines
from moodstream.verbs.data import app

T = 1_700_000_000
RATINGS = (
    "userId,movieId,rating,timestamp",
    f"1,a,4.0,{T + 2}",
    f"2,b,0.5,{T}",
    f"1,b,3.5,{T + 2}",
    f"1,c,5.0,{T + 1}",
)
MOVIES = ("movieId,title,genres", 'a,"One, a first (1999)",Drama|War', "b,Two,Comedy", "c,Three,(none)")


def silent(what: str, done: int, total: int) -> None:
    assert 0 <= done <= total


def written(path: Path, *rows: str, encoding: str = "utf-8") -> Path:
    raw = "\n".join(rows).encode(encoding) + b"\n"
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    return path


def imported(folder: Path, *rows: str, name: str = "log.csv", **said: Any) -> Report:
    return bring_in(Source(written(folder / name, *rows), **said), folder / "out", silent)


def read(folder: Path) -> list[Interaction]:
    return [event for event in read_events(folder / "out" / "events.parquet") if isinstance(event, Interaction)]


def told(folder: Path) -> list[tuple[str, str, int, str, float | None]]:
    return [(event.user_id, event.item_id, event.time, event.kind, event.value) for event in read(folder)]


def wrong(folder: Path) -> list[list[str]]:
    with (folder / "out" / NAME).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


EXPECTED = [
    ("2", "b", 1000 * T, "rating", 0.5),
    ("1", "c", 1000 * (T + 1), "rating", 5.0),
    ("1", "a", 1000 * (T + 2), "rating", 4.0),
    ("1", "b", 1000 * (T + 2), "rating", 3.5),
]


def test_ratings_and_movies_come_in_with_nothing_but_the_two_files(tmp_path: Path) -> None:
    report = imported(tmp_path, *RATINGS, items=written(tmp_path / "movies.csv", *MOVIES))
    assert told(tmp_path) == EXPECTED
    items = read_items(tmp_path / "out" / "items.parquet")
    assert [(item.item_id, item.title, item.categories) for item in items] == [
        ("a", "One, a first (1999)", ["Drama", "War"]),
        ("b", "Two", ["Comedy"]),
        ("c", "Three", ["(none)"]),
    ]
    assert (report.events, report.users, report.items, report.catalogue, report.wrong) == (4, 2, 3, 3, 0)
    assert (report.first_ms, report.last_ms, report.tied) == (1000 * T, 1000 * (T + 2), 0.25)
    assert (report.kinds, report.lowest, report.highest) == ({"rating": 4}, 0.5, 5.0)
    assert not (tmp_path / "out" / NAME).exists()


def test_the_report_says_what_was_understood(tmp_path: Path) -> None:
    said = "\n".join(lines(imported(tmp_path, *RATINGS, items=written(tmp_path / "movies.csv", *MOVIES))))
    for words in ("userId", "user_id", "seconds", "each event is a rating", "separated by '|'", "2 users on 3 items"):
        assert words in said


@pytest.mark.parametrize(
    "name", ["log.csv", "log.csv.gz", "log.tsv", "log;.csv", "log.dat", "log.dat.gz", "log.parquet"]
)
def test_every_form_gives_the_same_events(tmp_path: Path, name: str) -> None:
    if name == "log.parquet":
        columns = zip(*(row.split(",") for row in RATINGS[1:]), strict=True)
        user, item, rating, at = (list(column) for column in columns)
        cells = {
            "userId": user,
            "movieId": item,
            "rating": [float(r) for r in rating],
            "timestamp": [int(t) for t in at],
        }
        pq.write_table(pa.table(cells), tmp_path / name)
        bring_in(Source(tmp_path / name), tmp_path / "out", silent)
    else:
        mark = {"log.tsv": "\t", "log;.csv": ";"}.get(name, "::" if "dat" in name else ",")
        rows = [row.replace(",", mark) for row in RATINGS]
        imported(tmp_path, *(rows[1:] if "dat" in name else rows), name=name, double_colon=DOUBLE_COLON)
    assert told(tmp_path) == EXPECTED


def test_double_colon_tables_are_read_as_latin_1_where_they_are_no_utf_8(tmp_path: Path) -> None:
    items = written(tmp_path / "m.dat", 'a::Misérables, "Les" (1995)::Drama|War', encoding="latin-1")
    users = written(tmp_path / "u.dat", "1::F::25::3::55117", "9::M::18::4::12345")
    report = imported(
        tmp_path,
        f"1::a::5::{T}",
        f"2::a::1::{T + 1}",
        name="r.dat",
        items=items,
        users=users,
        double_colon=DOUBLE_COLON,
    )
    (item,) = read_items(tmp_path / "out" / "items.parquet")
    assert (item.title, item.categories) == ('Misérables, "Les" (1995)', ["Drama", "War"])
    known, unknown = read(tmp_path)
    assert known.context is not None
    assert known.context.extra == {"gender": "F", "age": "25", "occupation": "3", "zip": "55117"}
    assert unknown.context is None
    assert report.unknown_users == 1
    assert {column.column: column.values for column in report.context}["zip"] == 1


@pytest.mark.parametrize(
    ("cell", "ms", "unit"),
    [
        ("1700000000", T * 1000, "seconds"),
        ("1700000000.25", T * 1000 + 250, "seconds"),
        ("1700000000123", T * 1000 + 123, "milliseconds"),
        ("1700000000123456", T * 1000 + 123, "microseconds"),
        ("1700000000123456789", T * 1000 + 123, "nanoseconds"),
        ("2023-11-14T22:13:20Z", T * 1000, "ISO 8601"),
        ("2023-11-14 22:13:20.5", T * 1000 + 500, "ISO 8601"),
        ("2023-11-15T00:13:20+02:00", T * 1000, "ISO 8601"),
        ("2023-11-14 22:13:20 UTC", T * 1000, "ISO 8601"),
        ("2023-11-14", 1_699_920_000_000, "ISO 8601"),
        ("20231114", 1_699_920_000_000, "ISO 8601"),
        ("0", 0, "seconds"),
    ],
)
def test_the_unit_of_times_is_found_and_said(tmp_path: Path, cell: str, ms: int, unit: str) -> None:
    report = imported(tmp_path, "user,item,time", f"u,a,{cell}")
    assert (report.first_ms, report.events) == (ms, 1)
    assert unit in next(column.note for column in report.files[-1].columns if column.part == "timestamp")


def test_times_after_a_thousand_bad_ones_still_count(tmp_path: Path) -> None:
    rows = [f"u,a{n},soon" for n in range(1100)]
    report = imported(tmp_path, "user,item,time", *rows, f"u,b,{T}", f"u,c,{T + 1}000", "u,d,2023-11-14")
    assert (report.events, report.wrong) == (3, 1100)
    assert report.first_wrong[0].reason.startswith("timestamp 'soon' is no time: ")
    assert [event.time for event in read(tmp_path)] == [1_699_920_000_000, 1000 * T, 1000 * (T + 1)]


def test_what_is_wrong_is_named_with_line_and_reason_and_the_rest_comes_in(tmp_path: Path) -> None:
    tomorrow = int(time.time()) + 3 * 86_400
    bad = {
        f",a,3,{T}": "no user_id",
        f"u,,3,{T}": "no item_id",
        "u,a,3,soon": "timestamp 'soon' is no time in seconds",
        "u,a,3,": "timestamp '' is no time in seconds",
        "u,a,3,-5": "timestamp '-5' lies before 1970",
        f"u,a,3,{tomorrow}": "lies in the future",
        f"u,a,3,{T}000": "looks like milliseconds, the file's others are seconds",
        f"u,a,nan,{T}": "value 'nan' is no finite number",
        f"u,a,inf,{T}": "value 'inf' is no finite number",
        f"u,a,many,{T}": "value 'many' is no number",
        f"u,a,,{T}": "no value",
        f"u,a,3,{T},more": "5 cells, the header has 4",
        f"u,{'x' * 200},3,{T}": "length <= 128",
        f"u\x00,a,3,{T}": "matching regex",
        f'u,"a,3,{T}': "expected after",
        f'u,"a"b,3,{T}': "expected after",
    }
    good = [f"g,i{number},3,{T + number}" for number in range(20)]
    report = imported(tmp_path, "user_id,item_id,value,timestamp", *good[:10], *bad, "", *good[10:])
    assert report.events == 20
    assert (report.wrong, len(report.first_wrong)) == (len(bad), 10)
    header, *rows = wrong(tmp_path)
    assert header == ["line", "reason", "raw", "file"]
    for number, (row, (raw, reason)) in enumerate(zip(rows, bad.items(), strict=True), 12):
        assert row[0] == str(number)
        assert reason in row[1]
        assert row[2] == raw
    assert sum(report.reasons.values()) == len(bad)
    assert report.reasons["value … is no finite number"] == 2
    assert any("line 12: no user_id" in line for line in lines(report))


def test_a_line_that_is_no_utf_8_or_too_long_is_wrong_and_the_others_are_not(tmp_path: Path) -> None:
    rows = [b"user,item,time", b"u,caf\xe9,%d" % T, b"u,a,%d" % T, b"u," + b"x" * 3_000_000 + b",1", b"u,b,%d" % T]
    (tmp_path / "log.csv").write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(rows))
    report = bring_in(Source(tmp_path / "log.csv"), tmp_path / "out", silent)
    assert [row.line for row in report.first_wrong] == [2, 4]
    assert [row.reason[:12] for row in report.first_wrong] == ["not UTF-8: s", "the line is "]
    assert [event.item_id for event in read(tmp_path)] == ["a", "b"]
    assert (tmp_path / "out" / NAME).stat().st_size < 50_000


def test_text_of_another_encoding_comes_in_where_it_is_named(tmp_path: Path) -> None:
    items = written(tmp_path / "i.csv", "item_id,title", "a,Café", "b,naïve", encoding="latin-1")
    report = imported(tmp_path, "user,item,time", f"u,a,{T}", items=items)
    assert "--encoding" in report.first_wrong[0].reason
    imported(tmp_path, "user,item,time", f"u,a,{T}", items=items, encoding="latin-1")
    assert [item.title for item in read_items(tmp_path / "out" / "items.parquet")] == ["Café", "naïve"]
    for encoding in ("utf-16", "nonsense"):
        code, _, error = run("import", tmp_path / "log.csv", "--encoding", encoding, home=tmp_path)
        assert code != 0
        assert "extends ASCII" in error


def test_a_record_may_span_lines_and_one_that_swallows_others_costs_its_first_line_only(tmp_path: Path) -> None:
    rows = [f'u,"a\nb",{T}', f'u,"open,{T}', f"u,c,{T}", f'u,"d",{T}', f"u,e,{T + 1}"]
    report = imported(tmp_path, "user,item,time,", *(row + "," for row in rows[1:]))
    assert [event.item_id for event in read(tmp_path)] == ["c", "d", "e"]
    assert [row.line for row in report.first_wrong] == [2]
    spanning = imported(tmp_path, "user,item,time,words", f'u,a,{T},"two\nlines"', f"u,b,{T},one")
    assert (spanning.events, spanning.wrong) == (2, 0)


@pytest.mark.parametrize(
    ("name", "raw", "reason"),
    [
        ("e.csv", b"", "empty"),
        ("e.csv.gz", gzip.compress(b""), "empty"),
        ("e.csv", b"user,item,time\n", "no rows"),
        ("e.csv", b"user,item,time\n\n\n", "no rows"),
        ("e.csv", b"user,item,colour\nu,a,red\n", r"timestamp among user, item, colour: .*--columns timestamp=COLUMN"),
        ("e.csv", b"1,2,3,4\n5,6,7,8\n", "--header"),
        ("e.csv", b"user,item,time,user\nu,a,1,v\n", "user occurs more than once"),
        ("e.csv", b"caf\xe9,user,item,time\n", "not UTF-8"),
        ("e.csv", "user,item,time\n".encode("utf-16"), "UTF-16"),
        ("e.csv", b"PK\x03\x04 and so on", "zip archive: unpack"),
        ("e.csv.gz", b"user,item,time\n", "e.csv.gz"),
        ("e.csv.gz", gzip.compress(b"user,item,time\n" + os.urandom(3000).hex().encode())[:-900], r"e.csv.gz:\d"),
        ("e.parquet", b"PAR1 and so on", "e.parquet"),
        ("e.csv", b"\x00" * 2_000_000, "longer than"),
    ],
)
def test_what_is_no_table_of_events_is_refused_and_nothing_is_written(
    tmp_path: Path, name: str, raw: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(InvalidEvent, match=reason):
        bring_in(Source(tmp_path / name), tmp_path / "out", silent)
    assert not (tmp_path / "out").exists()


def test_a_gz_file_that_was_cut_off_is_refused_and_leaves_what_was_imported_before(tmp_path: Path) -> None:
    imported(tmp_path, *RATINGS)
    path = written(tmp_path / "e.csv.gz", "user,item,time", *(f"u{n},i{n},{T + n}" for n in range(30_000)))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InvalidEvent, match=r"e\.csv\.gz:\d+: "):
        bring_in(Source(path), tmp_path / "out", silent)
    assert told(tmp_path) == EXPECTED
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["events.parquet", "items.parquet"]


def test_parquet_of_odd_types_comes_in(tmp_path: Path) -> None:
    at = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    cells = {
        "user_id": pa.array([1.0, 2.0]),
        "item_id": pa.array([7, 8], pa.uint64()),
        "timestamp": pa.array([at, at.replace(second=21, microsecond=250_000)], pa.timestamp("ns", "Europe/Vienna")),
        "rating": pa.array([Decimal("3.5"), Decimal("4.0")]),
        "device": pa.array([11, 12]),
        "store": pa.array(["a", "b"]).dictionary_encode(),
        "price": pa.array([1.5, None]),
        "shelf": pa.array([3, None], pa.int8()),
        "sale": pa.array([True, None]),
        "day": pa.array([date(2023, 11, 14), None]),
        "blob": pa.array([b"caf\xc3\xa9", b"\xff"]),
        "vector": pa.array([[1.0], [2.0]]),
        "nothing": pa.nulls(2),
    }
    pq.write_table(pa.table(cells), tmp_path / "e.parquet")
    report = bring_in(Source(tmp_path / "e.parquet"), tmp_path / "out", silent)
    assert told(tmp_path) == [("1", "7", T * 1000, "rating", 3.5), ("2", "8", (T + 1) * 1000 + 250, "rating", 4.0)]
    first, second = (event.context for event in read(tmp_path))
    assert first is not None
    assert second is not None
    assert (first.device, second.device) == ("11", "12")
    assert first.extra == {
        "store": "a",
        "price": 1.5,
        "shelf": 3,
        "sale": "true",
        "day": "2023-11-14",
        "blob": "café",
    }
    assert second.extra == {"store": "b", "blob": "\N{REPLACEMENT CHARACTER}"}
    assert [column.name for column in report.files[0].columns if column.part == "left out"] == [
        "vector (list<element: double>)"
    ]


def test_needed_columns_of_unfit_types_are_refused(tmp_path: Path) -> None:
    cells = {"user_id": [["u"]], "item_id": ["a"], "timestamp": [T]}
    pq.write_table(pa.table(cells), tmp_path / "e.parquet")
    with pytest.raises(InvalidEvent, match="user_id among item_id, timestamp"):
        bring_in(Source(tmp_path / "e.parquet"), tmp_path / "out", silent)


def test_text_of_parquet_that_is_no_utf_8_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    item = pa.array([b"caf\xe9", b"tea"]).view(pa.string())
    pq.write_table(pa.table({"user": ["u", "u"], "item": item, "time": [T, T + 1]}), tmp_path / "e.parquet")
    bring_in(Source(tmp_path / "e.parquet"), tmp_path / "out", silent)
    assert [event.item_id for event in read(tmp_path)] == ["caf\N{REPLACEMENT CHARACTER}", "tea"]


def test_wrong_cells_of_parquet_are_named_by_their_row(tmp_path: Path) -> None:
    cells = {"user": ["u", None, "u"], "item": ["a", "b", "c"], "time": [T, T, T], "stars": [3.0, 3.0, float("nan")]}
    pq.write_table(pa.table(cells), tmp_path / "e.parquet")
    report = bring_in(Source(tmp_path / "e.parquet"), tmp_path / "out", silent)
    assert [(row.line, row.reason, row.raw) for row in report.first_wrong] == [
        (2, "no user_id", f",b,{T},3"),
        (3, "value 'nan' is no finite number", f"u,c,{T},nan"),
    ]


SEED = "\n".join((*RATINGS, '1,"a, b",3.0,2023-11-14', "caf\xe9,x,1,1700000000")).encode("latin-1")


@given(
    cuts=st.lists(st.tuples(st.integers(0, len(SEED)), st.integers(0, 12), st.binary(max_size=12)), max_size=8),
    name=st.sampled_from(["log.csv", "log.tsv", "log.csv.gz", "log.dat", "log.parquet"]),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_a_file_holds_it_is_reported_or_refused(
    tmp_path: Path, cuts: list[tuple[int, int, bytes]], name: str
) -> None:
    raw = SEED
    for at, length, instead in cuts:
        raw = raw[:at] + instead + raw[at + length :]
    (tmp_path / name).write_bytes(gzip.compress(raw) if name.endswith("gz") else raw)
    try:
        report = bring_in(Source(tmp_path / name, double_colon=DOUBLE_COLON), tmp_path / "fuzz", silent)
    except InvalidEvent:
        return
    rows = sum(file.rows for file in report.files)
    assert report.events + report.wrong == rows
    if report.events:
        assert len(read_events(tmp_path / "fuzz" / "events.parquet")) == report.events


def test_rows_that_say_the_same_come_in_once_and_are_named(tmp_path: Path) -> None:
    rows = [f"u,a,{T}", f"u,b,{T}", f"u,a,{T + 1}", f"u,a,{T}", f"u,b,{T}", f"v,a,{T}"]
    report = imported(tmp_path, "user,item,time", *rows)
    assert [(event.user_id, event.item_id) for event in read(tmp_path)] == [
        ("u", "a"),
        ("u", "b"),
        ("v", "a"),
        ("u", "a"),
    ]
    assert [(row[0], row[1]) for row in wrong(tmp_path)[1:]] == [
        ("5", "it says the same as another row"),
        ("6", "it says the same as another row"),
    ]
    assert (report.events, report.wrong) == (4, 2)


def test_files_larger_than_memory_may_hold_are_sorted_as_by_a_stable_sort(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sorting, "RUN", 1000)
    monkeypatch.setattr(sorting, "_MERGED", 2000)
    monkeypatch.setattr("batch.importing.run._BATCH", 300)
    rng = np.random.default_rng(7)
    rows = [(f"u{rng.integers(50)}", f"i{number}", T + int(rng.integers(200))) for number in range(20_000)]
    rows += [rows[number] for number in (0, 5_000, 19_999)]
    report = imported(tmp_path, "user,item,time", *(f"{user},{item},{at}" for user, item, at in rows))
    expected = sorted(rows[:20_000], key=lambda row: row[2])
    assert [(event.user_id, event.item_id, event.time // 1000) for event in read(tmp_path)] == expected
    assert [row.line for row in sorted(report.first_wrong, key=lambda row: row.line)] == [20_002, 20_003, 20_004]
    last: dict[str, int] = {}
    ties = 0
    for user, _, at in expected:
        ties += last.get(user) == at
        last[user] = at
    assert report.tied == pytest.approx(ties / 20_000)


def test_the_files_words_for_kinds_are_understood_or_said(tmp_path: Path) -> None:
    rows = ["visitorid,itemid,timestamp,event", f"u,a,{T},view", f"u,b,{T},addToCart", f"u,c,{T},transaction"]
    more = [f"u,d,{T},", f"u,e,{T},sniff", f"u,f,{T},gulp"]
    report = imported(tmp_path, *rows, *more, kinds={"sniff": "skip"})
    assert [event.kind for event in read(tmp_path)] == ["view", "like", "purchase", "click", "skip"]
    assert [row.reason.split(" is none of")[0] for row in report.first_wrong] == ["kind 'gulp'"]
    assert report.words["addToCart"] == "like"
    with pytest.raises(Misconfigured, match="no kind 'kiss'"):
        imported(tmp_path, *rows, kinds={"view": "kiss"})


def test_moods_come_in_as_moods(tmp_path: Path) -> None:
    imported(tmp_path, "user_id,item_id,timestamp,kind,value,mood", f"u,,{T},mood,,😢", f"u,a,{T + 1},click,,happy")
    mood, click = read_events(tmp_path / "out" / "events.parquet")
    assert isinstance(mood, MoodEvent)
    assert mood.mood == "😢"
    assert click.context is not None
    assert click.context.mood == "happy"


def test_the_owner_may_say_what_a_column_is(tmp_path: Path) -> None:
    rows = ["who,what,when,points,junk,item_id", f"u,a,{T},10,x,1", f"v,b,{T},5,y,2"]
    columns = {"user_id": "who", "item_id": "what", "value": "points"}
    report = imported(tmp_path, *rows, columns=columns, without=frozenset({"junk"}), best_rating=10.0)
    assert told(tmp_path) == [("u", "a", T * 1000, "rating", 5.0), ("v", "b", T * 1000, "rating", 2.5)]
    assert report.context == []
    assert {column.name for column in report.files[0].columns if column.part == "left out"} == {"junk", "item_id"}
    with pytest.raises(Misconfigured, match="no column 'nobody': its columns are who, what"):
        imported(tmp_path, *rows, columns={"user_id": "nobody"})
    with pytest.raises(Misconfigured, match="usr is no part of a column: use user_id, item_id"):
        imported(tmp_path, *rows, columns={**columns, "usr": "who"})
    with pytest.raises(Misconfigured, match="no file has a column jnuk"):
        imported(tmp_path, *rows, columns=columns, without=frozenset({"jnuk", "junk"}))


def test_a_file_without_names_and_events_without_kinds(tmp_path: Path) -> None:
    report = imported(tmp_path, f"u,a,{T}", f"u,b,{T + 1}", header=("user_id", "item_id", "timestamp"), kind="play")
    assert [event.kind for event in read(tmp_path)] == ["play", "play"]
    assert (report.files[0].rows, report.events) == (2, 2)
    assert [event.kind for event in read_again(tmp_path, "user,item,time", f"u,a,{T}")] == ["click"]


def read_again(folder: Path, *rows: str) -> list[Interaction]:
    imported(folder, *rows)
    return read(folder)


def test_ratings_beyond_the_best_are_noted_with_the_way_out(tmp_path: Path) -> None:
    report = imported(tmp_path, "user,item,rating,time", f"u,a,87,{T}", f"u,b,100,{T + 1}")
    assert any("--best-rating 100" in note for note in report.notes)


def test_further_columns_are_context_that_says_how_many_values_it_has(tmp_path: Path) -> None:
    rows = [
        f"{number},u{number % 3},i{number},{T + number},{'tv' if number % 2 else ''},o{number}"
        for number in range(3000)
    ]
    report = imported(tmp_path, ",user,item,time,Device Type,order", *rows)
    assert [(column.column, column.values, column.events) for column in report.context] == [
        ("device", 1, 1500),
        ("order", 3000, 3000),
    ]
    assert any("--without order" in note for note in report.notes)
    assert report.files[0].columns[0].part == "left out"
    wide = imported(tmp_path, "user,item,time,essay", f"u,a,{T},{'x' * 300}", f"u,b,{T},short")
    assert wide.first_wrong[0].reason == "essay has 300 characters, a column of context may have 256"


@pytest.mark.parametrize(
    ("cell", "categories"),
    [
        ("Rock|Pop", ["Rock", "Pop"]),
        ("Rock; Pop", ["Rock", "Pop"]),
        ('"Rock, Pop"', ["Rock", "Pop"]),
        ("\"['Rock', 'Pop']\"", ["Rock", "Pop"]),
        ('"[""Rock"", ""R|B""]"', ["Rock", "R/B"]),
        ("", []),
    ],
)
def test_an_items_categories_are_parted(tmp_path: Path, cell: str, categories: list[str]) -> None:
    imported(tmp_path, "user,item,time", f"u,1,{T}", items=written(tmp_path / "i.csv", "id,name,tags", f"1,One,{cell}"))
    assert read_items(tmp_path / "out" / "items.parquet")[0].categories == categories


def test_further_columns_of_items_that_sort_them_into_groups_are_categories(tmp_path: Path) -> None:
    rows = [f"{n},Song {n},Rock,Band {n % 5},{1990 + n % 3},code{n},a long story of song {n}" for n in range(20)]
    items = written(
        tmp_path / "i.csv", "track_id,title,genre,artist,year,code,description", *rows, "3,Again,Pop,Band 1,1,c,"
    )
    report = imported(tmp_path, "user,track_id,time", f"u,1,{T}", f"u,99,{T}", items=items)
    found = {item.item_id: item for item in read_items(tmp_path / "out" / "items.parquet")}
    assert found["7"].categories == ["Rock", "Band 2"]
    assert (found["7"].text, found["3"].title) == ("a long story of song 7", "Again")
    assert (report.catalogue, report.repeated_items, report.unknown_items) == (20, 1, 1)


def test_wrong_rows_of_items_and_users_are_named_too(tmp_path: Path) -> None:
    items = written(tmp_path / "i.csv", "item_id,title", ",nameless", f"a,{'x' * 2000}", "b,Bee,more", "c,See")
    users = written(tmp_path / "u.csv", "user_id,town", ",nowhere", f"u,{'x' * 300}", "v,Rome")
    report = imported(tmp_path, "user,item,time", f"v,c,{T}", items=items, users=users)
    assert [(Path(row.file).name, row.line) for row in report.first_wrong] == [
        ("i.csv", 4), ("i.csv", 2), ("i.csv", 3), ("u.csv", 2), ("u.csv", 3)
    ]  # fmt: skip
    assert (report.events, report.wrong) == (1, 5)


def test_without_an_items_file_the_catalogue_is_bare_ids(tmp_path: Path) -> None:
    imported(tmp_path, *RATINGS)
    items = read_items(tmp_path / "out" / "items.parquet")
    assert [item.item_id for item in items] == ["b", "c", "a"]
    assert [item.item_id for item in named_in(read_events(tmp_path / "out" / "events.parquet"))] == ["a", "b", "c"]


def test_a_dry_run_says_the_same_and_writes_nothing_but_the_wrong_rows(tmp_path: Path) -> None:
    path = written(tmp_path / "log.csv", *RATINGS)
    dry = examine(Source(path), tmp_path / "out", silent)
    assert not (tmp_path / "out").exists()
    assert dry.written == []
    real = bring_in(Source(path), tmp_path / "out", silent)
    assert msgspec.structs.replace(real, written=[]) == dry
    written(path, *RATINGS, "1,a,b")
    examine(Source(path), tmp_path / "dry", silent)
    assert [path.name for path in (tmp_path / "dry").iterdir()] == [NAME]
    assert told(tmp_path) == EXPECTED


def test_the_same_data_again_gives_the_same_bytes_and_ids(tmp_path: Path) -> None:
    imported(tmp_path, *RATINGS)
    before = (tmp_path / "out" / "events.parquet").read_bytes()
    imported(tmp_path, *RATINGS)
    assert (tmp_path / "out" / "events.parquet").read_bytes() == before


def test_event_ids_of_the_file_are_kept(tmp_path: Path) -> None:
    imported(tmp_path, "event_id,user,item,time", f"mine,u,a,{T}", f",u,b,{T + 1}")
    first, second = read(tmp_path)
    assert first.event_id == "mine"
    assert len(second.event_id) == 24


def test_a_file_is_never_replaced_by_what_is_made_of_it(tmp_path: Path) -> None:
    imported(tmp_path, *RATINGS)
    with pytest.raises(Misconfigured, match="--out"):
        bring_in(Source(tmp_path / "out" / "events.parquet"), tmp_path / "out", silent)


def test_the_plain_form_imports_into_itself(tmp_path: Path) -> None:
    imported(tmp_path, *RATINGS)
    out = tmp_path / "out"
    bring_in(Source(out / "events.parquet", out / "items.parquet"), tmp_path / "again", silent)
    assert read_events(tmp_path / "again" / "events.parquet") == read_events(out / "events.parquet")


CRASHING = """
import os, signal, sys
from pathlib import Path
from batch.importing.run import bring_in
from batch.importing.source import Source
def tell(what, done, total):
    if what.startswith(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
bring_in(Source(Path(sys.argv[1])), Path(sys.argv[2]), tell)
"""


@pytest.mark.parametrize("where", ["reading", "sorting"])
def test_a_kill_leaves_what_was_there_and_the_next_run_succeeds(tmp_path: Path, where: str) -> None:
    imported(tmp_path, *RATINGS)
    path = written(tmp_path / "new.csv", "user,item,time", *(f"u{n},i{n},{T + n}" for n in range(10_000)))
    killed = subprocess.run([sys.executable, "-c", CRASHING, path, tmp_path / "out", where], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert told(tmp_path) == EXPECTED
    bring_in(Source(path), tmp_path / "out", silent)
    assert len(read(tmp_path)) == 10_000
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["events.parquet", "items.parquet"]


FULL = """
import resource, sys
from pathlib import Path
from batch.importing.run import bring_in
from batch.importing.source import Source
from contracts.errors import Unavailable
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
try:
    bring_in(Source(Path(sys.argv[1])), Path(sys.argv[2]), lambda *_: None)
except Unavailable as error:
    print(error)
    sys.exit(7)
"""


@pytest.mark.parametrize("room", [20_000, 400_000])
def test_a_full_disk_is_said_and_leaves_what_was_there(tmp_path: Path, room: int) -> None:
    imported(tmp_path, *RATINGS)
    rng = random.Random(3)
    rows = [f"u{rng.random()},i{rng.random()},{T + n}" for n in range(10_000)]
    path = written(tmp_path / "new.csv", "user,item,time", *rows)
    full = subprocess.run(
        [sys.executable, "-c", FULL, path, tmp_path / "out", str(room)], capture_output=True, text=True, check=False
    )
    assert (full.returncode, "can't be written" in full.stdout) == (7, True), full.stderr
    assert told(tmp_path) == EXPECTED
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["events.parquet", "items.parquet"]


def test_a_folder_that_can_not_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(Unavailable, match="out can't be written"):
        imported(tmp_path, *RATINGS)


def run(*arguments: str | Path, home: Path) -> tuple[int, str, str]:
    outcome = CliRunner().invoke(app, [str(argument) for argument in arguments], env={"MOODSTREAM_HOME": str(home)})
    return outcome.exit_code, outcome.stdout, str(outcome.exception or "")


def test_the_verb_says_what_it_did_and_what_comes_next(tmp_path: Path) -> None:
    path = written(tmp_path / "my-log.csv.gz", *RATINGS, "x")
    code, said, _ = run("import", path, home=tmp_path)
    assert code == 0
    assert "1 cells, the header has 4" in said
    assert (tmp_path / "data" / "my-log" / "events.parquet").is_file()
    assert "moodstream train --events" in said
    code, said, _ = run("import", path, "--json", "--dry-run", home=tmp_path)
    assert (code, msgspec.json.decode(said)["events"]) == (0, 4)


def test_the_verb_fails_where_nothing_is_good(tmp_path: Path) -> None:
    path = written(tmp_path / "log.csv", "user,item,time", "u,a,x", "u,b,y")
    code, said, error = run("import", path, "--out", tmp_path / "out", home=tmp_path)
    assert code != 0
    assert "2 of 2 rows" in said
    assert "no event of" in error
    assert "line 2: timestamp 'x'" in error
    assert [path.name for path in (tmp_path / "out").iterdir()] == [NAME]


def test_the_verb_refuses_pairs_that_are_none(tmp_path: Path) -> None:
    path = written(tmp_path / "log.csv", *RATINGS)
    code, _, error = run("import", path, "--columns", "user_id", home=tmp_path)
    assert code != 0
    assert "--columns wants pairs" in error


def test_names_for_double_colon_tables_must_be_known(tmp_path: Path) -> None:
    with pytest.raises(InvalidEvent, match="user_id"):
        imported(tmp_path, f"1::a::5::{T}", name="r.dat", double_colon=DoubleColon())


GUIDE = (Path(__file__).parents[2] / "docs" / "your-own-data.md").read_text()
COMMANDS = re.findall(r"^(?:[A-Z_]+=\S+ )?\.venv/bin/moodstream (.+)$", GUIDE, re.MULTILINE)


def options_of(words: list[str]) -> set[str]:
    """The options of the verb that these words name. Fails where there is none."""
    from moodstream.cli import app as whole

    command: Any = get_command(whole)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    return {option for parameter in command.params for option in parameter.opts}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_guide_names_only_verbs_and_options_that_exist(command: str) -> None:
    words = shlex.split(command)
    named = {word for word in words if word.startswith("--")}
    assert named <= options_of(words)


def test_the_guides_log_imports_as_the_guide_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (program,) = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    refused, dry, real = (shlex.split(command)[1:] for command in COMMANDS if command.startswith("data import"))
    code, _, error = run(*refused, home=tmp_path)
    assert code != 0
    assert f"moodstream: {error}" in GUIDE
    code, said, _ = run(*dry, home=tmp_path)
    assert code == 0
    shown = said[said.index("tracks.csv: text") :].splitlines()[:25]
    assert [line for line in shown if line not in GUIDE] == []
    code, _, _ = run(*real, home=tmp_path)
    assert code == 0
    assert len(read_events(tmp_path / "my-music" / "events.parquet")) == 9030
    assert len(read_items(tmp_path / "my-music" / "items.parquet")) == 300
