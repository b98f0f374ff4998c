"""Topics are made once, from one table, by whoever comes first."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from contracts.errors import Misconfigured
from contracts.topics import TOPICS
from stream import topics


def test_ensure_is_idempotent_even_when_several_do_it_at_once(kafka: str, namespace: str) -> None:
    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(lambda _: topics.ensure(kafka, namespace, 2, 1), range(3)))
    assert set(made[0]) == set(TOPICS)
    assert len({tuple(ids.values()) for ids in [*made, topics.ids(kafka, namespace, 2)]}) == 1


def test_another_number_of_partitions_is_refused_with_the_way_out(kafka: str, namespace: str) -> None:
    topics.ensure(kafka, namespace, 2, 1)
    with pytest.raises(Misconfigured, match="MOODSTREAM_PARTITIONS=2"):
        topics.ensure(kafka, namespace, 4, 1)


def test_a_missing_topic_is_named(kafka: str, namespace: str) -> None:
    with pytest.raises(Misconfigured, match=f"no topic {namespace}.events"):
        topics.ids(kafka, namespace, 2)
