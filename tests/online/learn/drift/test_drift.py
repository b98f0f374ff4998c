"""What is watched comes to the same however its notes were cut and its worker restarted; what moves is alarmed once."""

import random
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.alarms import Alarm
from contracts.errors import StateTooNew
from contracts.rollout import Rollout
from online.learn.drift.block import Pace
from online.learn.drift.drift import Drift
from online.learn.drift.kept import timeline_of
from online.learn.drift.known import UNIT
from online.learn.drift.note import Note
from online.learn.drift.signals import ALL, BUCKETS, PLACE, SUMMED
from online.learn.drift.timeline import RING, ROWS
from online.store.codec import CODEC_VERSION

PACE = Pace(8, 0)
UNKNOWN, SCORE = PLACE["unknown-items", ""], PLACE["score", ""]
START = 1_700_000_000_000


def notes(rng: random.Random, n: int, start: int = 0, unknown: float = 0.05, device: int = 0) -> list[Note]:
    """Events that say something of every mean, and are of a part of every mix."""
    return [
        Note(
            offset=at,
            arrival=START + 1000 * at,
            event_id=f"e{at}",
            values=tuple(
                number
                for column in range(len(SUMMED))
                if rng.random() < 0.9
                for number in (column, _value(rng, UNIT * unknown if column == UNKNOWN else -1))
            ),
            parts=(rng.randrange(BUCKETS), rng.randrange(BUCKETS), rng.randrange(3), device, -1, rng.randrange(8)),
        )
        for at in range(start, start + n)
    ]


def _value(rng: random.Random, share: float) -> int:
    """One or none by this share; anything between where that's below 0."""
    chance = rng.random() * UNIT
    return round(chance) if share < 0 else UNIT * (chance < share)


def run(batches: Sequence[Sequence[Note]], restarts: Sequence[bool] = ()) -> tuple[tuple[bytes, bytes], list[Alarm]]:
    """The bytes and the alarms after these batches; made again from its bytes where it's restarted after one."""
    drift, alarms = Drift(0, PACE), list[Alarm]()
    for number, batch in enumerate(batches):
        alarms += drift.take(batch)
        if number < len(restarts) and restarts[number]:
            drift = Drift(0, PACE, *drift.packed())
    return drift.packed(), alarms


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), cuts=st.sets(st.integers(1, 899)), restarts=st.lists(st.booleans(), max_size=40))
def test_any_cut_and_any_restart_give_the_same_bytes_and_the_same_alarms(
    seed: int, cuts: set[int], restarts: list[bool]
) -> None:
    rng = random.Random(seed)
    log = [*notes(rng, 450), *notes(rng, 450, 450, unknown=0.6, device=1)]
    places = [0, *sorted(cuts), len(log)]
    whole, alarms = run([log])
    assert run([log[start:end] for start, end in pairwise(places)], restarts) == (whole, alarms)
    assert "unknown-items" in {alarm.signal for alarm in alarms}


def test_a_timeline_that_has_outgrown_its_rings_goes_on_as_one_that_was_made_again() -> None:
    """Rings are cut when they're full; one column waits for blocks, so that it has fewer values than there are rows."""
    rng = random.Random(1)
    log = notes(rng, 8 * (2 * ROWS + RING))
    log = [
        note if number % 40 else Note(note.offset, note.arrival, note.event_id, (SCORE, UNIT), note.parts)
        for number, note in enumerate(log)
    ]
    pieces = [log[at : at + 500] for at in range(0, len(log), 500)]
    assert run(pieces, [True] * len(pieces)) == run([log])
    timeline = timeline_of(run([log])[0][1])
    assert timeline is not None
    assert len(timeline.rows) == ROWS
    assert timeline.blocks == 2 * ROWS + RING - 1


