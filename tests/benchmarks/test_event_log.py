"""The made-up log has the shape it claims."""

from collections import Counter

from benchmarks.event_log import made_up
from contracts import events
from contracts.events import MoodEvent


def test_events_are_of_real_size_and_in_order_and_few_users_have_much() -> None:
    log = list(made_up(4_000, users=200))
    sizes = [len(events.encode(event)) for event in log]
    assert 230 < sum(sizes) / len(sizes) < 300
    assert [event.time for event in log] == sorted(event.time for event in log)
    assert 0.01 < sum(isinstance(event, MoodEvent) for event in log) / len(log) < 0.06
    each = sorted(Counter(event.user_id for event in log).values(), reverse=True)
    assert sum(each[:20]) > len(log) / 5


def test_what_it_makes_is_taken_by_the_products_own_decoder_and_no_id_comes_twice() -> None:
    log = list(made_up(500))
    assert [events.decode(events.encode(event)) for event in log] == log
    assert len({event.event_id for event in log}) == len(log)
