"""Topics: named apart by namespace, kept as long as stated, stamped by the broker."""

import pytest

from contracts.events import MAX_EVENT_BYTES
from contracts.topics import DAY_MS, DEAD_LETTER, ENRICHED, EVENTS, ITEMS, TOPICS, Topic


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_the_broker_stamps_every_record(topic: Topic) -> None:
    assert topic.config()["message.timestamp.type"] == "LogAppendTime"
    assert all(isinstance(value, str) for value in topic.config().values())


def test_names_differ_and_carry_the_namespace() -> None:
    names = [topic.full_name(namespace) for topic in TOPICS for namespace in ("one", "two")]
    assert len(set(names)) == 2 * len(TOPICS)
    assert EVENTS.full_name("moodstream") == "moodstream.events"


def test_events_and_dead_letters_which_hold_addresses_are_deleted_after_a_stated_time() -> None:
    for topic, days in ((EVENTS, 30), (ENRICHED, 7), (DEAD_LETTER, 90)):
        assert topic.config()["cleanup.policy"] == "delete"
        assert topic.config()["retention.ms"] == str(days * DAY_MS)


def test_the_catalogue_is_kept_for_ever() -> None:
    assert ITEMS.config()["cleanup.policy"] == "compact"
    assert "retention.ms" not in ITEMS.config()


def test_a_record_of_the_largest_event_fits() -> None:
    # a dead letter holds the raw bytes in base64, a third larger, with its reason
    assert all(int(topic.config()["max.message.bytes"]) > 2 * MAX_EVENT_BYTES for topic in TOPICS)
