"""A backfill publishes what the live system never had, once, and nothing that was erased."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from batch.bend import Bend
from contracts import events
from contracts.errors import Misconfigured
from contracts.events import Erase, Interaction
from contracts.sharding import partition_of
from moodstream.replay import backfill as backfilling
from moodstream.replay.backfill import backfill
from moodstream.replay.plan import Plan, Source
from tests.moodstream.replay.world import some_log
from tests.stream.live import PARTITIONS, Live, live

pytestmark = [pytest.mark.timeout(600), pytest.mark.redis]
CLICKS = [one for one in some_log(300) if isinstance(one, Interaction)]
HAD, NEWER, LACKING = CLICKS[:80], CLICKS[80:100], CLICKS[100:150]


@pytest.fixture
def running(kafka: str, redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Live]:
    with live(kafka, redis_url, namespace, tmp_path) as place:
        yield place


def plan(path: Path) -> Plan:
    source = Source("file", str(path), "ns")
    return Plan(source=source, since=None, until=None, warm=False, bundles=[], into="live")


def test_what_lake_or_kafka_know_is_not_published_and_the_rest_goes_the_way_of_any_event(
    running: Live, tmp_path: Path
) -> None:
    path = tmp_path / "events.csv"
    rows = [f"{one.event_id},{one.user_id},{one.item_id},{one.time},click," for one in [*HAD, *NEWER, *LACKING]]
    path.write_text("\n".join(["event_id,user_id,item_id,timestamp,kind,value", *rows]))
    running.put_in_force(1)
    running.send([*HAD, Erase(event_id="gone", time=HAD[-1].time, user_id=HAD[0].user_id)])
    worker = running.worker()
    running.wait_until_learned()
    running.stop(worker)
    running.send(NEWER)  # the lake doesn't have them yet
    before, asked = running.raws(), list[int]()

    def want(count: int) -> bool:
        asked.append(count)
        return len(asked) > 1

    assert not backfill(running.settings, plan(path), None, want)
    assert running.raws() == before
    assert backfill(running.settings, plan(path), tmp_path / "b.json", want)
    new = [raw for raw in running.raws() if raw not in before]
    assert sorted(events.decode(raw.value).event_id for raw in new) == sorted(one.event_id for one in LACKING)
    assert all(partition_of(events.decode(raw.value).key, PARTITIONS) == raw.partition for raw in new)
    assert asked == [len(LACKING)] * 2
    told = (tmp_path / "b.json").read_text()
    assert f'"published": {len(LACKING)}' in told
    assert f'"known": {len(HAD) + len(NEWER)}' in told

    assert backfill(running.settings, plan(path), None, lambda count: False)  # nothing is left to ask about
    assert len(running.raws()) == len(before) + len(new)


def test_nobody_is_asked_where_nobody_is_and_bent_events_stay_out(running: Live, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="--yes"):
        backfilling.ask(5)
    bent = Plan(
        source=Source("file", "x", "ns"),
        since=None,
        until=None,
        warm=False,
        bundles=[],
        into="live",
        bends=[Bend("bots", 1, 0.5)],
    )
    with pytest.raises(Misconfigured, match="for tests"):
        backfill(running.settings, bent, None, lambda count: True)
