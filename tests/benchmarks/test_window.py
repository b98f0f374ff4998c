"""What a reference says of its window is read, and one that said nothing has none."""

import pytest

from benchmarks.references.window import Window
from benchmarks.stream import limit
from benchmarks.workers import Taken


def test_the_last_line_of_a_reference_is_its_window() -> None:
    window = Window.said("\x1b[?25l[noise]\nwindow: [2000, 0.5, 0.1]\n")
    assert window.per_s == pytest.approx(4000)
    assert window.cpu_us == pytest.approx(50)


@pytest.mark.parametrize("said", ["", "Traceback …"])
def test_a_reference_that_ended_early_has_no_window(said: str) -> None:
    with pytest.raises(ValueError, match="without having read all"):
        Window.said(said)


@pytest.mark.parametrize(
    ("workers", "redis", "kafka", "said"),
    [
        (1.9, 0.5, 0.2, "the interpreter"),
        (1.0, 0.95, 0.2, "Redis"),
        (1.7, 0.8, 1.2, "the machine"),
        (1.0, 0.3, 0.1, "waiting"),
    ],
)
def test_what_limits_is_what_is_busy_nearly_all_the_time(workers: float, redis: float, kafka: float, said: str) -> None:
    busy = {"workers": workers, "redis": redis, "kafka": kafka, "others": 0.1, "all": workers + redis + kafka + 0.1}
    taken = Taken(Window(1, 1.0, 1.0), busy)
    assert limit([taken], workers=2, cores=4).startswith(said)
