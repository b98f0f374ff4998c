"""What events add to the shared counts, against counting by hand, and how old counts fade."""

import random
from collections import Counter as Tally

import pytest

from contracts.moods import LABELS
from contracts.sharding import item_shard
from online.learn.counts import (
    BUCKET_DAYS,
    COVISITATION,
    EVERYWHERE,
    TRENDING,
    WINDOW,
    bucket_of,
    contexts,
    decay,
    effects,
)
from online.store.protocol import Counter
from online.store.state import Entry

DAY_MS = 24 * 3600 * 1000


def entry(item: str, kind: int = 3, at: int = 0, mood: int = 0, place: str = "", device: str = "") -> Entry:
    """A like by default."""
    return Entry(at, at * 1000, at, item, kind, None, mood, place, device)


def by_hand(history: list[Entry], at: int) -> Tally[tuple[str, str, str]]:
    """(family, name, member) that `history[at]` adds one to."""
    now, counted = history[at], Tally[tuple[str, str, str]]()
    if now.item and now.weight > 0:
        counted[TRENDING, EVERYWHERE, now.item] += 1
        if now.mood:
            counted[TRENDING, f"mood={LABELS[now.mood]}", now.item] += 1
        others = {e.item for e in history[max(0, at - WINDOW) : at] if e.item and e.weight > 0} - {now.item}
        for other in others:
            counted[COVISITATION, other, now.item] += 1
            counted[COVISITATION, now.item, other] += 1
    return counted


@pytest.mark.parametrize("seed", range(20))
def test_effects_are_what_counting_by_hand_gives(seed: int) -> None:
    rng = random.Random(seed)
    history = [entry(rng.choice(("", "a", "b", "c", "d")), rng.randrange(9), at, rng.randrange(3)) for at in range(40)]
    for at in range(len(history)):
        counted = Tally((c.family, c.name, member) for c, member in effects(history, at))
        assert counted == by_hand(history, at)


def test_a_counter_stands_in_the_shard_of_its_item_and_in_the_bucket_of_the_event() -> None:
    old, new = entry("a", at=0), Entry(1, 70 * DAY_MS, 1, "b", 3)
    for counter, member in effects([old, new], 1):
        assert counter.bucket == 70 // BUCKET_DAYS[counter.family]
        assert counter.shard == item_shard(counter.name if counter.family == COVISITATION else member)
    assert (Counter(item_shard("a"), COVISITATION, 1, "a"), "b") in list(effects([old, new], 1))


def test_only_what_is_liked_counts_and_only_with_what_was_liked_lately() -> None:
    dislike = entry("b", kind=4, at=1)
    assert list(effects([entry("a"), dislike], 1)) == []
    far = [entry("a"), *(entry("", at=n) for n in range(1, WINDOW + 1)), entry("b", at=WINDOW + 1)]
    assert {counter.family for counter, _ in effects(far, len(far) - 1)} == {TRENDING}
    assert {member for _, member in effects([entry("a"), dislike, entry("c", at=2)], 2)} == {"a", "c"}


def test_every_context_that_is_known_has_a_counter() -> None:
    assert contexts(0, "", "") == [EVERYWHERE]
    assert contexts(1, "Oslo", "tv") == [EVERYWHERE, f"mood={LABELS[1]}", "place=Oslo", "device=tv"]


def test_old_buckets_fade_but_never_vanish_and_newer_ones_are_whole() -> None:
    worth = [decay(COVISITATION, 10 - age, 10) for age in range(8)]
    assert worth[0] == 1.0
    assert worth[2] == 0.5
    assert worth == sorted(worth, reverse=True)
    assert worth[-1] > 0
    assert decay(TRENDING, 11, 10) == 1.0
    assert decay(TRENDING, 9, 10) == 0.5


def test_buckets_are_whole_periods_of_event_time() -> None:
    week = 7 * DAY_MS
    assert [bucket_of(TRENDING, time) for time in (0, week - 1, week)] == [0, 0, 1]
