"""What there is in Kafka, and what the lake has noted of it: the topics' ids, and the course of `events`."""

from typing import NamedTuple

from contracts.settings import Settings
from contracts.topics import EVENTS, Topic
from online.lake.partitions import course_of
from online.learn.course import Course
from stream import topics


class Look(NamedTuple):
    """The topics as they are."""

    ids: dict[Topic, str]
    course: Course
    """Of `events`."""
    partitions: dict[Topic, int]
    """By how many each is placed; of `events` those that are open."""


def look(settings: Settings) -> Look:
    """Look now; raises `Misconfigured` where a topic is missing, `Unavailable`, `StateUnreadable`."""
    made = topics.made(settings.kafka or "", settings.namespace)
    topic_id = made[EVENTS].id
    course = course_of(settings.lake_url, settings.namespace, topic_id, settings.partitions)
    partitions = {topic: one.partitions for topic, one in made.items()} | {EVENTS: course.present.partitions}
    return Look({topic: one.id for topic, one in made.items()}, course, partitions)
