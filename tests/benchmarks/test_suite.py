"""A benchmark that fails or takes too long costs none of the others' figures."""

import pytest

import benchmarks.__main__ as suite
from benchmarks.result import Measured
from benchmarks.suite import BENCHES
from tests.benchmarks.found import measured


def test_one_that_fails_is_told_of_and_the_others_have_their_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    def run_one(name: str, quick: bool, within_s: float) -> list[Measured]:
        if name == "store":
            raise RuntimeError("it was too late")
        return [measured(name, [1.0])]

    monkeypatch.setattr(suite, "run_one", run_one)
    run = suite.run_all(["stream", "store", "growth"], quick=True)
    assert [one.name for one in run.found] == ["stream", "growth"]
    assert run.failed == {"store": "it was too late"}
    assert run.quick


def test_all_together_have_a_quarter_of_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []

    def run_one(name: str, quick: bool, within_s: float) -> list[Measured]:
        given.append(within_s)
        return []

    monkeypatch.setattr(suite, "WITHIN_S", 100.0)
    monkeypatch.setattr(suite, "run_one", run_one)
    suite.run_all(list(BENCHES), quick=False)
    assert max(given) < 100


def test_one_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite, "_WORTH_STARTING_S", 0.0)
    with pytest.raises(RuntimeError, match=r"ended after 0 s"):
        suite.run_one("store", True, 0.2)


def test_one_without_time_is_not_started() -> None:
    with pytest.raises(RuntimeError, match="no time was left"):
        suite.run_one("store", True, 1.0)
