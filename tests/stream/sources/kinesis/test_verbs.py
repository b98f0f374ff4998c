"""The command line's way into and out of Kinesis, and what it says where that can't be."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contracts.errors import MoodstreamError
from contracts.settings import Settings
from moodstream.cli import app
from stream.sources.kinesis.aws import Where
from tests.aws.stream import Stream
from tests.stream.sources.kinesis.processes import CALM, Adapters


def refused(settings: Settings, *arguments: str) -> str:
    """What is said, in one line."""
    ended = CliRunner().invoke(app, [*arguments], env=settings.environment())
    assert isinstance(ended.exception, MoodstreamError), ended.output
    assert "\n" not in str(ended.exception)
    return str(ended.exception)


def place(where: Where) -> list[str]:
    return ["--region", where.region, "--endpoint", where.endpoint] if where.endpoint else []


def test_a_file_goes_through_kinesis_into_kafka(clicks: Stream, adapters: Adapters, tmp_path: Path) -> None:
    file = tmp_path / "events.csv"
    rows = [f"u{at % 3},i{at % 5},{1_700_000_000_000 + at},click," for at in range(50)]
    file.write_text("\n".join(["user_id,item_id,timestamp,kind,value", *rows]))
    sent = CliRunner().invoke(app, ["events", "send", str(file), "--kinesis", clicks.name, *place(clicks.where)])
    assert sent.exit_code == 0, sent.output
    assert f"moodstream source kinesis --stream {clicks.name}" in " ".join(sent.output.split())
    adapters.start(*CALM)
    adapters.wait_for(50)
    assert len(adapters.ids()) == 50


def test_a_stream_that_isnt_there_is_named(where: Where, settings: Settings, namespace: str) -> None:
    assert f"no stream {namespace}" in refused(settings, "source", "kinesis", "--stream", namespace, *place(where))


def test_a_time_that_is_none_is_refused(clicks: Stream, settings: Settings) -> None:
    said = refused(settings, "source", "kinesis", "--stream", clicks.name, "--from", "yesterday", *place(clicks.where))
    assert "trim-horizon" in said


def test_an_address_where_nobody_answers_is_named(where: Where, settings: Settings) -> None:
    away = ["--region", "eu-central-1", "--endpoint", "http://127.0.0.1:9"]
    assert "http://127.0.0.1:9" in refused(settings, "source", "kinesis", "--stream", "clicks", *away)


def test_an_address_without_a_stream_is_refused(settings: Settings, tmp_path: Path) -> None:
    said = refused(settings, "events", "send", str(tmp_path / "events.csv"), "--region", "eu-central-1")
    assert "--kinesis" in said


@pytest.mark.parametrize("module", ["moodstream.cli", "serving.server", "stream.worker", "moodstream.events"])
def test_nobody_else_pays_for_awss_clients(module: str) -> None:
    asked = f"import sys, {module}; print('boto3' in sys.modules or 'botocore' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "False"
