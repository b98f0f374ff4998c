"""Two runs are compared by their ratios, and what moved is told from what only wavered."""

from pathlib import Path

import msgspec
import pytest

from benchmarks.compare import caveats, changes, main, print_changes
from benchmarks.result import Measured
from benchmarks.run_file import encoded
from tests.benchmarks.found import measured, run_of


def test_a_slower_machine_that_slows_both_changes_nothing() -> None:
    fast, slow = measured("a", [10.0, 12.0], [5.0, 6.0]), measured("a", [1.0, 1.2], [0.5, 0.6])
    (change,) = changes(run_of(fast), run_of(slow))
    assert (change.times, change.verdict) == (1.0, "as before")


@pytest.mark.parametrize(
    ("now", "verdict"), [([30.0, 34.0], "better"), ([10.0, 11.0], "worse"), ([23.0, 31.0], "as before")]
)
def test_moved_is_what_lies_outside_of_both_spreads(now: list[float], verdict: str) -> None:
    before = measured("a", [20.0, 24.0], [10.0, 10.0])
    (change,) = changes(run_of(before), run_of(measured("a", now, [10.0, 10.0])))
    assert change.verdict == verdict


def test_what_has_no_reference_is_compared_as_it_is_and_less_may_be_better() -> None:
    def bytes_of(size: float) -> Measured:
        return msgspec.structs.replace(measured("a", [size]), better="lower")

    (change,) = changes(run_of(bytes_of(200.0)), run_of(bytes_of(100.0)))
    assert (change.times, change.verdict) == (2.0, "better")


def test_a_figure_that_was_measured_once_may_waver() -> None:
    (change,) = changes(run_of(measured("a", [2.500])), run_of(measured("a", [2.501])))
    assert change.verdict == "as before"


def test_what_only_one_run_has_is_said() -> None:
    found = changes(run_of(measured("old", [1.0])), run_of(measured("new", [1.0])))
    assert [(one.name, one.verdict) for one in found] == [("new", "only in B"), ("old", "only in A")]


def test_what_may_mislead_is_said() -> None:
    said = "\n".join(caveats(run_of(load=3.0, failed={"stream": "it was late"}), run_of(cores=8)))
    assert "other machines" in said
    assert "A's machine was busy" in said
    assert "no figures of stream" in said
    assert not list(caveats(run_of(), run_of()))


def test_the_table_names_each_figure(capsys: pytest.CaptureFixture[str]) -> None:
    run = run_of(measured("a figure", [4.0], [2.0]))
    print_changes(run, run)
    said = capsys.readouterr().out
    assert "a figure" in said
    assert "2.00 [2.00, 2.00]" in said


@pytest.mark.parametrize("content", [b"{}", b"no json", b'{"kind":"another"}', b"\xff"])
def test_another_file_is_refused_in_one_line(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_bytes(encoded(run_of()))
    bad.write_bytes(content)
    monkeypatch.setattr("sys.argv", ["compare", str(good), str(bad)])
    with pytest.raises(SystemExit, match=r"bad\.json is no bench\.json of make bench") as refused:
        main()
    assert "\n" not in str(refused.value)


def test_a_missing_file_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["compare", str(tmp_path / "a"), str(tmp_path / "b")])
    with pytest.raises(SystemExit, match="can't be read"):
        main()
