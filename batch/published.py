"""What others published on leave-one-out of a data set that is recognised by its size, each figure with its source."""

from typing import Final, NamedTuple

_BENCHMARK: Final = "eSASRec, 2025, arXiv:2508.06450, github.com/blondered/transformer_benchmark"


class Size(NamedTuple):
    """Of a data set."""

    users: int
    items: int
    events: int


class Published(NamedTuple):
    """Test figures of the last item of each user, ranked among all items; None where no source was at hand."""

    model: str
    hit_rate: float
    """HR@10, with one item to be found the same as recall@10."""
    ndcg: float | None
    """NDCG@10"""
    source: str


_FIGURES: Final[dict[Size, tuple[Published, ...]]] = {
    Size(6_040, 3_706, 1_000_209): (
        Published("SASRec, sampled softmax", 0.2929, 0.1684, _BENCHMARK),
        Published("SASRec+, full softmax", 0.3152, None, "A. Klenitskiy and A. Vasilev, 2023, arXiv:2309.07602"),
        Published("gSASRec", 0.3000, None, "A. Petrov and C. Macdonald, 2023, arXiv:2308.07192"),
        Published("HSTU, as run again", 0.3037, 0.1719, _BENCHMARK),
        Published("eSASRec", 0.3133, 0.1772, _BENCHMARK),
        Published("FuXi-α, as run again", 0.3164, 0.1813, _BENCHMARK),
    )
}
"""Taken from the benchmark's own tables (its README), which repeat the two papers' figures as they were reported."""


def published(size: Size) -> tuple[Published, ...]:
    """The figures on a data set of exactly this size; none where nobody is known to have published on it."""
    return _FIGURES.get(size, ())
