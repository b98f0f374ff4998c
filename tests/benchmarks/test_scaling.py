"""A day and a burst through the autoscalers' formulae, as production's manifests are; and the formulae themselves."""

import json
from pathlib import Path

import pytest

from benchmarks.autoscaler import Autoscaler, Policy, Rules, Scaling, turns
from benchmarks.day import DAY_S, NOON, load
from benchmarks.scaled import serving, stream
from benchmarks.scaling import main, page, promises, simulate
from tests.deploy.rendered import needs_kubectl

SLOW = Scaling(
    least=2,
    most=16,
    up=Rules(0, (Policy("Percent", 100, 60),)),
    down=Rules(300, (Policy("Pods", 1, 300),)),
    targets={"cpu": 0.7, "kafka": 1000.0},
)


def looked(scaler: Autoscaler, now: int, lag: float, cpu: float = 0.7) -> int:
    return scaler.look(now, cpu, scaler.replicas, lag, "kafka")


@needs_kubectl
@pytest.mark.parametrize(("events", "requests", "items"), [(3_000, 300, 1e4), (8_000, 600, 1e6)])
def test_a_day_and_a_burst_keep_productions_promises(events: float, requests: float, items: float) -> None:
    found = simulate("production", events, requests, items)
    assert [one for one in promises(found) if not one.holds] == []
    drawn = page(found, "a day")
    assert drawn.count("<polyline") == 8
    assert "DOES NOT HOLD" not in drawn


@needs_kubectl
def test_the_program_draws_tells_and_ends_with_whether_all_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "day.html"
    given = ["scaling", "--events", "1000", "--requests", "100", "--out", str(out), "--json", f"{tmp_path}/day.json"]
    monkeypatch.setattr("sys.argv", given)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert out.read_text().endswith("</html>\n")
    assert capsys.readouterr().out.count("holds: ") == 4
    assert all(one["holds"] for one in json.loads((tmp_path / "day.json").read_bytes()))


def test_what_flaps_is_told() -> None:
    """As production's manifests were: lag of a thousand, at once, and a quarter of an hour until one is let go."""
    day = stream(SLOW._replace(down=Rules(900, (Policy("Pods", 1, 300),))), 16, 3_000, 166, 5_408)
    assert turns(day.changes, 900)


def test_replicas_are_the_metric_over_its_target_and_the_larger_of_two_decides() -> None:
    assert looked(Autoscaler(SLOW, 4), 0, 5_200) == 6
    assert looked(Autoscaler(SLOW, 4), 0, 4_000, cpu=0.9) == 6, "4 × 0.9 / 0.7 = 5.1"
    assert looked(Autoscaler(SLOW, 4), 0, 4_390) == 4, "within a tenth nothing happens"


def test_bounds_and_policies_hold() -> None:
    scaler = Autoscaler(SLOW, 4)
    assert looked(scaler, 0, 1e6) == 8, "twice as many in a minute"
    assert looked(scaler, 15, 1e6) == 8
    assert looked(scaler, 60, 1e6) == 16
    assert looked(scaler, 120, 1e9) == 16, "never more than partitions"


def test_nobody_is_let_go_before_the_window_is_over_and_then_one_at_a_time() -> None:
    scaler = Autoscaler(SLOW, 4)
    looked(scaler, 0, 6_000)
    fewer = [looked(scaler, now, 0, cpu=0.1) for now in range(15, 1_215, 15)]
    assert set(fewer[:19]) == {6}
    assert sorted(set(fewer), reverse=True) == [6, 5, 4, 3, 2]


def test_a_blip_shorter_than_the_window_adds_nobody() -> None:
    scaler = Autoscaler(SLOW._replace(up=Rules(60, SLOW.up.policies)), 4)
    assert [looked(scaler, now, lag) for now, lag in ((0, 4e3), (15, 4e4), (30, 4e4), (45, 4e4), (60, 4e3))] == [4] * 5
    assert [looked(scaler, now, 4e4) for now in (75, 90, 105, 120)][-1] == 8


def test_pods_that_are_not_ready_count_as_idle() -> None:
    assert Autoscaler(SLOW, 8).look(0, 0.9, 4, 8_000, "kafka") == 8, "4 busy ones of 8 are no reason for more"


def test_a_change_that_is_taken_back_is_a_turn() -> None:
    assert turns([(0, 2), (500, -1), (2_000, 1)], 900) == [(500, -1)]


def test_the_days_mean_is_what_was_asked_for_and_the_burst_is_three_times_it() -> None:
    quiet = NOON._replace(times=1.0)
    assert sum(load(at, 100, quiet) for at in range(0, DAY_S, 60)) / (DAY_S / 60) == pytest.approx(100, rel=0.01)
    assert load(NOON.at_s + 300, 100) == pytest.approx(3 * load(NOON.at_s + 300, 100, quiet))


def test_too_few_replicas_refuse_requests_and_that_is_no_promise_kept() -> None:
    few = SLOW._replace(least=3, most=3, targets={"cpu": 0.6, "prometheus": 80.0})
    day = serving(few, 600, 5.9)
    assert max(day.lag) > 0
    assert max(day.latency_s) == 0.5
