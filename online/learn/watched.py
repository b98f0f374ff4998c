"""What depends on the log's order, once for each of its partitions: the calibrator, and what is watched for drift.

Imported by processes that learn only: both are river's, which brings scipy along, 1.6 s and 93 MB.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from contracts.alarms import Alarm
from online.learn import calibrator
from online.learn.batch import Batch
from online.learn.drift.block import Pace
from online.learn.drift.drift import Drift
from online.learn.drift.known import Known
from online.learn.drift.notes import notes_of
from online.learn.enrich import Enriched
from online.learn.partition import Partition


class Watched(NamedTuple):
    """What a batch has come to, to be written together."""

    calibrator: bytes
    drift: Drift
    alarms: list[Alarm]
    losses: Mapping[int, Sequence[float]]
    """By the offset of the event that decided an outcome: how surprising it was."""


def drift_of(owned: Partition, pace: Pace) -> Drift:
    """The partition's, as stored, to be moved on; it's live again once it is written. Raises `StateTooNew`."""
    drift, owned.drift = owned.drift, None
    if drift is None:
        stored = owned.calibrator
        drift = Drift(owned.number, pace, stored.running, stored.kept)
        drift.rollout = owned.unwatched or drift.rollout
    if not owned.has_begun:
        drift.begin_life()
    return drift


def watch(
    owned: Partition, drift: Drift, batch: Batch, rows: Sequence[Enriched], known: Mapping[str, Known]
) -> Watched | None:
    """Let both learn what they lack of a batch, whose users are stepped; None where that's nothing."""
    lesson = calibrator.lesson(owned.calibrator.state, batch.outcomes)
    fresh = [row for row in rows if row.offset > owned.calibrated]
    foretold = {user_id: user.foretold for user_id, user in batch.users.items()}
    notes = list(notes_of(fresh, batch.taken, lesson.losses, foretold, drift.rollout, known))
    if not notes:
        owned.drift = drift
        return None
    return Watched(lesson.state, drift, drift.take(notes), lesson.losses)
