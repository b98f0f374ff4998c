"""From what the bundles left to what is reported."""

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from batch.compared import Compared, buckets
from batch.evaluate.found import intervals, means
from batch.prequential import Foretold, Scored
from batch.replay import Logged
from batch.snips import Estimate, estimate, showings_of
from contracts import events
from contracts.errors import InvalidEvent
from contracts.events import Impression, Interaction, MoodEvent
from moodstream.replay import outcomes
from moodstream.replay.found import Paired, Replayed, Stretch
from moodstream.replay.spool import records
from moodstream.replay.way import Arrived, Work
from online.learn.outgoing import Raw


def summed_up(work: Work, arrived: Sequence[Arrived]) -> Replayed:
    """The report on bundles that all came to the log's end."""
    plan, log = work.plan, work.log
    systems = foretold(work)
    compared = Compared(systems, plan.seed) if len(systems[0].ranks) else None
    measured = {one.bundle: compared.of(one.bundle) for one in systems} if compared else {}
    digests = {version: one.state_digest for version, one in zip(plan.bundles, arrived, strict=True)}
    seconds = sum(one.seconds for one in arrived)
    return Replayed(
        source=plan.source.words,
        since=plan.since,
        until=plan.until,
        first=log.first,
        last=log.last,
        warm=plan.warm,
        repeats=plan.repeats,
        every=plan.every,
        seed=plan.seed,
        bends=plan.bends,
        events=log.records,
        learned_only=log.scored_from,
        refused=arrived[0].refused,
        scored=len(systems[0].ranks),
        users=len(set(systems[0].users)),
        log_digest=log.digest,
        state_digest=_one_of(list(digests.values())),
        state_digests=digests,
        systems={bundle: means(found) for bundle, found in measured.items()},
        intervals={bundle: intervals(found) for bundle, found in measured.items()},
        paired=_paired(compared, plan.bundles) if compared else [],
        over_time=over_time(systems, plan.seed),
        click_rates=click_rates(work),
        namespaces={version: plan.namespace_of(number) for number, version in enumerate(plan.bundles) if plan.into},
        seconds=round(seconds, 3),
        events_per_second=round(sum(one.records for one in arrived) / max(seconds, 1e-9), 1),
        asking=round(sum(one.asking_s for one in arrived) / max(seconds, 1e-9), 4),
    )


def foretold(work: Work) -> list[Foretold]:
    """What each bundle foretold, in the plan's order: the outcomes, with time and user read from the log again."""
    found = [outcomes.read(work.folder / f"{number}" / outcomes.EVENTS) for number in range(len(work.plan.bundles))]
    wanted = {one.place for one in found[0]}
    met = {}
    for raw in records(work.folder):
        if raw.offset in wanted:
            event = events.decode(raw.value)
            met[raw.offset] = (raw.time, event.user_id if isinstance(event, Interaction) else "")
    return [
        Foretold.of(version, [Scored(one.place, *met[one.place], one.found) for one in of])
        for version, of in zip(work.plan.bundles, found, strict=True)
    ]


def click_rates(work: Work) -> dict[str, Estimate]:
    """By bundle, where the log has pages that explored."""
    found = [outcomes.read(work.folder / f"{number}" / outcomes.PAGES) for number in range(len(work.plan.bundles))]
    if not found[0]:
        return {}
    log: list[Logged] = []
    places: dict[int, int] = {}
    for raw in records(work.folder):
        event = _logged(raw)
        if event is not None:
            places[raw.offset] = len(log)
            log.append(event)
    rates = {}
    for version, of in zip(work.plan.bundles, found, strict=True):
        showings = list(showings_of(log, {places[one.place]: one.items for one in of}))
        if one := estimate(showings, work.plan.seed):
            rates[version] = one
    return rates


def _logged(raw: Raw) -> Logged | None:
    try:
        event = events.decode(raw.value)
    except InvalidEvent:
        return None
    return event if isinstance(event, Interaction | MoodEvent | Impression) else None


def over_time(systems: Sequence[Foretold], seed: int) -> list[Stretch]:
    """HR@10 and NDCG@10 in stretches of equal length."""
    found = []
    for bucket in buckets(systems[0].times):
        compared = Compared([one.only(bucket.mask) for one in systems], seed)
        measured = {one.bundle: compared.at_ten(one.bundle) for one in systems}
        found.append(
            Stretch(
                since=bucket.since,
                until=bucket.until,
                scored=int(np.count_nonzero(bucket.mask)),
                systems={bundle: means(of) for bundle, of in measured.items()},
                intervals={bundle: intervals(of) for bundle, of in measured.items()},
            )
        )
    return found


def _paired(compared: Compared, bundles: Sequence[str]) -> list[Paired]:
    first = bundles[0]
    return [Paired(bundle=one, than=first, gained=compared.gained(one, first)) for one in bundles[1:]]


def _one_of(digests: Sequence[str]) -> str:
    if len(digests) == 1:
        return digests[0]
    return blake2b(" ".join(digests).encode(), digest_size=16).hexdigest()
