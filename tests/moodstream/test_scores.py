"""The table of an evaluation fits a terminal of 100 columns and shows every system."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from contracts.errors import Misconfigured
from contracts.settings import Settings
from moodstream import scores
from moodstream.evaluation import data_set
from tests.batch.evaluate.logs import Last, evaluated, noise


class LongNamed(Last):
    name = "a_baseline_with_a_long_name"


@pytest.mark.parametrize("width", [100, 80])
def test_the_table_fits_and_names_every_system(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr(scores, "console", Console(file=written, width=width, highlight=False))
    monkeypatch.setattr(scores, "say", lambda line: None)
    found = evaluated(noise(120), baselines=[Last, LongNamed])
    scores.show(found)
    lines = written.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert "…" not in written.getvalue()
    cells = [line.split()[0] for line in lines if line.strip()]
    assert {name for name in found.systems if len(name) <= 16} <= set(cells)


def test_a_data_set_is_the_one_that_was_named(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    events = tmp_path / "mine.csv"
    assert data_set(settings, events, None, "")[:3] == ("mine", events, None)
    assert data_set(settings, events, events, "ours").name == "ours"
    with pytest.raises(Misconfigured, match="ml-1m, ml-latest-small, or moodstream data import"):
        data_set(settings, None, None, "ml-1g")
    with pytest.raises(Misconfigured, match="--items"):
        data_set(settings, None, events, "")
