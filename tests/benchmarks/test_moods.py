"""The simulated users do what their world says, and the claim made of them can fail."""

import numpy as np

from batch.measures import Measure
from benchmarks.moods import holds
from benchmarks.moods_world import World, silent, simulate
from contracts.events import Interaction, MoodEvent
from contracts.moods import mood_of
from model.affect import affects, agreement

SMALL = {"users": 40, "items": 100, "visits": 4}


def _agreement(strength: float) -> float:
    """Of what was taken with the mood in its context."""
    items, log = simulate(World(strength, **SMALL))
    felt = dict(zip((item.item_id for item in items), affects(items), strict=True))
    said = [(e.item_id, e.context.mood) for e in log if isinstance(e, Interaction) and e.context and e.context.mood]
    return float(np.mean([agreement(felt[item][None], mood_of(mood) or 0)[0] for item, mood in said]))


def test_the_stronger_a_mood_counts_the_more_agrees_with_it() -> None:
    none, some, much = (_agreement(strength) for strength in (0.0, 1.0, 3.0))
    assert abs(none) < 0.15
    assert none < some < much
    assert much > 0.6


def test_moods_are_said_aloud_and_in_contexts_and_a_silent_log_has_none() -> None:
    log = simulate(World(2.0, **SMALL)).log
    takes = [event for event in log if isinstance(event, Interaction)]
    assert any(isinstance(event, MoodEvent) for event in log)
    assert 0 < sum(event.context is not None for event in takes) < len(takes)
    quiet = silent(log)
    assert [event.event_id for event in quiet] == [event.event_id for event in takes]
    assert all(event.context is None for event in quiet if isinstance(event, Interaction))


def test_nobody_takes_an_item_twice_and_time_goes_on() -> None:
    log = simulate(World(2.0, **SMALL)).log
    taken = [(event.user_id, event.item_id) for event in log if isinstance(event, Interaction)]
    assert len(taken) == len(set(taken))
    assert [event.time for event in log] == sorted(event.time for event in log)


def test_the_claim_wants_a_sure_gain_where_moods_count_and_none_where_they_do_not() -> None:
    sure, unsure = Measure(0.1, 0.05, 0.15), Measure(0.01, -0.05, 0.07)
    gained = {one: {"told": {f"gain of {m}": one for m in ("hr@10", "ndcg@10")}} for one in (sure, unsure)}
    assert holds(2.0, gained[sure])
    assert not holds(2.0, gained[unsure])
    assert holds(0.0, gained[unsure])
    assert not holds(0.0, gained[sure])
