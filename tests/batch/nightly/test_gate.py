"""The gate passes what is as good within the margin, and names what isn't: on the whole, in a segment, in cost."""

import numpy as np
import pytest
from msgspec.structs import replace as changed

from batch.measures import GAINS, Measure
from batch.nightly.check import overridden, refusal
from batch.nightly.curve import ece_of
from batch.nightly.gate import NAMES, gate
from batch.nightly.night import Measured
from batch.nightly.terms import Terms

ITEMS = {"candidate": 100, "serving": 100}
SAME = Measure(0.0, -0.004, 0.004)
GOOD = Measured(
    events=1000,
    users=200,
    systems={
        name: {gain: Measure(value, value - 0.01, value + 0.01) for gain in GAINS}
        for name, value in (("serving", 0.12), ("candidate", 0.12), ("popularity_online", 0.04), ("item_knn", 0.1))
    },
    gained={"serving": SAME, "popularity_online": Measure(0.08, 0.07, 0.09), "item_knn": Measure(0.02, 0.01, 0.03)},
    segments={"history: 0": SAME, "gap: first event": SAME},
    served={"history: 0": 0.05, "gap: first event": 0.1},
    answer_ms={"serving": 3.0, "candidate": 3.1},
    ece={"serving": 0.01, "candidate": 0.012},
    sizes={"serving": 10_000_000, "candidate": 10_100_000},
)


def failed(found: Measured, usual: float = 0.13) -> list[str]:
    return [check.name for check in gate(found, Terms(), ITEMS, [usual]) if not check.ok]


def test_as_good_is_good_enough_and_every_check_is_told() -> None:
    checks = gate(GOOD, Terms(), ITEMS, [0.13])
    assert [check.name for check in checks] == list(NAMES)
    assert refusal(checks) == ""


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("proof", changed(GOOD, events=150)),
        ("quality", changed(GOOD, gained={**GOOD.gained, "serving": Measure(-0.003, -0.0061, 0.001)})),
        ("item_knn", changed(GOOD, gained={**GOOD.gained, "item_knn": Measure(-0.02, -0.03, -0.01)})),
        ("segments", changed(GOOD, segments={**GOOD.segments, "history: 0": Measure(-0.03, -0.04, -0.02)})),
        ("size", changed(GOOD, sizes={"serving": 10_000_000, "candidate": 16_000_000})),
        ("latency", changed(GOOD, answer_ms={"serving": 3.0, "candidate": 6.0})),
        ("calibration", changed(GOOD, ece={"serving": 0.01, "candidate": 0.04})),
    ],
)
def test_each_check_fails_by_itself_and_can_be_overridden_by_its_name(name: str, found: Measured) -> None:
    assert failed(found) == [name]
    checks = gate(found, Terms(), ITEMS, [0.13])
    assert f"--allow {name}" in refusal(checks)
    assert refusal(overridden(checks, [name])) == ""


def test_a_night_on_which_even_what_serves_foretells_little_is_strange() -> None:
    assert failed(GOOD, usual=0.3) == ["like-before"]


def test_of_nothing_there_is_no_proof() -> None:
    nothing = changed(GOOD, events=0, systems={}, gained={}, segments={}, served={}, answer_ms={}, ece={})
    assert [check.name for check in gate(nothing, Terms(), ITEMS, [])] == ["proof"]


def test_scores_that_order_well_become_probabilities_whatever_their_scale_and_those_that_turn_round_do_not() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 1, 8000)
    taken = rng.random(8000) < 1 / (1 + np.exp(2 - scores))
    assert ece_of(scores, taken) == pytest.approx(ece_of(1000 * scores + 7, taken), abs=1e-3)
    assert ece_of(scores, taken) < 0.02
    turned = np.concatenate([scores[:4000], -scores[4000:]])
    assert ece_of(turned, taken) > 0.05
    assert ece_of(scores[:10], taken[:10]) == 0
