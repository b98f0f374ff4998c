"""What `make bench` runs, in which order, and how long each may take at most."""

from collections.abc import Callable
from typing import Final, NamedTuple

from benchmarks.result import Measured

_STARTING_S: Final = 60.0
"""For servers to come up, a topic to be filled, and a first run that doesn't count."""


class Bench(NamedTuple):
    """One benchmark."""

    what: str
    within_s: float
    """Then it's ended and has no figures."""
    run: Callable[[bool], list[Measured]]
    """Told whether to be quick: sizes that show that it works, no figures to be quoted."""


def _stream(quick: bool) -> list[Measured]:
    from benchmarks.stream import run

    return run(1, 20_000, (2,)) if quick else run(within_s=BENCHES["stream"].within_s - _STARTING_S)


def _store(quick: bool) -> list[Measured]:
    from benchmarks.store import run

    return run(2, 200) if quick else run()


def _learning(quick: bool) -> list[Measured]:
    from benchmarks.learning import run

    return run(2, 1_000) if quick else run()


def _growth(quick: bool) -> list[Measured]:
    from benchmarks.growth import run

    return run(users=(1_000,), items=(1_000,)) if quick else run()


def _serving(quick: bool) -> list[Measured]:
    from benchmarks.answered import run

    return run(repeats=2, seconds=3.0, rate=50.0, warm=5_000) if quick else run()


def _posting(quick: bool) -> list[Measured]:
    from benchmarks.handed_in import posting

    return posting(2, 2.0) if quick else posting()


def _starting(quick: bool) -> list[Measured]:
    from benchmarks.handed_in import starting

    return starting(1) if quick else starting()


BENCHES: Final = {
    "stream": Bench("the whole worker, beside stock Faust, an aiokafka loop, and more workers", 480, _stream),
    "serving": Bench("answers at a constant rate, beside a bare FastAPI", 240, _serving),
    "posting": Bench("events posted in batches of a hundred, beside a bare producer", 150, _posting),
    "starting": Bench("from a process's start to its being ready, and its memory", 90, _starting),
    "store": Bench("the store's share, beside plain commands", 120, _store),
    "learning": Bench("learning and ranking, beside river and implicit", 150, _learning),
    "growth": Bench("what users, items and history cost as they grow", 240, _growth),
}
"""Each on processes of its own, one after the other; imported only when it runs."""
