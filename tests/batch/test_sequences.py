"""Training sees each event once, in the log's order, and nothing of what comes after the event it foretells."""

import numpy as np
import pytest

from batch.log import Log, of_events
from batch.moods import Moods
from batch.plan import Plan
from batch.sequences import WINDOW, Batch, Sequences, batches, sequences_of
from contracts.events import Interaction, MoodEvent
from contracts.kinds import MOOD_KIND, ORDER
from contracts.moods import LABELS
from model.affect import affects_by_row
from model.index import NO_ITEM, UNKNOWN, ItemIndex
from tests.batch import synthetic

ITEMS = synthetic.catalogue()
INDEX = ItemIndex(synthetic.ids(ITEMS))
AFFECTS = affects_by_row(ITEMS)
QUIET = Moods(AFFECTS, 0.0, 0.0)
LOUD = Moods(AFFECTS, 0.5, 0.5)


def click(user: str, item: str, time: int, kind: str = "click") -> Interaction:
    return Interaction(event_id=f"{user}{time}", time=time, user_id=user, item_id=item, kind=kind)  # type: ignore[arg-type]


def epoch_of(sequences: Sequences, moods: Moods, tokens: int, unknown: float, since: int = 0) -> list[Batch]:
    count, epoch = batches(sequences, moods, np.random.default_rng(0), tokens, unknown, since)
    listed = list(epoch)
    assert len(listed) == count
    return listed


def test_a_users_sequence_is_the_logs_order_and_gaps_are_clipped_at_zero() -> None:
    log = of_events(
        [click("b", "r0i1", 5000), click("a", "r0i2", 6000), click("b", "r0i3", 3000), click("b", "?", 9000)]
    )
    found = sequences_of(log, INDEX)
    assert found.starts.tolist() == [0, 1, 4]
    assert found.place.tolist() == [1, 0, 2, 3]
    assert found.tokens.gap.tolist() == [0, 0, 0, 6]
    assert found.tokens.item[-1] == UNKNOWN
    assert found.target.tolist() == [True, True, True, False]


def test_negatives_and_moods_are_read_but_not_foretold() -> None:
    dislike, skip = click("a", "r0i1", 1, "dislike"), click("a", "r0i2", 2, "skip")
    mood = MoodEvent(event_id="m", time=3, user_id="a", mood="😢")
    nonsense = MoodEvent(event_id="n", time=4, user_id="a", mood="qwertz")
    rating = Interaction(event_id="r", time=5, user_id="a", item_id="r0i3", kind="rating", value=1.0)
    found = sequences_of(of_events([dislike, skip, mood, nonsense, rating]), INDEX)
    assert found.tokens.kind.tolist() == [ORDER.index("dislike"), ORDER.index("skip"), MOOD_KIND, ORDER.index("rating")]
    assert found.tokens.item[2] == NO_ITEM
    assert found.tokens.mood[2] == LABELS.index("sad")
    assert found.tokens.weight.tolist() == pytest.approx([-1, -0.5, 0, -0.6])
    assert found.target.tolist() == [False, False, False, True]


def test_what_is_taken_twice_in_a_row_is_a_target_once_where_repeats_are_collapsed() -> None:
    rows = [("a", "r0i1"), ("a", "r0i1"), ("a", "r0i2"), ("a", "r0i1"), ("b", "r0i1"), ("b", "r0i1")]
    log = of_events([click(user, item, time) for time, (user, item) in enumerate(rows)])
    assert sequences_of(log, INDEX).target.all()
    assert sequences_of(log, INDEX, collapsed=True).target.tolist() == [True, False, True, True, True, False]


def test_a_kind_of_refusal_that_is_rare_tells_nothing_of_its_item() -> None:
    log = of_events([click("a", "r0i1", 1, "dislike"), *(click("b", "r0i2", time) for time in range(2, 99))])
    found = sequences_of(log, INDEX)
    assert found.unheard == {ORDER.index("dislike"), ORDER.index("skip")}
    assert (found.tokens.item[0], found.tokens.weight[0], found.tokens.kind[0]) == (NO_ITEM, 0, ORDER.index("dislike"))
    assert sequences_of(log, INDEX, frozenset()).tokens.item[0] == INDEX.row("r0i1")


@pytest.mark.parametrize("moods", [QUIET, LOUD])
def test_every_event_is_foretold_once_an_epoch(moods: Moods) -> None:
    log = synthetic.log(users=9, steps=30)
    sequences = sequences_of(log, INDEX)
    epoch = epoch_of(sequences, moods, tokens=100, unknown=0.1)
    assert len(epoch) > 2
    foretold = np.sort(np.concatenate([batch.target for batch in epoch]))
    np.testing.assert_array_equal(foretold, np.sort(sequences.tokens.item[sequences.target]))


