"""What is told of drift: every signal over the partitions, the alarm that was asked for, and a page to look at."""

import random
from math import isclose, nan

import pytest

from contracts.errors import Misconfigured
from contracts.rollout import Rollout
from moodstream.drift.apart import FEW, apart
from moodstream.drift.chart import Line, Moment, chart
from moodstream.drift.page import page
from moodstream.drift.told import print_alarm, print_status
from online.learn.drift.combined import standings
from online.learn.drift.drift import Drift
from online.learn.drift.partitions import Watched
from online.learn.drift.signals import ALL, watched
from tests.online.learn.drift.test_drift import PACE, notes


def two_partitions() -> Watched:
    """One in which more and more items are unknown, and one that stays as it is."""
    drifts = [Drift(number, PACE) for number in range(2)]
    for number, drift in enumerate(drifts):
        rng = random.Random(number)
        drift.take(notes(rng, 400))
        drift.change(Rollout("<b>"), 400)
        drift.take(notes(rng, 200, 401, unknown=0.8 if number == 0 else 0.05))
    return Watched({number: drift.timeline for number, drift in enumerate(drifts)})


FOUND = two_partitions()


def test_what_moved_in_one_partition_has_moved_and_the_others_are_steady() -> None:
    found = {one.about: one for one in standings(FOUND)}
    assert len(found) == len(ALL)
    moved = found["unknown-items"]
    assert moved.state == "moved"
    assert FOUND.alarm(moved.alarm_id).about == "unknown-items"
    assert found["hours"].state == "shown"
    assert found["gap"].state == "steady"
    assert found["score"].state == "learning"  # another bundle, so it's watched anew
    assert found["moods"].state == "silent"
    assert found["moods"].now is None


def test_the_newest_alarm_is_told_where_none_is_named_and_a_wrong_name_is_answered_with_right_ones() -> None:
    assert FOUND.alarm("") == FOUND.alarms[-1]
    with pytest.raises(Misconfigured, match=FOUND.alarms[-1].alarm_id):
        FOUND.alarm("nonsense-0-1")
    with pytest.raises(Misconfigured, match="there is no alarm"):
        Watched({}).alarm("")


def test_an_alarm_is_told_with_what_moved_beside_it_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    alarm = next(alarm for alarm in FOUND.alarms if alarm.about == "unknown-items")
    print_alarm(alarm, FOUND.beside(alarm))
    said = capsys.readouterr().out
    assert alarm.alarm_id in said
    assert watched("unknown-items").signal.todo in " ".join(said.split())
    assert all(name in said for name in alarm.examples)


def test_the_status_says_what_to_do_next_and_an_empty_one_why_it_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    print_status(FOUND, standings(FOUND))
    assert f"next: moodstream drift explain {FOUND.alarms[-1].alarm_id}" in capsys.readouterr().out
    print_status(Watched({}), standings(Watched({})))
    assert "nothing is watched yet" in capsys.readouterr().out


def test_the_page_has_every_signal_that_there_is_with_its_alarms_and_nothing_unescaped() -> None:
    drawn = page(FOUND)
    assert all(alarm.alarm_id in drawn for alarm in FOUND.alarms)
    assert all(f"<h2>{one.about}</h2>" in drawn for one in ALL if one.signal.name in ("gap", "items", "volume"))
    assert "bundle &lt;b&gt;" in drawn
    assert "bundle <b>" not in drawn
    assert "PSI" in drawn
    assert "What has moved?" in page(Watched({}))


def test_two_samples_are_as_far_apart_as_they_are() -> None:
    rng = random.Random(1)
    usual, same, other = ([rng.gauss(mean, 1) for _ in range(2000)] for mean in (0, 0, 2))
    still, moved = apart(usual, same), apart(usual, other)
    assert still is not None
    assert moved is not None
    assert still.psi < 0.05
    assert still.ks < 0.06
    assert moved.psi > 1
    assert isclose(moved.ks, 0.68, abs_tol=0.05)
    assert apart(usual[: FEW - 1], other) is None


def test_a_chart_of_nothing_is_nothing_and_a_flat_line_is_drawn() -> None:
    assert chart([Line([1, 2], [nan, nan])], [], (1, 2)) == ""
    assert "polyline" in chart([Line([1, 2, 3], [0.5, nan, 0.5])], [Moment(2, "best", "here")], (1, 3))
