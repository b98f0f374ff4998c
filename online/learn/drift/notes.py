"""The notes of a batch: what its events, its pages and the outcomes that it decided say of each signal."""

from collections.abc import Iterator, Mapping, Sequence

from contracts.rollout import Rollout, bundle_for
from online.learn.batch import TakenIn
from online.learn.drift.known import Known
from online.learn.drift.note import Note, of_event, of_losses, of_page
from online.learn.enrich import Enriched
from online.learn.foretold import Foretold, error_of, is_asked


def notes_of(
    rows: Sequence[Enriched],
    taken: Sequence[TakenIn],
    losses: Mapping[int, list[float]],
    foretold: Mapping[str, Foretold],
    rollout: Rollout,
    bundles: Mapping[str, Known],
) -> Iterator[Note]:
    """In the log's order, one for each record that is an event, known moods only: what has none was refused.

    `rows` are those that aren't noted yet, `taken` the events of them that have an effect."""
    events = {one.row.offset: one for one in taken}
    for row in rows:
        if (one := events.get(row.offset)) is not None:
            known = bundles.get(bundle_for(row.user_id, rollout) if rollout.canary else rollout.bundle)
            error = error_of(foretold.get(row.user_id, ()), row.offset) if is_asked(one.entry) else None
            yield of_event(row, one.entry, one.before, one.at, known, error)
        elif row.type == "impression":
            yield of_page(row)
        elif row.type != "mood" or row.mood:
            yield Note(row.offset, row.arrival, row.event_id)
        if found := losses.get(row.offset):
            yield of_losses(row, found)
