"""A night is refused with a reason, promoted, or rolled back by itself; killed anywhere, it comes to the same."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from kafka.admin import KafkaAdminClient, NewTopic
from msgspec.structs import replace as changed

from batch.nightly import card
from batch.nightly.night import (
    LEFT,
    PROMOTED,
    REFUSED,
    ROLLED_BACK,
    Begun,
    Canary,
    Data,
    Ended,
    Gate,
    Look,
    Measured,
    Night,
    Record,
    Trained,
    Verdict,
)
from batch.nightly.run import STEPS
from batch.nightly.terms import Terms
from contracts.errors import Misconfigured
from contracts.events import Impression, Interaction, Shown
from contracts.rollout import Rollout, bundle_for
from contracts.settings import Settings
from contracts.topics import EVENTS
from model.bundle import Bundle
from model.ranker import Ranker
from online.publish import publish, rollback
from tests.batch.nightly.world import AFTER, BEFORE, ITEMS, TERMS, Site, site

CANARY = changed(TERMS, share=0.5, enough=100)


@pytest.fixture
def here(tmp_path: Path, serving: Bundle) -> Site:
    """A site where nothing can be published."""
    return site(tmp_path, serving)


@pytest.fixture
def live(tmp_path: Path, serving: Bundle, kafka: str, namespace: str) -> Site:
    """A site on a real Kafka."""
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.create_topics([NewTopic(EVENTS.full_name(namespace), 4, 1)])
    admin.close()
    return site(tmp_path, serving, Settings(kafka=kafka, namespace=namespace))


def through(one: Site, terms: Terms = TERMS) -> tuple[Night, Ended]:
    """A night that ends without waiting."""
    night = one.loop().begin(terms, "hand", [])
    ended = one.loop().go_on(night)
    assert ended is not None
    return night, ended


def failed(night: Night) -> list[str]:
    records = (night.read(Data), night.read(Gate))
    checks = [check for found in records if found for check in found.checks]
    return [check.name for check in checks if not check.ok]


def a_bot(among: list[Interaction]) -> Iterator[Interaction]:
    """Who takes the same item after each thing that anybody else does."""
    for event in among:
        yield event
        yield changed(event, event_id=f"bot{event.event_id}", user_id="bot", item_id="r0i0", time=event.time + 1)


def shuffled(events: list[Interaction]) -> list[Interaction]:
    """Everybody takes what somebody else took."""
    items = [event.item_id for event in events]
    random.Random(0).shuffle(items)
    return [changed(event, item_id=item) for event, item in zip(events, items, strict=True)]


def test_a_night_of_which_a_bot_is_half_is_refused_before_anything_is_trained(here: Site) -> None:
    here.happen(list(a_bot(AFTER)))
    night, ended = through(here)
    assert ended.outcome == REFUSED
    assert "50% of the interactions are by user 'bot'" in ended.why
    assert "--allow lopsided" in ended.why
    assert failed(night) == ["lopsided"]
    assert night.read(Trained) is None
    assert here.shelf.versions() == [here.shelf.current()]


def test_shuffled_labels_are_refused_at_the_gate(here: Site) -> None:
    here.happen(shuffled(AFTER))
    night, ended = through(here)
    assert ended.outcome == REFUSED
    assert "like-before" in failed(night)
    assert here.shelf.current() == night.read(Begun).base  # type: ignore[union-attr]


def upside_down(night: Night, begun: Begun, base: Bundle, *rest: object) -> Bundle:
    """A training that ends with a ranker that ranks what is worst first."""
    ranker = Ranker(base.ranker.names, -base.ranker.weights)
    return replace(base, version=f"{night.name}-upside-down", created=begun.time, ranker=ranker)


def test_a_candidate_that_is_worse_is_refused_and_its_card_says_why(
    here: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batch.nightly.training._trained", upside_down)
    here.happen(AFTER)
    night, ended = through(here)
    assert ended.outcome == REFUSED
    assert {"quality", "segments"} <= set(failed(night))
    assert here.shelf.current() != f"{night.name}-upside-down" in here.shelf.versions()
    told = (night.get(card.MARKDOWN) or b"").decode()
    assert "**refused**" in told
    assert "worse" in told
    assert msgspec.json.decode(night.get(card.JSON) or b"", type=card.Card).verdict is not None


def test_a_night_without_news_is_refused_and_the_next_one_is_another(here: Site) -> None:
    night, ended = through(here)
    assert (ended.outcome, failed(night)) == (REFUSED, ["new"])
    here.happen(AFTER)
    later = here.loop().begin(TERMS, "hand", [])
    assert later.name > night.name
    assert here.nights.under_way() is not None


def test_a_night_by_steps_does_one_in_each_however_often_it_is_run_and_comes_to_the_same(live: Site) -> None:
    live.happen(AFTER)
    night = live.loop().begin(changed(TERMS, share=0.0), "hand", [])
    for number, step in enumerate(STEPS.values(), 1):
        for _ in range(2):
            again = live.loop()
            assert again.go_on(again.nights.called(night.name), step) is None
        assert [kind for kind in STEPS.values() if night.read(kind)] == list(STEPS.values())[:number]
        assert night.read(Verdict) is None
    ended = live.loop().go_on(night)
    assert ended is not None
    assert ended.outcome == PROMOTED
    assert live.shelf.current() == night.read(Trained).version  # type: ignore[union-attr]
    assert live.loop().go_on(live.nights.called(night.name), Data) == ended, "a step of an ended night changes nothing"


def test_a_step_that_refuses_ends_the_night_and_refuses_again_when_it_is_tried_again(here: Site) -> None:
    night = here.loop().begin(TERMS, "hand", [])
    ended = here.loop().go_on(night, Data)
    assert ended is not None
    assert (ended.outcome, failed(night)) == (REFUSED, ["new"])
    assert here.loop().go_on(here.nights.called(night.name), Data) == ended
    assert [one.name for one in here.nights.all()] == [night.name], "and no other one begins"


def test_a_night_that_never_began_is_not_called(here: Site) -> None:
    with pytest.raises(Misconfigured, match="no night '20200101T000000' has begun"):
        here.nights.called("20200101T000000")


def test_what_comes_while_a_night_is_under_way_is_not_in_it(here: Site) -> None:
    here.happen(AFTER[:600])
    night = here.loop().begin(TERMS, "hand", [])
    here.happen(AFTER[600:])
    loop = here.loop()
    begun = night.read(Begun)
    assert begun is not None
    assert loop._look_at(night, begun).new == 600
    assert len(loop._read(begun).log.time) == here.written - len(AFTER[600:])


def test_a_good_night_is_promoted_and_leaves_a_card(live: Site) -> None:
    live.happen(AFTER)
    night, ended = through(live, changed(TERMS, share=0.0))
    trained, proof = night.read(Trained), night.read(Measured)
    assert trained is not None
    assert proof is not None
    assert ended.outcome == PROMOTED
    assert live.shelf.current() == trained.version
    assert trained.version.startswith(f"{night.name}-")
    assert trained.held_out == proof.events == 400
    assert proof.gained["serving"].mean > 0
    told = msgspec.json.decode(night.get(card.JSON) or b"", type=card.Card)
    assert (told.version, told.begun.base) == (trained.version, ended.why and night.read(Begun).base)  # type: ignore[union-attr]
    assert told.commit
    metrics = live.shelf.load(trained.version).metrics
    assert metrics["night"]["base"] == told.begun.base


class KilledError(Exception):
    """The process ends here."""


def test_killed_before_any_record_is_left_it_goes_on_to_the_same_end(
    live: Site, tmp_path: Path, serving: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.happen(AFTER)
    started = live.now
    night = live.loop().begin(changed(TERMS, share=0.0), "hand", [])
    kinds: list[type[Record]] = [Data, Trained, Measured, Gate, Verdict, Ended]
    leave = Night.leave

    def killed_once(self: Night, record: Record) -> None:
        if kinds and type(record) is kinds[0]:
            kinds.pop(0)
            raise KilledError
        leave(self, record)

    monkeypatch.setattr(Night, "leave", killed_once)
    kills, ended = 0, None
    while ended is None:
        try:
            ended = live.loop().go_on(live.nights.under_way() or night)
        except KilledError:
            kills += 1
    assert kills == 6
    assert len(live.shelf.versions()) == 2
    assert len(live.nights.all()) == 1
    monkeypatch.undo()
    other = site(tmp_path / "other", serving, live.settings)
    other.happen(AFTER)
    other.now = started
    undisturbed, end = through(other, changed(TERMS, share=0.0))
    assert end.outcome == ended.outcome == PROMOTED
    assert undisturbed.name == night.name
    versions = [one.version for found in (night, undisturbed) if (one := found.read(Trained))]
    assert versions[0] == versions[1] == live.shelf.current()


def test_a_night_of_a_lake_that_does_not_fit_holds_some_users_and_says_so_in_record_and_card(here: Site) -> None:
    here.happen(AFTER)
    night = here.loop().begin(changed(TERMS, hold=900), "hand", [])
    assert here.loop().go_on(night, Measured) is None
    trained, data, begun = night.read(Trained), night.read(Data), night.read(Begun)
    assert trained is not None
    assert data is not None
    assert begun is not None
    assert trained.share == 0.5
    assert data.events == here.written > 900 >= trained.learned + trained.held_out
    card.leave(night, begun)
    assert "(all that one in 2 users did: no more fits)" in (night.get(card.MARKDOWN) or b"").decode()


def test_what_lies_beyond_a_nights_reach_is_not_read_and_the_card_says_since_when(here: Site) -> None:
    late = [changed(event, time=event.time + 2 * 3_600_000) for event in AFTER]
    here.happen(late)
    begun = here.loop().begin(changed(TERMS, reach=len(AFTER)), "hand", []).read(Begun)
    assert begun is not None
    assert BEFORE[-1].time < begun.since <= late[0].time
    found = here.loop()._look_at(here.nights.at(begun.time), begun)
    assert len(here.loop()._read(begun).log.time) == found.events == len(late) < here.written
    assert "since" in card._data(found, begun.since)
    assert "since" not in card._data(found, 0)


def test_no_more_is_held_out_than_the_terms_say(here: Site) -> None:
    here.happen(AFTER)
    night = here.loop().begin(changed(TERMS, held_out=250), "hand", [])
    assert here.loop().go_on(night, Trained) is None
    trained = night.read(Trained)
    assert trained is not None
    assert (trained.held_out, trained.learned + trained.held_out) == (250, here.written)


def test_a_night_that_began_before_there_were_bounds_ends_without_them(here: Site) -> None:
    here.happen(AFTER)
    night = here.loop().begin(TERMS, "hand", [])
    said = msgspec.json.decode(night.get(Begun.FILE) or b"")
    for name in ("hold", "held_out"):
        del said["terms"][name]
    del said["bounded"]
    night.put(Begun.FILE, msgspec.json.encode(said))
    begun = here.nights.called(night.name).read(Begun)
    assert begun is not None
    assert begun.most == 0
    bound = changed(begun, bounded=True, terms=changed(begun.terms, hold=900, held_out=100))
    assert len(here.loop()._read(bound).log.time) < here.written == len(here.loop()._read(begun).log.time)


def in_canary(live: Site) -> tuple[Night, Canary]:
    """A night whose candidate is with half of the users."""
    live.happen(AFTER)
    night = live.loop().begin(CANARY, "hand", [])
    assert live.loop().go_on(night) is None
    canary = night.read(Canary)
    assert canary is not None
    assert live.shelf.canary() == canary.rollout
    return night, canary


def pages(canary: Canary, rates: dict[str, float], users: int = 150) -> list[Impression | Interaction]:
    """What users are shown in the hour after its beginning, a page each ten minutes, and take, by their bundle."""
    rng, found = random.Random(1), list[Impression | Interaction]()
    for number in range(users):
        user = f"w{number}"
        bundle = bundle_for(user, canary.rollout)
        for page in range(4):
            time = canary.time + 1000 + 600_000 * page + number
            shown = [Shown(item.item_id, place, 0.5, 1.0) for place, item in enumerate(ITEMS[8 * page : 8 * page + 8])]
            name = f"{user}p{page}"
            found.append(
                Impression(event_id=name, time=time, user_id=user, request_id=name, bundle=bundle, shown=shown)
            )
            if rng.random() < rates[bundle]:
                item = rng.choice(shown).item_id
                found.append(Interaction(event_id=f"{name}t", time=time + 5000, user_id=user, item_id=item))
    end = Interaction(event_id="end", time=canary.time + 2 * 3_600_000, user_id="end", item_id="r0i0")
    return [*sorted(found, key=lambda event: event.time), end]


@pytest.mark.parametrize(("rate", "outcome"), [(0.3, PROMOTED), (0.05, ROLLED_BACK)])
def test_a_canary_is_promoted_or_rolled_back_by_what_its_users_take(live: Site, rate: float, outcome: str) -> None:
    night, canary = in_canary(live)
    base, candidate = canary.rollout.bundle, canary.rollout.canary or ""
    assert live.loop().go_on(night) is None  # nothing was shown yet
    assert live.shelf.current() == base
    live.happen(pages(canary, {base: 0.3, candidate: rate}))
    ended = live.loop().go_on(night)
    assert ended is not None
    assert ended.outcome == outcome
    look = night.read(Look)
    assert look is not None
    assert look.canary.pages + look.serving.pages == 600
    assert look.canary.rate == pytest.approx(rate, abs=0.06)
    assert live.shelf.current() == (candidate if outcome == PROMOTED else base)
    assert live.shelf.canary() is None
    assert live.nights.under_way() is None


def test_a_canary_that_nobody_sees_is_rolled_back_when_its_time_is_over(live: Site) -> None:
    night, canary = in_canary(live)
    live.now = canary.time + 25 * 3_600_000
    ended = live.loop().go_on(night)
    assert ended is not None
    assert ended.outcome == ROLLED_BACK
    assert "too little was shown" in ended.why


def test_whoever_ends_a_canary_by_hand_is_not_overruled(live: Site) -> None:
    night, canary = in_canary(live)
    with pytest.raises(Misconfigured, match="is a canary"):
        live.loop().begin(TERMS, "hand", [])
    assert rollback(live.settings, live.shelf) == canary.rollout.bundle
    ended = live.loop().go_on(night)
    assert ended is not None
    assert ended.outcome == LEFT
    publish(live.settings, live.shelf, Rollout(canary.rollout.bundle))
    assert live.shelf.current() == canary.rollout.bundle


def test_what_is_overridden_goes_on_and_says_so_and_what_is_no_check_is_refused(here: Site) -> None:
    here.happen(list(a_bot(AFTER)))
    with pytest.raises(Misconfigured, match="lopsided"):
        here.loop().begin(changed(TERMS, allowed=("bot",)), "hand", [])
    loop = here.loop()
    night = loop.begin(changed(TERMS, allowed=("lopsided",)), "hand", [])
    begun = night.read(Begun)
    assert begun is not None
    checks = loop._look_at(night, begun).checks
    assert [check.name for check in checks if check.allowed] == ["lopsided"]
    assert all(check.passes for check in checks)
