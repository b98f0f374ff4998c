"""What a soak says of what it saw."""

from benchmarks.soak import CHARTS, by_minute, drawn, growth

NAMES = [name for _, names, _ in CHARTS for name in names]


def test_a_minute_is_its_mean_with_least_and_most_and_one_without_a_look_is_as_the_one_before() -> None:
    found = by_minute([(0.0, 1.0), (30.0, 3.0), (130.0, 5.0)], 3)
    assert found == [(2.0, 1.0, 3.0), (2.0, 1.0, 3.0), (5.0, 5.0, 5.0)]


def test_growth_is_the_last_quarter_over_the_second() -> None:
    flat = {name: [(float(at), 100.0) for at in range(240)] for name in NAMES}
    leaking = {**flat, "stream MB": [(float(at), 100.0 + at) for at in range(240)]}
    assert set(growth(flat, 240).values()) == {1.0}
    assert growth(leaking, 240)["stream MB"] > 1.5
    assert drawn(leaking, 4)[0].count("polyline") == 2
