"""Which candidates of a request are kept for the ranker's training."""

import numpy as np

from batch.logged import RequestLog, log_requests
from batch.plan import Repeats
from contracts.events import Interaction
from online.answer.considered import Considered
from tests.fakes.bundle import random_bundle

MANY = [f"i{n}" for n in range(100)]


def considered(found: dict[str, list[str]]) -> Considered:
    """Of MANY, each with its number as its one feature."""
    features = np.arange(len(MANY), dtype=np.float32)[:, None]
    return Considered(MANY, -features[:, 0], features, ("embedding",), found)


def test_what_is_kept_is_the_same_whatever_was_taken() -> None:
    request = considered({"embedding": MANY[:50], "trending": MANY[40:60]})
    kept = []
    for taken in ("i3", "i59"):
        log = RequestLog(["embedding"])
        log.add(0, request, taken)
        requests = log.requests()
        kept.append(requests.features.tolist())
        assert requests.features[requests.chosen[0], 0] == int(taken[1:])
    assert kept[0] == kept[1]
    assert len(kept[0]) == 60


def test_a_request_whose_item_stands_too_low_in_every_source_teaches_nothing() -> None:
    log = RequestLog(["embedding"])
    log.add(0, considered({"embedding": MANY, "trending": MANY[20:]}), "i99")
    log.add(0, considered({"embedding": MANY}), "nowhere")
    assert len(log.requests()) == 0
    log.add(0, considered({"embedding": MANY, "trending": ["i99"]}), "i99")
    assert len(log.requests()) == 1


def test_what_is_taken_twice_in_a_row_is_asked_for_only_where_that_counts() -> None:
    items = ["i1", "i1", "i2", "i1", "i1", "i2"]
    log = [
        Interaction(event_id=str(at), time=1_700_000_000_000 + 1000 * at, user_id="u", item_id=item)
        for at, item in enumerate(items)
    ]
    logged: list[Repeats] = ["never", "kept", "collapsed"]
    counts = [len(log_requests(random_bundle(30), log[:1], log[1:], repeats=repeats).requests()) for repeats in logged]
    assert counts == [1, 5, 3]
