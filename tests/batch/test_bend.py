"""A bent log is as it was up to its moment, drifts as it says from there on, and is the same for the same seed."""

from collections import Counter

import msgspec
import pytest

from batch.bend import KINDS, Bend, What, bend, parse
from batch.bend.bots import BOTS
from batch.bend.delay import LATE_MS
from batch.prequential import records_of
from contracts import events
from contracts.errors import Misconfigured, UnknownSchemaVersion
from contracts.events import Context, Interaction, MoodEvent, Record
from online.learn.outgoing import Raw

START = 1_700_000_000_000
SINCE = START + 600 * 60_000
ITEMS = ["a"] * 8 + ["b"] * 4 + ["c"] * 2 + ["d"]


def event(n: int) -> Interaction | MoodEvent:
    user, time = f"u{n % 20}", START + 60_000 * n
    if n % 10 == 9:
        return MoodEvent(event_id=f"e{n}", time=time, user_id=user, mood="happy")
    where = Context(place="Graz") if n % 2 else None
    item = ITEMS[n % len(ITEMS)]
    return Interaction(event_id=f"e{n}", time=time, user_id=user, item_id=item, kind="like", context=where)


LOG = [*records_of(map(event, range(1200)))]


def bent(what: What, strength: float = 0.5, seed: int = 0) -> list[Raw]:
    return bend(LOG, [Bend(what, SINCE, strength)], seed)


def read(log: list[Raw]) -> list[Record]:
    return [events.decode(raw.value) for raw in log if raw.time >= SINCE]


def interactions(log: list[Raw]) -> list[Interaction]:
    return [one for one in read(log) if isinstance(one, Interaction)]


@pytest.mark.parametrize("what", KINDS)
def test_nothing_is_bent_before_its_moment_and_the_same_seed_gives_the_same_bytes(what: What) -> None:
    found = bent(what)
    assert found == bent(what) != LOG
    assert found != bent(what, seed=1)
    assert [raw for raw in found if raw.time < SINCE] == [raw for raw in LOG if raw.time < SINCE]
    assert [raw.offset for raw in found] == list(range(len(found)))
    assert [raw.time for raw in found] == sorted(raw.time for raw in found)
    assert len(bent(what, 1.0)) >= len(LOG)


def test_what_was_popular_is_rare_and_the_other_way_round() -> None:
    found = Counter(one.item_id for one in interactions(bent("popularity", 1.0)))
    assert found["d"] > found["c"] > found["b"] > found["a"]
    half = Counter(one.item_id for one in interactions(bent("popularity", 0.5)))
    assert half["a"] / half.total() == pytest.approx((8 + 1) / 30, abs=0.06)


def test_a_share_of_the_interactions_are_on_items_that_nobody_knew() -> None:
    found = interactions(bent("new-items", 0.3))
    new = [one for one in found if one.item_id.startswith("new-")]
    assert len(new) / len(found) == pytest.approx(0.3, abs=0.05)
    assert {one.item_id.removeprefix("new-") for one in new} == set(ITEMS)


def test_moods_are_sad_in_events_and_contexts_and_the_rest_of_the_context_stays() -> None:
    found = read(bent("mood", 1.0))
    assert {one.mood for one in found if isinstance(one, MoodEvent)} == {"sad"}
    contexts = [one.context for one in found if isinstance(one, Interaction)]
    assert all(one in (Context(mood="sad"), Context(mood="sad", place="Graz")) for one in contexts)
    assert len([one for one in contexts if one and one.place]) == len(contexts) * 4 // 9


@pytest.mark.parametrize("strength", [0.1, 0.5, 0.8])
def test_bots_make_their_share_of_the_events_and_are_few(strength: float) -> None:
    found = read(bent("bots", strength))
    made = [one for one in found if isinstance(one, Interaction) and one.user_id.startswith("bot-")]
    assert len(made) / len(found) == pytest.approx(strength, abs=0.02)
    assert len({one.user_id for one in made}) == BOTS
    assert len({one.event_id for one in made}) == len(made)
    assert [one for one in found if one not in made] == read(LOG)


def test_a_changed_schema_is_refused_as_such() -> None:
    changed = [raw for raw in bent("schema", 0.5) if raw.value not in {one.value for one in LOG}]
    for raw in changed:
        with pytest.raises(UnknownSchemaVersion):
            events.decode(raw.value)
    assert len(changed) / 540 == pytest.approx(0.5, abs=0.06)


def test_a_missing_field_is_refused_by_nobody() -> None:
    found = interactions(bent("missing-field", 1.0))
    assert {(one.kind, one.context) for one in found} == {("click", None)}


def test_delayed_events_keep_their_times_and_each_users_order() -> None:
    found = bent("delay", 0.5)
    late = [raw for raw in found if raw.time - event_time(raw) == LATE_MS]
    assert {raw.time - event_time(raw) for raw in found} == {0, LATE_MS}
    users = {str(msgspec.json.decode(raw.value)["user_id"]) for raw in late}
    assert 4 <= len(users) <= 16
    for user in users:
        its = [event_time(raw) for raw in found if msgspec.json.decode(raw.value)["user_id"] == user]
        assert its == sorted(its)


def event_time(raw: Raw) -> int:
    return int(msgspec.json.decode(raw.value)["time"])


def test_what_is_no_json_stays_as_it_is_and_bends_are_put_one_upon_the_other() -> None:
    broken = Raw(LOG[0].topic, 0, 0, SINCE, b"\xff{")
    found = bend([*LOG, broken._replace(time=LOG[-1].time)], [Bend(what, SINCE, 0.2) for what in KINDS])
    assert b"\xff{" in [raw.value for raw in found]
    assert len({raw.value for raw in found} - {raw.value for raw in LOG}) > 300


def test_what_is_said_is_read_and_what_makes_no_sense_is_refused_with_the_way_out() -> None:
    moment = {"2026-11-01T12:00": 5}.__getitem__
    assert parse("new-items@2026-11-01T12:00:0.25", moment) == Bend("new-items", 5, 0.25)
    with pytest.raises(Misconfigured, match="one of popularity, new-items"):
        parse("storm@2026-11-01T12:00:0.25", moment)
    for wrong in ("bots", "bots@0.5", "bots@2026-11-01T12:00:0", "bots@2026-11-01T12:00:2", "bots@2026-11-01T12:00:x"):
        with pytest.raises(Misconfigured, match=r"such as bots@2026-11-01T12:00:0\.5"):
            parse(wrong, moment)
