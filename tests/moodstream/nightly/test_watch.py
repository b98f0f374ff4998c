"""Nights begin by the clock; alarms ask for some, are answered once each, and never too often."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from batch.nightly.night import Begun, Ended
from batch.nightly.terms import Terms, Watch
from contracts.alarms import Alarm
from contracts.errors import Misconfigured
from contracts.events import ItemEvent, encode
from contracts.settings import Settings
from contracts.topics import ALARMS, ITEMS
from moodstream.nightly.asked import asked
from moodstream.nightly.changes import changes
from moodstream.nightly.history import print_history
from moodstream.nightly.watch import SCHEDULE, decision, is_due, last_due, turn
from online.kafka import writer
from stream import topics
from tests.batch.nightly.world import AFTER, Site, site
from tests.fakes.bundle import random_bundle


def at(hour: int, minute: int = 0, day: int = 20) -> int:
    return int(datetime(2026, 11, day, hour, minute, tzinfo=UTC).timestamp() * 1000)


def noon() -> int:
    """Today's: a clock that goes on from there passes no time at which a night is due."""
    return int(datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0).timestamp() * 1000)


def begun(time: int, by: str = "hand") -> Begun:
    return Begun(time=time, asked=by, base="", how="", why="", before={}, terms=Terms())


def test_the_time_of_day_is_todays_or_yesterdays() -> None:
    assert last_due("03:00", at(3)) == at(3)
    assert last_due("03:00", at(2, 59)) == at(3, day=19)
    with pytest.raises(Misconfigured, match="03:00"):
        last_due("3 o'clock", at(3))


def test_a_night_is_due_once_a_day_and_one_that_was_missed_is_made_up_for() -> None:
    first = [begun(at(3, 1), SCHEDULE)]
    assert not is_due("03:00", at(10), at(9), [])  # the first start waits for the first time
    assert is_due("03:00", at(3, day=21), at(9), [])
    assert not is_due("03:00", at(4), at(2), first)
    assert is_due("03:00", at(9, day=21), at(9, day=21), first)  # off at three
    assert is_due("03:00", at(3, 1, day=21), at(2), [*first, begun(at(1, day=21))])


def test_an_alarm_gets_a_night_unless_one_is_under_way_or_was_of_late_or_alarms_had_enough() -> None:
    watch = Watch(cooldown_h=6, most=2)
    assert decision(at(10), [], watch, under_way=False) == ""
    assert "under way" in decision(at(10), [], watch, under_way=True)
    assert "until 2026-11-20 09:00" in decision(at(8, 59), [begun(at(3), SCHEDULE)], watch, under_way=False)
    assert decision(at(9), [begun(at(3), SCHEDULE)], watch, under_way=False) == ""
    two = [begun(at(3), "alarm a"), begun(at(10), "alarm b")]
    assert "limit" in decision(at(17), two, watch, under_way=False)
    assert decision(at(4, day=21), two, watch, under_way=False) == ""


@pytest.fixture
def live(tmp_path: Path, kafka: str, namespace: str) -> Site:
    """A site on a real Kafka, with a bundle that nobody trained: its nights are refused, since little is new."""
    topics.ensure(kafka, namespace, 4, 1)
    return site(tmp_path, random_bundle(32), Settings(kafka=kafka, namespace=namespace))


def alarm(live: Site, name: str) -> Alarm:
    """Into the topic."""
    sent = Alarm(
        alarm_id=name,
        time=live.now,
        partition=0,
        offset=7,
        signal="error",
        detector="adwin",
        before=0.2,
        after=0.5,
        since=live.now,
    )
    with writer(live.settings) as producer:
        producer.send(ALARMS.full_name(live.settings.namespace), key=name.encode(), value=encode(sent)).get(10)
    return sent


def test_an_alarm_begins_a_night_once_and_the_next_one_waits(live: Site, capsys: pytest.CaptureFixture[str]) -> None:
    terms, watch = Terms(allowed=(), share=0.0), Watch(cooldown_h=6, most=2)
    live.now = noon()
    loop = live.loop()
    alarm(live, "a:1")
    with writer(live.settings) as producer:
        producer.send(ALARMS.full_name(live.settings.namespace), key=b"x", value=b"not an alarm").get(10)
    turn(loop, terms, watch, since=live.now)
    alarm(live, "a:1")  # sent again
    alarm(live, "b:2")
    turn(loop, terms, watch, since=live.now)
    turn(live.loop(), terms, watch, since=live.now)  # another process
    nights = live.nights.all()
    assert [night.read(Begun).asked for night in nights] == ["alarm a:1"]  # type: ignore[union-attr]
    assert nights[0].read(Ended) is not None
    answers = {one.alarm_id: one.decided for one in asked(live.nights.place)}
    assert answers["a:1"] == f"night {nights[0].name}"
    assert "cooling down" in answers["b:2"]
    assert len(answers) == 2
    capsys.readouterr()
    print_history(live.settings, as_json=True)
    told = msgspec.json.decode(capsys.readouterr().out)
    assert told["nights"][0]["ended"]["outcome"] == "refused"
    assert [one["alarm_id"] for one in told["asked"]] == ["a:1", "b:2"]
    print_history(live.settings, as_json=False)
    assert "cooling down" in capsys.readouterr().out


def test_a_night_that_an_alarm_began_before_the_process_was_killed_is_its_answer(live: Site) -> None:
    live.now = noon()
    alarm(live, "a:1")
    night = live.loop().begin(Terms(), "alarm a:1", [])
    turn(live.loop(), Terms(), Watch(), since=live.now)
    assert [one.decided for one in asked(live.nights.place)] == [f"night {night.name}"]
    assert len(live.nights.all()) == 1


def test_the_catalogue_of_a_night_has_what_was_said_of_items_since(live: Site) -> None:
    new = ItemEvent(event_id="e1", time=1, item_id="new", title="The new one")
    gone = ItemEvent(event_id="e2", time=2, item_id="i0", withdrawn=True)
    with writer(live.settings) as producer:
        for event in (new, gone):
            producer.send(ITEMS.full_name(live.settings.namespace), key=event.key.encode(), value=encode(event)).get(10)
    live.happen(AFTER[:10])
    night = live.loop().begin(Terms(), "hand", changes(live.settings))
    items = [one["item_id"] for one in msgspec.json.decode(night.get("catalogue.json") or b"")]
    assert "new" in items
    assert "i0" not in items
    assert len(items) == 32
