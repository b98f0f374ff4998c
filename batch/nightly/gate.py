"""The promotion gate: each check has its figure, its limit and a verdict."""

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Final

from batch.measures import Measure
from batch.nightly.check import Check, at_least, at_most
from batch.nightly.measured import CANDIDATE, SERVING
from batch.nightly.night import Measured
from batch.nightly.terms import Terms

LEAST: Final = 200
"""Events foretold, below which there is no proof."""
_USUAL: Final = 0.5
"""The share of its usual NDCG@10 that the serving bundle must reach on the night's events."""
_LARGER: Final = 1.5
"""Times as many bytes an item."""
_SLOWER: Final = 1.5
"""Times as much CPU for an answer, half a millisecond aside."""
_AT_RANDOM_MS: Final = 0.5
_ECE: Final = 0.02
NAMES: Final = (
    "proof",
    "like-before",
    "quality",
    "popularity_online",
    "item_knn",
    "segments",
    "size",
    "latency",
    "calibration",
)


def gate(found: Measured, terms: Terms, items: dict[str, int], usual: Sequence[float]) -> list[Check]:
    """All checks; `items` are the two catalogues' sizes, `usual` what the serving bundles reached in earlier nights.

    Without any proof there is one check alone.
    """
    said = f"{found.events:,} events of {found.users:,} users could be foretold; it takes {LEAST}"
    proof = at_least("proof", found.events, LEAST, said)
    return [proof, *_checks(found, terms, items, usual)] if found.events else [proof]


def _checks(found: Measured, terms: Terms, items: dict[str, int], usual: Sequence[float]) -> Iterator[Check]:
    served = found.systems[SERVING]["ndcg@10"].mean
    yield _like_before(served, usual)
    yield _quality(found, served, terms.margin)
    for name, gained in found.gained.items():
        if name != SERVING:
            yield at_least(name, gained.high, 0.0, f"NDCG@10 {_by(gained)} than {name}")
    yield _segments(found, terms.segment)
    per_item = {name: size / max(1, items[name]) for name, size in found.sizes.items()}
    larger = per_item[CANDIDATE] / per_item[SERVING]
    yield at_most("size", larger, _LARGER, f"{found.sizes[CANDIDATE] / 1e6:.1f} MB, {larger:.2f} times as much an item")
    before, after = found.answer_ms[SERVING], found.answer_ms[CANDIDATE]
    said = f"{after:.2f} ms of CPU for an answer, now {before:.2f}"
    yield at_most("latency", after, _SLOWER * before + _AT_RANDOM_MS, said)
    said = f"calibrated probabilities are off by {found.ece[CANDIDATE]:.4f}, now {found.ece[SERVING]:.4f}"
    yield at_most("calibration", found.ece[CANDIDATE], found.ece[SERVING] + _ECE, said)


def _like_before(served: float, usual: Sequence[float]) -> Check:
    """Where even the bundle that has served well foretells little, it's the night that is strange: shuffled, say."""
    if not usual or not median(usual):
        return at_least("like-before", served, 0.0, "no earlier night to compare with")
    said = f"what serves now reaches NDCG@10 {served:.4f} on this night, usually {median(usual):.4f}"
    return at_least("like-before", served, _USUAL * median(usual), said)


def _quality(found: Measured, served: float, margin: float) -> Check:
    """Better, or equal within the margin: the low end of the paired interval is above it."""
    gained = found.gained[SERVING]
    said = f"NDCG@10 {found.systems[CANDIDATE]['ndcg@10'].mean:.4f}, {_by(gained)} than what serves now"
    return at_least("quality", gained.low, -margin * served, said)


def _segments(found: Measured, limit: float) -> Check:
    """By the segment that lost the largest share of its NDCG@10, at the better end of its interval."""
    lost = {name: one.high / max(found.served[name], 1e-6) for name, one in found.segments.items()}
    if not lost:
        return at_least("segments", 0.0, -limit, "none is large enough to be told apart")
    worst = min(lost, key=lambda name: lost[name])
    said = f"of {len(lost)} segments the worst is '{worst}', {_by(found.segments[worst])}"
    return at_least("segments", lost[worst], -limit, said)


def _by(gained: Measure) -> str:
    return f"{abs(gained.mean):.4f} {'better' if gained.mean >= 0 else 'worse'} [{gained.low:+.4f}, {gained.high:+.4f}]"
