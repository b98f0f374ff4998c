"""Adapters as processes between Kinesis and a real Kafka: nothing is lost, orders hold, whatever happens to them."""

from threading import Thread

from contracts.events import Event, ItemEvent
from contracts.topics import EVENTS, ITEMS
from stream.sources.kinesis.send import KinesisSender
from tests.aws.stream import Stream
from tests.stream.sources.kinesis.clicking import clicks_of
from tests.stream.sources.kinesis.processes import CALM, Adapters, in_order


def test_all_shards_are_read_and_each_user_keeps_their_order(clicks: Stream, adapters: Adapters) -> None:
    sent = clicks_of(20, 400)
    with KinesisSender(clicks.name, clicks.where) as sender:
        assert sender.send(sent) == 400
    adapters.start(*CALM)
    adapters.wait_for(400)
    assert adapters.first_orders() == in_order(sent)
    assert len(adapters.ids()) == 400


def test_a_stream_that_is_split_and_merged_under_way_keeps_orders(clicks: Stream, adapters: Adapters) -> None:
    adapters.start()
    adapters.start()
    sent: list[Event] = []
    with KinesisSender(clicks.name, clicks.where) as sender:
        for change in (clicks.split, clicks.split, clicks.merge, clicks.merge, lambda: None):
            part = clicks_of(20, 300)
            sending = Thread(target=sender.send, args=(part,))
            sending.start()
            change()
            sending.join()
            sent += part
    adapters.wait_for(len(sent))
    assert len(clicks.shards()) == 8
    assert adapters.first_orders() == in_order(sent)


def test_who_is_killed_is_taken_over_from_and_nothing_is_lost(clicks: Stream, adapters: Adapters) -> None:
    first, _ = adapters.start(), adapters.start()
    adapters.wait_for_owners(2)
    sent = clicks_of(20, 1500)
    with KinesisSender(clicks.name, clicks.where) as sender:
        sending = Thread(target=sender.send, args=(sent,))
        sending.start()
        adapters.wait_for(300)
        first.kill()
        sending.join()
    adapters.wait_for(1500)
    assert adapters.first_orders() == in_order(sent)
    adapters.wait_for_owners(1)


def test_who_was_frozen_and_wakes_up_changes_nothing(clicks: Stream, adapters: Adapters) -> None:
    zombie, _ = adapters.start(), adapters.start()
    adapters.wait_for_owners(2)
    sent = clicks_of(20, 1500)
    with KinesisSender(clicks.name, clicks.where) as sender:
        sending = Thread(target=sender.send, args=(sent,))
        sending.start()
        adapters.wait_for(300)
        zombie.freeze()
        sending.join()
        adapters.wait_for(1500)
        zombie.thaw()
        sent += (more := clicks_of(20, 100))
        sender.send(more)
    adapters.wait_for_owners(2)
    adapters.wait_for(1600)
    assert adapters.first_orders() == in_order(sent)


def test_who_is_told_to_end_leaves_a_checkpoint_and_nothing_comes_twice(clicks: Stream, adapters: Adapters) -> None:
    with KinesisSender(clicks.name, clicks.where) as sender:
        first = adapters.start(*CALM)
        sender.send(before := clicks_of(10, 200))
        adapters.wait_for(200)
        assert first.stop() == 0
        sender.send(after := clicks_of(10, 200))
    adapters.start(*CALM)
    adapters.wait_for(400)
    assert len(adapters.ids()) == 400
    assert adapters.first_orders() == in_order([*before, *after])


def test_items_go_to_their_topic(clicks: Stream, adapters: Adapters) -> None:
    adapters.start(*CALM)
    item = ItemEvent(event_id="item", time=0, item_id="50", title="Star Wars")
    with KinesisSender(clicks.name, clicks.where) as sender:
        sender.send([item, *clicks_of(1, 1)])
    adapters.wait_for(1)
    adapters.wait_until(lambda: bool(adapters.seen[ITEMS]))
    assert [record.key for record in adapters.seen[ITEMS]] == [b"50"]
    assert len(adapters.seen[EVENTS]) == 1


def test_who_comes_later_is_given_a_share_by_those_who_have_more(clicks: Stream, adapters: Adapters) -> None:
    clicks.split()
    clicks.split()
    adapters.start()
    adapters.start()
    adapters.wait_for_owners(2)
    adapters.start()
    adapters.wait_for_owners(3)