def test_what_moves_is_alarmed_with_all_that_there_is_to_say() -> None:
    rng = random.Random(3)
    _, alarms = run([[*notes(rng, 400), *notes(rng, 240, 400, unknown=0.7)]])
    found = [alarm for alarm in alarms if alarm.about == "unknown-items"]
    assert len(found) == 1
    (alarm,) = found
    assert alarm.alarm_id == f"unknown-items-0-{alarm.offset}"
    assert alarm.before < 0.15 < 0.4 < alarm.after
    assert 400 <= alarm.offset < 480
    assert START + 1000 * 384 <= alarm.since <= START + 1000 * 416
    assert alarm.time == START + 1000 * alarm.offset
    assert alarm.examples
    assert set(alarm.examples) <= {f"e{at}" for at in range(alarm.offset)}


def test_a_mix_that_moves_says_which_of_its_parts_did() -> None:
    rng = random.Random(4)
    _, alarms = run([[*notes(rng, 400), *notes(rng, 240, 400, device=2)]])
    (alarm,) = [alarm for alarm in alarms if alarm.signal == "devices"]
    before, after = alarm.moved["tablet"]
    assert before < 0.2 < 0.8 < after
    assert alarm.moved["mobile"][0] > alarm.moved["mobile"][1]


def test_what_gets_better_is_no_alarm_but_becomes_usual() -> None:
    rng = random.Random(5)
    better = [*notes(rng, 400, unknown=0.7), *notes(rng, 400, 400, unknown=0.05)]
    assert not [alarm for alarm in run([better])[1] if alarm.about == "unknown-items"]
    worse = [*better, *notes(rng, 300, 800, unknown=0.7)]
    assert [alarm for alarm in run([worse])[1] if alarm.about == "unknown-items"]


def test_hardly_anything_is_alarmed_where_nothing_moves() -> None:
    alarms = list[Alarm]()
    for seed in range(3):
        alarms += Drift(0, Pace(64, 0)).take(notes(random.Random(seed), 64 * 100))
    assert len(alarms) < 3
    assert not {"refused", "unknown-users"} & {alarm.about for alarm in alarms}


def test_records_that_were_refused_are_told_by_the_gaps_they_leave() -> None:
    rng = random.Random(6)
    gaps = [note for note in notes(rng, 800, 400) if note.offset % 3 == 0]
    alarms = run([[*notes(rng, 400), *gaps]])[1]
    assert [alarm for alarm in alarms if alarm.signal == "refused" and alarm.after > 0.5]


def test_scores_of_another_bundle_are_watched_anew_and_errors_are_not() -> None:
    drift = Drift(0, PACE)
    drift.take(notes(random.Random(7), 300))
    drift.change(Rollout("other"), 300)
    starts, blocks = drift.timeline.starts, drift.timeline.blocks
    assert starts[SCORE] == blocks > starts[PLACE["error", ""]]
    assert timeline_of(drift.packed()[1]) is not None
    drift.take(notes(random.Random(8), 50, 301))
    assert {row.bundle for row in drift.timeline.rows} == {"", "other"}


def test_damaged_bytes_begin_anew_and_those_of_newer_code_are_waited_for() -> None:
    drift = Drift(0, PACE)
    drift.change(Rollout("b"), 0)
    drift.take(notes(random.Random(9), 300, 1))
    running, kept = drift.packed()
    again = Drift(0, PACE, running, kept[:-1] + bytes([kept[-1] ^ 1]))
    assert again.timeline.blocks == 0
    assert again.rollout == Rollout("b")
    assert Drift(0, PACE, running[:-1], kept).timeline.blocks == drift.timeline.blocks
    newer = bytes([CODEC_VERSION + 1]) + kept[1:]
    with pytest.raises(StateTooNew):
        Drift(0, PACE, running, newer)


def test_a_block_waits_for_its_events_and_for_its_time() -> None:
    slow, quick = Drift(0, Pace(8, 0)), Drift(0, Pace(8, 100_000))
    log = notes(random.Random(10), 401)
    slow.take(log)
    quick.take(log)
    assert (slow.timeline.blocks, quick.timeline.blocks) == (50, 4)
    assert len(slow.timeline.rows[0].columns()) == len(ALL)