def test_users_of_long_ago_can_be_left_out_and_the_others_keep_what_they_did() -> None:
    gone = [click("gone", f"r0i{n}", n) for n in range(5)]
    stays = [click("stays", f"r1i{n}", 10 + n) for n in range(6)]
    sequences = sequences_of(of_events([*gone, *stays]), INDEX)
    (batch,) = epoch_of(sequences, QUIET, tokens=1024, unknown=0.0, since=8)
    assert batch.tokens.item.shape == (1, 6)
    assert sorted(batch.target) == sorted(INDEX.rows([f"r1i{n}" for n in range(6)]))
    assert len(epoch_of(sequences, QUIET, tokens=1024, unknown=0.0, since=5)[0].target) == 6
    assert sum(len(batch.target) for batch in epoch_of(sequences, QUIET, tokens=1024, unknown=0.0, since=4)) == 11


def test_a_long_history_is_cut_into_windows_whose_first_event_is_not_foretold() -> None:
    log = synthetic.log(users=1, steps=3 * WINDOW)
    sequences = sequences_of(log, INDEX)
    epoch = epoch_of(sequences, QUIET, tokens=1024, unknown=0.0)
    assert sum((batch.tokens.kind == 0).sum() >= 0 for batch in epoch)
    assert max(batch.tokens.item.shape[1] for batch in epoch) <= WINDOW
    windows = sum(len(batch.tokens.item) for batch in epoch)
    assert sum(len(batch.target) for batch in epoch) == 3 * WINDOW - (windows - 1)


@pytest.mark.parametrize("moods", [QUIET, LOUD])
def test_the_event_to_be_foretold_comes_right_after_the_state_that_foretells_it(moods: Moods) -> None:
    sequences = sequences_of(synthetic.log(users=9, steps=30), INDEX)
    for batch in epoch_of(sequences, moods, tokens=200, unknown=0.0):
        length = batch.tokens.item.shape[1] + 1
        window, read = batch.after // length, batch.after % length
        np.testing.assert_array_equal(batch.tokens.item[window, read], batch.target)
        np.testing.assert_array_equal(batch.tokens.gap[window, read], batch.gap)


def test_moods_are_drawn_near_the_item_that_follows() -> None:
    rng = np.random.default_rng(0)
    comedy, tragedy = INDEX.row("r0i0"), INDEX.row("r1i0")
    said = Moods(AFFECTS, 1.0, 0.0)
    of_comedy = said.draw(np.full(500, comedy, np.int32), rng).before
    of_tragedy = said.draw(np.full(500, tragedy, np.int32), rng).before
    assert np.mean(of_comedy == LABELS.index("happy")) > 0.3
    assert np.mean(of_tragedy == LABELS.index("sad")) > 0.3
    assert not np.isin(of_comedy, [LABELS.index("sad"), LABELS.index("angry")]).any()
    assert not said.draw(np.full(50, UNKNOWN, np.int32), rng).before.any()


def test_users_stand_in_order_of_their_ids_each_with_the_events_in_the_logs_order() -> None:
    users = ["b", "é", "a", "B", "😀", "a2", "a", "ﬀ", "b", "日本"]
    found = sequences_of(of_events(click(user, "r0i0", time) for time, user in enumerate(users)), INDEX)
    _, code = np.unique(np.array(users), return_inverse=True)
    assert found.place.tolist() == np.argsort(code, kind="stable").tolist()
    assert np.diff(found.starts).tolist() == np.bincount(code).tolist()


def test_a_log_without_events_has_no_sequences() -> None:
    empty = of_events([])
    assert isinstance(empty, Log)
    found = sequences_of(empty, INDEX)
    assert found.starts.tolist() == [0]
    assert epoch_of(found, QUIET, tokens=100, unknown=0.0) == []


def test_none_are_drawn_for_a_log_that_says_its_own() -> None:
    def drawn(own: int) -> bool:
        log = of_events(click("u", "r0i0", time) for time in range(100))
        log = log._replace(mood=(np.arange(100) < own).astype(np.int32))
        items = np.full(500, INDEX.row("r0i0"), np.int32)
        return bool(Moods.of(log, AFFECTS, Plan()).draw(items, np.random.default_rng(0)).asked.any())

    assert drawn(0)
    assert not drawn(1)
