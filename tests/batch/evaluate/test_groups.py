"""Every scored event is in one group of each kind, and in the right one."""

import numpy as np

from batch.evaluate.groups import groups
from batch.evaluate.protocol import Protocol
from batch.evaluate.split import split
from contracts.events import Interaction
from tests.batch.evaluate.logs import event, noise


def test_the_groups_of_a_kind_part_the_events() -> None:
    cut = split(noise(400), Protocol(repeats="kept"))
    for of in groups(cut).values():
        np.testing.assert_array_equal(sum(mask.astype(int) for mask in of.values()), 1)


def test_an_event_is_where_it_belongs() -> None:
    head = [event(n, f"u{n % 4}", "hit" if n < 60 else f"i{n}") for n in range(80)]
    long_after = 80 + 40 * 24 * 3600
    tail = [event(long_after, "u0", "i61"), event(long_after + 1, "new", "fresh"), event(long_after + 2, "new", "hit")]
    more = [event(long_after + 3 + n, "u0", f"x{n}") for n in range(17)]
    found = groups(split([*head, *tail, *more], Protocol()))
    first = {kind: [name for name, mask in of.items() if mask[0]] for kind, of in found.items()}
    second = {kind: [name for name, mask in of.items() if mask[1]] for kind, of in found.items()}
    third = {kind: [name for name, mask in of.items() if mask[2]] for kind, of in found.items()}
    assert first == {
        "known": ["known user, known item"],
        "history": ["20–49"],
        "popularity": ["least popular third"],
        "gap": ["30 days and more"],
    }
    assert second == {
        "known": ["new user, new item"],
        "history": ["0"],
        "popularity": ["unseen before the split"],
        "gap": ["first event"],
    }
    assert third["known"] == ["new user, known item"]
    assert third["popularity"] == ["most popular third"]
    assert third["gap"] == ["under a minute"]
    assert isinstance(tail[0], Interaction)
