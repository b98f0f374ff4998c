"""A run can be written, read again, shown and drawn."""

import math
from pathlib import Path

import msgspec
import pytest

from benchmarks.answered import measured as answered
from benchmarks.drawn import page
from benchmarks.provenance import provenance
from benchmarks.run_file import encoded, read
from benchmarks.shown import show
from tests.benchmarks.found import measured, run_of


def test_what_was_written_is_read(tmp_path: Path) -> None:
    run = run_of(measured("a", [1.5, 2.5], [1.0, 1.0]), failed={"stream": "late"})
    file = tmp_path / "bench.json"
    file.write_bytes(encoded(run))
    assert read(file) == run


def test_the_provenance_names_machine_versions_and_commit() -> None:
    found = provenance()
    assert found.machine.cores >= 1
    assert found.packages["faust-streaming"].startswith("0.15")


def test_the_page_draws_ratios_percentiles_and_curves() -> None:
    curve = [
        msgspec.structs.replace(measured(f"at {at}", [at]), chart="Growth <of it>", at=f"{at:.0f}") for at in (1.0, 2.0)
    ]
    shares = {"ours": {"p50": 1.0, "p99": 3.0}, "another": {"p50": 1.0, "p99": 2.0}}
    slow = msgspec.structs.replace(measured("slow", [1.0], [2.0]), percentiles=shares)
    drawn = page(run_of(measured("quick", [3.0], [2.0]), slow, *curve, failed={"stream": "it was <late>"}))
    assert drawn.count("<svg") == 3
    assert "1.50 [1.50, 1.50] × another" in drawn
    assert "Growth &lt;of it&gt;" in drawn
    assert "it was &lt;late&gt;" in drawn


def test_the_page_of_a_run_without_figures_says_why() -> None:
    assert "too late" in page(run_of(failed={"stream": "too late"}))


def test_the_table_has_figures_ratio_and_notes(capsys: pytest.CaptureFixture[str]) -> None:
    show([msgspec.structs.replace(measured("a figure", [4000.0], [2000.0]), notes={"limit": "the machine"})])
    said = capsys.readouterr().out
    assert "4,000 /s" in said
    assert "2.00 [2.00, 2.00]" in said
    assert "limit the machine" in said


SERVED = {"p50_ms": 2.0, "p99_ms": 9.0, "statuses": {}, "items_an_answer": 20.0, "whole_share": 1.0, "cores": {}}
SERVED |= {"good": 800, "asked": 800, "cpu_ms_each": [2.0]}


def test_answers_are_measured_by_their_99th_percentile_and_less_is_better() -> None:
    latency, cpu = answered({"api": SERVED | {"p99_ms_each": [9.0]}, "hello": SERVED | {"p99_ms_each": [3.0]}}, 100.0)
    assert latency.ratio == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert latency.percentiles["ours"] == {"p50": 2.0, "p99": 9.0}
    assert cpu.ratio == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("late", [math.inf, None])
def test_where_answers_were_not_given_there_is_only_their_cpu_time(late: float | None) -> None:
    (cpu,) = answered({"api": SERVED | {"p99_ms_each": [late]}, "hello": SERVED | {"p99_ms_each": [3.0]}}, 100.0)
    assert cpu.name == "cpu of answers over bare fastapi"
