"""docs/metrics.md is what `/metrics` shows under a real load: no more, no less."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from stream.sources.kinesis.metrics import Metrics as KinesisMetrics
from tests.observability.conftest import Observed

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "metrics.md").read_text()


class Row(NamedTuple):
    """A metric as the table or `/metrics` has it."""

    kind: str
    labels: frozenset[str]


def documented(process: str) -> dict[str, Row]:
    """The rows of the process's table."""
    (_, section), *_ = re.findall(rf"^## ({process})\b.*?\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|([^|]*)\|", section, re.MULTILINE)
    return {name: Row(kind, frozenset(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def shown(text: str) -> dict[str, Row]:
    """What is there, by the names that queries use; those of the Python process itself apart."""
    found: dict[str, Row] = {}
    for family in text_string_to_metric_families(text):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        if family.samples:
            found[name] = Row(family.type, frozenset(labels))
    return found


@pytest.mark.parametrize("process", ["serving", "stream"])
def test_every_metric_is_in_the_table_and_every_row_of_the_table_is_shown(observed: Observed, process: str) -> None:
    there, said = shown(observed.metrics(process)), documented(process)
    assert sorted(there) == sorted(said)
    for name, row in said.items():
        assert there[name].kind == row.kind, name
        assert there[name].labels == row.labels, name


def test_the_adapters_metrics_are_in_the_table() -> None:
    registry, metrics = CollectorRegistry(), KinesisMetrics()
    registry.register(metrics)
    metrics.tell("shard-0", 5)
    there, said = shown(generate_latest(registry).decode()), documented("kinesis")
    assert there == {name: row for name, row in said.items() if name.startswith("moodstream_kinesis")}


def test_the_documents_name_only_metrics_that_exist() -> None:
    known = {name for process in ("serving", "stream", "kinesis") for name in documented(process)}
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        named = set(re.findall(r"`(moodstream_[a-z_]+)(?:\{[^`]*)?`", path.read_text()))
        assert not {re.sub(r"_(bucket|count|sum)$", "", name) for name in named} - known, path.name


def test_names_follow_the_conventions_and_no_label_names_a_user(observed: Observed) -> None:
    for process in ("serving", "stream"):
        text = observed.metrics(process)
        for name, row in shown(text).items():
            assert (row.kind == "counter") == name.endswith("_total"), name
            assert not re.search(r"_(ms|milliseconds|kb|mb|percent)(_total)?$", name)
            assert row.labels <= {"route", "method", "status", "outcome", "part", "kind", "version", "bundle", "source",
                                  "call", "error", "signal", "partition"}, name  # fmt: skip
        assert 'u1"' not in text


def test_what_was_sent_is_what_is_counted(observed: Observed) -> None:
    text = observed.metrics("stream")
    for line in (
        'moodstream_events_total{kind="mood",outcome="applied"} 21.0',  # the alias brings one along
        'moodstream_events_total{kind="mood",outcome="refused"} 1.0',
        'moodstream_events_total{kind="item",outcome="applied"} 2.0',
        'moodstream_events_total{kind="unread",outcome="refused"} 1.0',
        'moodstream_events_total{kind="unread",outcome="misplaced"} 1.0',
        'moodstream_dead_letters_total{error="InvalidEvent"} 2.0',
        'moodstream_lag_events{partition="0"} 0.0',
    ):
        assert line in text
    samples = {
        s.name: s.value for family in text_string_to_metric_families(text) for s in family.samples if not s.labels
    }
    assert samples["moodstream_followed_events_total"] >= 20
    assert 0 < samples["moodstream_followed_hits_total"] <= samples["moodstream_followed_events_total"]
    assert 0 < samples["moodstream_followed_gain_total"] <= samples["moodstream_followed_hits_total"]
    assert samples["moodstream_store_memory_bytes"] < samples["moodstream_store_memory_limit_bytes"]
