"""The estimate is right where the truth is known: unbiased, its interval covers, and it says when it can't tell."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from batch.replay import Logged
from batch.snips import FEW, Showing, estimate, explores, showings_of
from contracts.events import Impression, Interaction, Shown
from online.answer.explore import AMONG, explored
from online.learn.impressions import WINDOW_MS

USERS, ITEMS, PLACES = 60, 40, 5
Ranking = Callable[[int], list[int]]
"""The items for a user, best first."""


class Simulator:
    """Users take items by their own liking and the place, and nothing else: so each ranking's rate is known."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        world = np.random.default_rng(99)
        self._liking = world.beta(1, 6, (USERS, ITEMS))
        self._noticed = 0.9 ** np.arange(PLACES)
        self._guess = self._liking + world.normal(0, 0.1, (USERS, ITEMS))

    @cache  # noqa: B019 (as long as the test)
    def logging(self, user: int) -> list[int]:
        """What was live: it has a fair idea of everybody's liking."""
        return [int(item) for item in np.argsort(-self._guess[user])]

    @cache  # noqa: B019 (as long as the test)
    def better(self, user: int) -> list[int]:
        """Knows the liking of the twenty items that the live one shows."""
        return sorted(self.logging(user)[:AMONG], key=lambda item: -self._liking[user, item])

    @cache  # noqa: B019 (as long as the test)
    def worse(self, user: int) -> list[int]:
        """The twenty the wrong way round."""
        return self.logging(user)[:AMONG][::-1]

    @cache  # noqa: B019 (as long as the test)
    def strange(self, user: int) -> list[int]:
        """Shows what was never explored."""
        return self.logging(user)[AMONG:]

    def truth(self, ranking: Ranking) -> float:
        return float(np.mean([self._liking[user, ranking(user)[:PLACES]] * self._noticed for user in range(USERS)]))

    def showings(self, ranking: Ranking, pages: int, share: float) -> list[Showing]:
        found = []
        for number in range(pages):
            user = int(self._rng.integers(USERS))
            base, wanted = self.logging(user), ranking(user)
            order, likely = explored(f"{self._rng.integers(1 << 60)} {number}", share, 0, ITEMS)
            for place in range(PLACES):
                item = base[order[place]]
                taken = bool(self._rng.random() < self._liking[user, item] * self._noticed[place])
                found.append(Showing(f"u{user}", float(likely[place]), taken, wanted[place] == item))
        return found


@pytest.mark.parametrize("name", ["logging", "better", "worse"])
def test_it_is_unbiased_and_its_interval_covers_the_truth(name: str) -> None:
    seeds, covered, rates = 24, 0, []
    for seed in range(seeds):
        simulator = Simulator(seed)
        ranking = getattr(simulator, name)
        found = estimate(simulator.showings(ranking, 2000, share=0.5), seed)
        assert found is not None
        assert not found.warning
        truth = simulator.truth(ranking)
        covered += found.low <= truth <= found.high
        rates.append(found.rate)
    error = np.std(rates) / np.sqrt(seeds)
    assert abs(np.mean(rates) - truth) < 4 * error
    assert covered >= 0.85 * seeds


def test_it_tells_a_better_ranking_from_a_worse_one_where_the_log_alone_can_not() -> None:
    simulator = Simulator(0)
    better, worse = (
        estimate(Simulator(0).showings(ranking, 2000, 0.5)) for ranking in (simulator.better, simulator.worse)
    )
    assert better is not None
    assert worse is not None
    assert better.low > worse.high
    assert better.rate > better.logged > worse.rate
    assert better.logged == worse.logged


def test_it_says_what_it_can_not_tell() -> None:
    simulator = Simulator(0)
    certain = estimate(simulator.showings(simulator.better, 300, 0.01))
    strange = estimate(simulator.showings(simulator.strange, 500, 0.5))
    assert certain is not None
    assert strange is not None
    assert certain.supported < 0.5
    assert "too differently" in certain.warning
    few = estimate(simulator.showings(simulator.worse, 100, 0.5))
    assert few is not None
    assert few.effective < FEW
    assert "MOODSTREAM_EXPLORE" in few.warning
    assert (strange.rate, strange.effective, strange.supported) == (0, 0, 0)
    assert strange.warning
    assert estimate([]) is None


def test_logged_ranking_without_exploration_is_estimated_as_what_was_taken() -> None:
    showings = [Showing(f"u{n % 9}", 1.0, n % 4 == 0, True) for n in range(1000)]
    found = estimate(showings)
    assert found is not None
    assert found.rate == found.logged == 0.25
    assert found.effective == 1000
    assert found.supported == 1


def page(number: int, *items: str, propensity: float = 0.5) -> Impression:
    shown = [Shown(item, place, 0.0, propensity) for place, item in enumerate(items)]
    return Impression(
        event_id=f"p{number}", time=1000 * number, user_id="u", request_id=f"r{number}", bundle="b", shown=shown
    )


def take(number: int, item: str, later: int = 0) -> Interaction:
    return Interaction(event_id=f"e{number}", time=1000 * number + later, user_id="u", item_id=item, kind="like")


def test_what_was_taken_within_its_window_counts_and_a_window_that_is_open_at_the_end_does_not() -> None:
    log: list[Logged] = [
        page(0, "a", "b"),
        take(1, "b"),
        take(2, "a", WINDOW_MS),
        page(WINDOW_MS // 500, "a", "c"),
        take(9, "c"),
    ]
    log.append(take(3, "x", 2 * WINDOW_MS + 1))
    found = list(showings_of(log, {0: [True, False], 3: [True, True]}))
    assert found == [Showing("u", 0.5, False, True), Showing("u", 0.5, True, False)]
    assert explores(page(0, "a"))
    assert not explores(page(0, "a", propensity=1.0))
