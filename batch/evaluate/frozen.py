"""A ranker for states and counts that stay as they were: what `batch_only` is given, so that it isn't put at odds."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch

from batch import checkpoint
from batch.assemble import assemble, counts_of
from batch.epoch import optimizer_of
from batch.log import events_of, of_events
from batch.network import Network
from batch.plan import Plan, Repeats
from batch.ranking import fit_ranker
from batch.replay import Logged, UserEvent, is_target
from batch.sequences import sequences_of
from model.affect import affects_by_row
from model.bundle import Bundle
from model.index import ItemIndex
from model.items import Item

_REQUESTS: Final = 5000
"""About so many teach it: all of some users."""


def held_out(folder: Path, head: Sequence[UserEvent], items: Sequence[Item], plan: Plan) -> Bundle | None:
    """The bundle as it was before it saw the end of `head`, from the checkpoint that its training left in a folder.

    Its watermark counts the events that it saw. None where nothing was held out or nothing is there.
    """
    log = of_events(head)
    plan = plan.for_log(len(log.time))
    cut = int(len(log.time) * (1 - plan.tail))
    early = log.part(0, cut)
    seen = sequences_of(early, ItemIndex(item.item_id for item in items))
    if not seen.target.any():
        return None
    network = Network(items, plan.hidden, plan.dim, counts_of(seen))
    found = checkpoint.load(checkpoint.read(folder), network, optimizer_of(network, plan), {})
    if found is None or not found.best:
        return None
    network.load_state_dict({name: value.cpu() for name, value in found.best.items()})
    return assemble(network.eval(), items, early, seen, affects_by_row(items), {}, now_ms=0)


def for_frozen(bundle: Bundle, before: Bundle, head: Sequence[UserEvent], repeats: Repeats, seed: int) -> Bundle:
    """The bundle with a ranker fitted on the end of `head`, of which `before` saw nothing, while nothing is learned."""
    torch.set_num_threads(1)
    log, cut = of_events(head), before.watermark.count
    early, late = events_of(log.part(0, cut)), events_of(log.part(cut, len(log.time)), cut)
    fitted = fit_ranker(before, early, _of_some(late, seed), seed, live=False, repeats=repeats)
    return replace(bundle, ranker=fitted.ranker())


def _of_some(events: Sequence[Logged], seed: int) -> list[Logged]:
    """The events of as many users, drawn at random, as have the requests together."""
    wanted = Counter(event.user_id for event in events if is_target(event))
    users = np.random.default_rng(seed).permutation(sorted(wanted)).tolist()
    total = np.cumsum([wanted[user] for user in users])
    drawn = set(users[: int(np.searchsorted(total, _REQUESTS)) + 1])
    return [event for event in events if event.user_id in drawn]
