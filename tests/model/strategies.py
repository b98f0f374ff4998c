"""Random logs for property-based tests of the encoder."""

from hypothesis import strategies as st
from numpy.random import default_rng

from contracts.kinds import MOOD_KIND
from contracts.moods import MOODS
from model.index import NO_ITEM, UNKNOWN
from model.tokens import Tokens


@st.composite
def logs(draw: st.DrawFn, rows: int, most_users: int = 6, most_events: int = 256) -> Tokens:
    """Tokens (B, T) with gaps from nothing to years, moods, unknown items; T may be 0."""
    users = draw(st.integers(1, most_users))
    events = draw(st.integers(0, most_events) | st.sampled_from([0, 1, most_events]))
    longest = draw(st.sampled_from([0.0, 1.0, 3600.0, 1e5, 1e8]))
    rng = default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = (users, events)
    kind = rng.integers(0, MOOD_KIND + 1, shape).astype("i4")
    item = rng.integers(2, rows, shape).astype("i4")
    item[rng.random(shape) < 0.2] = UNKNOWN
    item[kind == MOOD_KIND] = NO_ITEM
    mood = rng.integers(0, len(MOODS), shape).astype("i4")
    gap = (rng.random(shape) ** 4 * longest).astype("f4")
    return Tokens(item, kind, rng.uniform(-1, 1, shape).astype("f4"), mood, gap)
