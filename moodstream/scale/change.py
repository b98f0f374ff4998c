"""The change itself, in steps that may be cut off anywhere and are gone on with when the command is run again.

Note that it's begun, have Kafka add the partitions, write the cut into each old one, note where the cuts lie. The last
note is what puts it in force: until then workers hold at the cuts, and nobody reads what was added.
"""

from collections.abc import Sequence
from typing import Any, Final

from kafka import TopicPartition

from contracts import events
from contracts.errors import InvalidEvent, Misconfigured
from contracts.events import PartitionChange
from contracts.settings import Settings
from contracts.topics import EVENTS
from moodstream.scale.plan import Plan
from online.kafka import reader, to_the_end, writer
from online.lake.folder import Folder
from online.lake.partitions import Note, Opening, note, noted
from stream import topics
from stream.agents import now

_ACKNOWLEDGED_S: Final = 30.0


def change(settings: Settings, plan: Plan) -> Sequence[int]:
    """Carry it out; returns the offset of the cut in each partition that there was. Raises `Unavailable`."""
    folder = Folder(settings.lake_url, settings.namespace)
    tps = [TopicPartition(EVENTS.full_name(settings.namespace), number) for number in range(plan.before)]
    with reader(settings) as consumer:
        begun = plan.note.opening or Opening(plan.after, [consumer.end_offsets(tps)[tp] for tp in tps])
        note(folder, plan.topic_id, Note(plan.note.partitions, plan.note.cuts, begun))
        if plan.there < plan.after:
            topics.add_partitions(settings.kafka or "", settings.namespace, EVENTS, plan.after)
        cuts = _cuts(consumer, tps, begun)
        if lacking := [tp for tp in tps if tp not in cuts]:
            _write(settings, lacking, plan.after)
            cuts = _cuts(consumer, tps, begun)
    if noted(folder, plan.topic_id, plan.before).partitions != plan.note.partitions:
        raise Misconfigured("somebody else has ended this change meanwhile: run it again to see how it stands")
    found = [cuts[tp] for tp in tps]
    note(folder, plan.topic_id, Note([*plan.note.partitions, plan.after], [*plan.note.cuts, found]))
    return found


def _write(settings: Settings, tps: Sequence[TopicPartition], partitions: int) -> None:
    """A cut into each of these, acknowledged by all replicas."""
    cut = PartitionChange(event_id=f"partitions-{partitions}", time=now(), partitions=partitions)
    with writer(settings) as producer:
        sent = [producer.send(tp.topic, events.encode(cut), cut.key.encode(), partition=tp.partition) for tp in tps]
        for one in sent:
            one.get(_ACKNOWLEDGED_S)


def _cuts(consumer: Any, tps: Sequence[TopicPartition], begun: Opening) -> dict[TopicPartition, int]:
    """The first cut of each partition: there may be more of a command that was killed and run again."""
    firsts, ends = consumer.beginning_offsets(tps), consumer.end_offsets(tps)
    starts = {tp: max(firsts[tp], begun.since[tp.partition]) for tp in tps}
    found: dict[TopicPartition, int] = {}
    for record in to_the_end(consumer, starts, ends):
        if _is_cut(record.value, begun.partitions):
            found.setdefault(TopicPartition(record.topic, record.partition), record.offset)
    return found


def _is_cut(raw: bytes | None, partitions: int) -> bool:
    try:
        event = events.decode(raw or b"")
    except InvalidEvent:
        return False
    return isinstance(event, PartitionChange) and event.partitions == partitions
