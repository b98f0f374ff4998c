"""From the outcomes of all systems to what is reported."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from batch.evaluate.found import Candidates, Chosen, Evaluation, Group, Stage, intervals, means
from batch.evaluate.groups import groups
from batch.evaluate.jobs import BATCH_ONLY, FROZEN_BUNDLE, HISTORY_LIVE, WHOLE, Done, Work
from batch.evaluate.lists import coverage, directions, diversity
from batch.evaluate.outcome import Outcome, Rows
from batch.evaluate.placed import MISS
from batch.evaluate.protocol import MOST_OF_A_USER, TRAINED, Protocol
from batch.evaluate.systems import SOURCE, UNDIVERSIFIED
from batch.measures import GAINS, Drawn, Measure, all_of, gains
from contracts.events import Interaction

AT_TEN: Final = ("hr@10", "ndcg@10")
STAGES: Final = {
    "everything frozen at the split": BATCH_ONLY,
    "the user's history live": HISTORY_LIVE,
    "and learning from everybody": FROZEN_BUNDLE,
    "and the bundle fine-tuned": WHOLE,
}
FIRST: Final = (WHOLE, FROZEN_BUNDLE, UNDIVERSIFIED, HISTORY_LIVE, BATCH_ONLY)
"""Systems in the order of reports; the baselines follow, then the sources."""

Outcomes = Mapping[str, Outcome]


def summed_up(dataset: str, protocol: Protocol, work: Work, done: Mapping[str, Done], train_s: float) -> Evaluation:
    """The report of these jobs."""
    split, items = work.split, Rows()
    for item in work.bundle.catalogue:
        items.of(item.item_id)
    for event in split.log:
        if isinstance(event, Interaction):
            items.of(event.item_id)
    n_items = len(items.rows)
    outcomes = _in_order({name: one for job in done.values() for name, one in job.outcomes.onto(items).items()})
    users = np.unique([event.user_id for event, _ in split.targets], return_inverse=True)[1].astype(np.int64)
    drawn = Drawn(_columns(outcomes, GAINS), users, protocol.seed)
    measured = {name: all_of({gain: drawn.mean(f"{name} {gain}") for gain in GAINS}) for name in outcomes}
    vectors = directions(work.bundle, items)
    known = {event.user_id for event in split.head}

    def gained(better: str, worse: str) -> dict[str, Measure]:
        return {gain: drawn.difference(f"{better} {gain}", f"{worse} {gain}") for gain in GAINS}

    systems = {
        name: {
            **means(found),
            "coverage@10": coverage(outcomes[name].tops, n_items),
            "diversity@10": diversity(outcomes[name].tops, vectors),
        }
        for name, found in measured.items()
    }
    return Evaluation(
        dataset=dataset,
        protocol=protocol.text(work.schedule.words),
        chosen=Chosen(
            trained=TRAINED,
            most_of_a_user=MOST_OF_A_USER,
            repeats=protocol.repeats,
            retrain=work.schedule.name,
            max_events=protocol.max_events,
            seed=protocol.seed,
        ),
        bundle=work.bundle.version,
        bundles=done[WHOLE].bundles,
        n_events=len(users),
        n_users=int(users.max()) + 1,
        n_items=n_items,
        new_users=round(sum(event.user_id not in known for event, _ in split.targets) / len(users), 4),
        systems=systems,
        intervals={name: intervals(found) for name, found in measured.items()},
        gained={name: gained(WHOLE, name) for name in outcomes if name != WHOLE},
        freshness=_freshness(gained),
        groups={
            kind: {name: _group(outcomes, users, mask, protocol.seed) for name, mask in of.items()}
            for kind, of in groups(split).items()
        },
        candidates=_candidates(outcomes[UNDIVERSIFIED]),
        diversity_cost=gained(UNDIVERSIFIED, FROZEN_BUNDLE),
        seconds={"train": train_s, **{job: one.seconds for job, one in done.items()}},
    )


def _in_order(outcomes: Outcomes) -> dict[str, Outcome]:
    sources = sorted(name for name in outcomes if name.startswith(SOURCE))
    baselines = [name for name in outcomes if name not in FIRST and name not in sources]
    return {name: outcomes[name] for name in (*FIRST, *baselines, *sources)}


def _columns(outcomes: Outcomes, metrics: Sequence[str]) -> Iterator[tuple[str, NDArray[np.float64]]]:
    for name, outcome in outcomes.items():
        gained = gains(outcome.ranks)
        for metric in metrics:
            yield f"{name} {metric}", gained[:, GAINS.index(metric)]


def _group(outcomes: Outcomes, users: NDArray[np.int64], mask: NDArray[np.bool_], seed: int) -> Group:
    inside = {name: Outcome(one.ranks[mask], one.tops[mask]) for name, one in outcomes.items()}
    drawn = Drawn(_columns(inside, AT_TEN), users[mask], seed)
    measured = {name: {metric: drawn.mean(f"{name} {metric}") for metric in AT_TEN} for name in outcomes}
    return Group(
        n_events=int(mask.sum()),
        n_users=len(np.unique(users[mask])),
        systems={name: means(found) for name, found in measured.items()},
        intervals={name: intervals(found) for name, found in measured.items()},
    )


def _freshness(gained: Callable[[str, str], dict[str, Measure]]) -> list[Stage]:
    before = [None, *STAGES.values()]
    return [
        Stage(stage=stage, system=system, gained=gained(system, worse) if worse else {})
        for (stage, system), worse in zip(STAGES.items(), before, strict=False)
    ]


def _candidates(ranked: Outcome) -> Candidates:
    recall, at_200 = float((ranked.ranks < MISS).mean()), float((ranked.ranks < 200).mean())
    return Candidates(recall=round(recall, 6), recall_at_200=round(at_200, 6))
