"""What events add to the shared counts, against counting by hand, and how old counts fade."""

import random
from collections import Counter as Tally

import pytest

from contracts.kinds import ORDER, UNWANTED
from contracts.moods import LABELS
from contracts.sharding import item_shard
from online.learn.counts import (
    COVISITATION,
    EVERYWHERE,
    FAMILIES,
    FOLLOWING,
    LIKING,
    NTH,
    TAKEN,
    TRENDING,
    WINDOW,
    bucket_of,
    contexts,
    decay,
    effects,
    nth,
)
from online.store.protocol import Counter
from online.store.state import HISTORY, Entry

DAY_MS = 24 * 3600 * 1000
LIKE = ORDER.index("like")
OF_ITEM = (COVISITATION.name, FOLLOWING.name)


def entry(item: str, kind: int = LIKE, at: int = 0, mood: int = 0, columns: tuple[str, ...] = ()) -> Entry:
    return Entry(at, at * 1000, at, item, kind if item else len(ORDER), None, mood, "", "", columns)


def by_hand(history: list[Entry], at: int) -> Tally[tuple[str, str, str]]:
    """(family, name, member) → what `history[at]` adds."""
    now, counted = history[at], Tally[tuple[str, str, str]]()
    if not now.item:
        return counted
    counted[LIKING.name, EVERYWHERE, now.item] = round(10 * now.weight)
    if ORDER[now.kind] in UNWANTED:
        return counted
    for family in ("t", "d", "h", TAKEN.name):
        counted[family, EVERYWHERE, now.item] += 1
    if now.mood:
        counted["t", f"mood={LABELS[now.mood]}", now.item] += 1
    before = sum(1 for e in history[:at] if e.item)
    if at < 2 * NTH and before < NTH:
        counted["t", f"nth={before}", now.item] += 1
    window = [e.item for e in history[max(0, at - WINDOW) : at] if e.item and ORDER[e.kind] not in UNWANTED]
    for other in set(window) - {now.item}:
        counted[COVISITATION.name, other, now.item] += 1
        counted[COVISITATION.name, now.item, other] += 1
    if last := [item for item in window if item != now.item][-1:]:
        counted[FOLLOWING.name, last[0], now.item] += 1
    return counted


@pytest.mark.parametrize("seed", range(20))
def test_effects_are_what_counting_by_hand_gives(seed: int) -> None:
    rng = random.Random(seed)
    history = [entry(rng.choice(("", "a", "b", "c", "d")), rng.randrange(9), at, rng.randrange(3)) for at in range(40)]
    for at in range(len(history)):
        counted = Tally[tuple[str, str, str]]()
        for counter, member, times in effects(history, at):
            counted[counter.family, counter.name, member] += times
        assert counted == {key: times for key, times in by_hand(history, at).items() if times}


def test_a_counter_stands_in_the_shard_of_its_item_and_in_the_bucket_of_the_event() -> None:
    old, new = entry("a", at=0), Entry(1, 400 * DAY_MS, 1, "b", LIKE)
    lengths = {family.name: family.bucket_ms for family in FAMILIES}
    for counter, member, _ in effects([old, new], 1):
        assert counter.bucket == 400 * DAY_MS // lengths[counter.family]
        assert counter.shard == item_shard(counter.name if counter.family in OF_ITEM else member)
    assert (Counter(item_shard("a"), COVISITATION.name, 1, "a"), "b", 1) in list(effects([old, new], 1))


def test_what_was_turned_down_is_counted_as_disliked_and_as_nothing_else() -> None:
    history = [entry("a"), entry("b", ORDER.index("dislike"), 1)]
    assert [(counter.family, member, times) for counter, member, times in effects(history, 1)] == [
        (LIKING.name, "b", -10)
    ]


def test_old_counts_fade_but_never_vanish() -> None:
    worth = [decay(TRENDING, bucket, 100) for bucket in range(90, 101)]
    assert worth == sorted(worth)
    assert worth[-1] == 1.0
    assert decay(TRENDING, 0, 10_000) > 0
    assert decay(TRENDING, 101, 100) == 1.0, "a bucket of the future is as good as the newest"


def test_buckets_are_counted_from_the_epoch() -> None:
    assert bucket_of(TRENDING, 7 * DAY_MS - 1) == 0
    assert bucket_of(TRENDING, 7 * DAY_MS) == 1


def test_contexts_name_what_is_known_and_all_of_it_together() -> None:
    assert contexts(0, "", "") == {}
    named = contexts(1, "Oslo", "tv")
    assert {name: named[name] for name in ("mood", "place", "device")} == {
        "mood": f"mood={LABELS[1]}",
        "place": "place=Oslo",
        "device": "device=tv",
    }
    assert named["all"].startswith("all#")
    assert contexts(2, "Oslo", "tv")["all"] == named["all"], "moods change too often to be told apart with all else"


def test_a_further_column_of_any_name_is_a_context_in_bounded_memory() -> None:
    bands = {contexts(0, "", "", (f"price_band={value}",))["price_band"] for value in range(20_000)}
    assert 1000 < len(bands) <= 4096
    assert contexts(0, "", "", ("a=x=y",)).keys() == {"a"}


def test_a_further_column_named_as_one_of_ours_is_passed_over() -> None:
    plain = contexts(1, "Oslo", "tv")
    assert contexts(1, "Oslo", "tv", ("all=1", "device=x", "mood=2", "nth=3", "place=y")) == plain


def test_the_place_in_a_history_is_counted_while_it_is_short() -> None:
    assert nth([], 0) == "nth=0"
    assert nth([entry("a"), entry(""), entry("b")], 3) == "nth=2"
    assert nth([entry("a")] * NTH, NTH) is None
    assert nth([entry("")] * HISTORY, HISTORY) is None, "a history that may have been cut says nothing"
