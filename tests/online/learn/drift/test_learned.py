"""The learner watches: alarms are sent before what found them is written, and an old store is gone on with."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from contracts import events
from contracts.alarms import Alarm
from contracts.errors import StoreUnavailable
from contracts.events import Impression, Interaction, Shown
from contracts.topics import ALARMS
from online.learn.drift.kept import timeline_of
from online.learn.drift.signals import PLACE
from online.learn.drift.timeline import Timeline
from online.learn.foretold import error_of
from online.learn.outgoing import Raw
from online.store.memory import MemoryStore
from online.store.protocol import Calibrator, CalibratorWrite
from online.store.state import unpack_state
from tests.online.learn.logs import APART_MS, START, TOPIC_ID, USERS, VERSIONS, Box, bundle_change, learner_of, records
from tests.online.learn.told import Told, run


def steady(n: int, start: int = 0, item: str = "i") -> list[events.Record]:
    """Likes of items that every bundle knows, or, under another letter, that none does."""
    return [
        Interaction(
            event_id=f"e{at}",
            time=START + APART_MS * at,
            user_id=USERS[at % len(USERS)],
            item_id=f"{item}{at * 7 % 11}",
            kind="like",
        )
        for at in range(start, start + n)
    ]


LOG = records([bundle_change(0), *steady(400), *steady(200, 400, "new-")])


def alarms(box: Box) -> list[Alarm]:
    return [msgspec.json.decode(out.value, type=Alarm) for out in box if out.topic is ALARMS]


def timeline(store: MemoryStore) -> Timeline:
    found = timeline_of(asyncio.run(store.drifts())[0])
    assert found is not None
    return found


async def learned(store: MemoryStore, box: Box, log: Sequence[Raw], at_once: int) -> None:
    learner = learner_of(store, box)
    start = await learner.assign(0, TOPIC_ID)
    for at in range(start, len(log), at_once):
        await learner.learn(0, log[at : at + at_once])
    await learner.sweep(0)


def test_new_items_are_alarmed_to_their_own_topic_and_kept() -> None:
    store, box = MemoryStore(), Box()
    asyncio.run(learned(store, box, LOG, 50))
    found = alarms(box)
    assert "unknown-items" in {alarm.signal for alarm in found}
    assert timeline(store).alarms == found
    alarm = next(alarm for alarm in found if alarm.about == "unknown-items")
    assert alarm.before == 0.0
    assert alarm.after > 0.5
    assert LOG[390].time <= alarm.since < alarm.time  # eight events make a value, three a block
    assert set(alarm.examples) < {f"e{at}" for at in range(600)}
    assert {row.bundle for row in timeline(store).rows} == {VERSIONS[0]}


class Dying(MemoryStore):
    """Doesn't answer once, when it is to take this write of a calibrator."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.writes_left = at

    async def write_calibrator(self, write: CalibratorWrite) -> None:
        self.writes_left -= 1
        if self.writes_left == 0:
            raise StoreUnavailable("killed here")
        await super().write_calibrator(write)


@pytest.mark.parametrize("at", range(1, 26, 3))
def test_killed_before_it_is_written_an_alarm_is_sent_again_under_the_same_id(at: int) -> None:
    async def work() -> tuple[MemoryStore, Box]:
        store, box = Dying(at), Box()
        with pytest.raises(StoreUnavailable):
            await learned(store, box, LOG, 25)
        await learned(store, box, LOG, 60)
        return store, box

    clean, sent = MemoryStore(), Box()
    asyncio.run(learned(clean, sent, LOG, 1))
    store, box = asyncio.run(work())
    assert asyncio.run(store.dump()) == asyncio.run(clean.dump())
    assert {alarm.alarm_id: alarm for alarm in alarms(box)} == {alarm.alarm_id: alarm for alarm in alarms(sent)}
    assert alarms(sent)


def test_a_store_of_before_drift_was_watched_is_gone_on_with_from_where_it_stands() -> None:
    """Nothing is read again for it; and the bundle in force is known, though its control record is long past."""
    store, box = MemoryStore(), Box()
    asyncio.run(learned(store, box, LOG[:201], 50))
    store._calibrators[0] = store._calibrators[0]._replace(running=b"", kept=b"")
    assert asyncio.run(learner_of(store, box).assign(0, TOPIC_ID)) == 201
    asyncio.run(learned(store, box, LOG, 50))
    found = timeline(store)
    assert found.blocks == (len(LOG) - 201) // 3
    assert {row.bundle for row in found.rows} == {VERSIONS[0]}
    assert "unknown-items" in {alarm.signal for alarm in found.alarms}


def test_an_older_worker_beside_a_newer_one_leaves_a_gap_and_nothing_worse() -> None:
    """It moves the watermark and knows of no drift: what it took in isn't watched, all else is."""
    store, box = MemoryStore(), Box()
    asyncio.run(learned(store, box, LOG[:101], 50))
    watched = store._calibrators[0]
    asyncio.run(learned(store, box, LOG[:151], 50))
    store._calibrators[0] = Calibrator(store._calibrators[0].watermark, b"", watched.running, watched.kept)
    asyncio.run(learned(store, box, LOG, 50))
    assert timeline(store).blocks == (len(LOG) - 50) // 3
    assert "unknown-items" in {alarm.signal for alarm in timeline(store).alarms}


def test_every_fourth_record_says_how_well_it_was_foretold_and_the_last_answers_stay_with_the_user() -> None:
    told = Told().learn(bundle_change(0), *steady(100))
    for user in USERS:
        record = run(told.store.user(user))[1]
        assert record is not None
        foretold = unpack_state(record.state).foretold
        assert all(offset % 4 == 0 for offset, _ in foretold)
        assert all(error_of(foretold, offset) is not None for offset, _ in foretold)
        assert len(foretold) <= 8
    column = PLACE["error", ""]
    values = [row.columns()[column] for row in timeline(told.store).rows]
    assert any(0 <= value <= 1 for value in values)


def test_pages_and_their_outcomes_say_what_scores_are_and_how_true_what_is_stated() -> None:
    def page(at: int) -> Impression:
        shown = [Shown(f"i{place}", place, 1.0 - place / 10, 1.0) for place in range(10)]
        time = START + APART_MS * at
        return Impression(event_id=f"p{at}", time=time, user_id=USERS[0], request_id=f"p{at}", bundle="", shown=shown)

    log: list[Any] = [bundle_change(0)]
    for at in range(1, 240, 6):
        log += [page(at), *steady(5, at + 1)]
    told = Told().learn(*log)
    rows = [row.columns() for row in timeline(told.store).rows]
    scores = [row[PLACE["score", ""]] for row in rows if row[PLACE["score", ""]] == row[PLACE["score", ""]]]
    assert scores
    assert all(abs(score - 0.55) < 1e-6 for score in scores)
    losses = [row[PLACE["calibration", ""]] for row in rows]
    assert any(0 < loss < 1 for loss in losses)
