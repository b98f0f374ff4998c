"""The report needs nothing but itself, and shows every system."""

import re
from xml.etree import ElementTree

import msgspec
import pytest

from batch.evaluate import Evaluation, Protocol
from batch.evaluate.page import best_baseline, page
from tests.batch.evaluate.logs import evaluated, event, noise


@pytest.fixture(scope="module")
def found() -> Evaluation:
    return evaluated(noise(300), Protocol(retrain="never", repeats="never"))


def test_the_report_is_one_file_that_loads_nothing(found: Evaluation) -> None:
    html = page(found)
    assert not re.search(r"(src|href)=|https?://|@import|<script", html)
    for drawing in re.findall(r"<svg.*?</svg>", html):
        ElementTree.fromstring(drawing)  # noqa: S314 - our own
    assert len(re.findall("<svg", html)) >= 7
    assert all(name in html for name in found.systems)
    assert found.protocol.split(";")[0] in html


def test_names_from_outside_are_escaped(found: Evaluation) -> None:
    assert "<img" not in page(msgspec.structs.replace(found, dataset="<img>"))


def test_the_best_baseline_is_none_of_ours(found: Evaluation) -> None:
    assert best_baseline(found) == "last"


def test_a_report_of_misses_can_be_drawn() -> None:
    nothing = [*noise(80), *(event(200 + n, f"new{n}", f"never-{n}") for n in range(20))]
    assert "–" in page(evaluated(nothing))
