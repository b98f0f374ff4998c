"""The scripts of deploy/terraform: Redis' users get their passwords unseen, and Kafka's rules name what there is."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

from contracts.topics import TOPICS
from tests.deploy.terraform import TERRAFORM

AWS: Final = """#!/usr/bin/env python3
import json, os, sys
from pathlib import Path
folder, said = Path(os.environ["FOLDER"]), sys.argv[1:]
(folder / "argv").open("a").write(" ".join(said) + "\\n")
if said[1] == "get-secret-value":
    stages = json.loads((folder / "secrets.json").read_text())[said[said.index("--secret-id") + 1]]
    stage = said[said.index("--version-stage") + 1]
    sys.exit(255) if stage not in stages else print(json.dumps({"password": stages[stage]}))
else:
    request = json.loads(Path(said[said.index("--cli-input-json") + 1].removeprefix("file://")).read_text())
    (folder / "requests").open("a").write(json.dumps(request) + "\\n")
"""
OUTPUT: Final = """#!/bin/sh
echo '{"moodstream-staging-serving": "moodstream-staging/redis/serving"}'
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where `aws` and `terraform` are stood in for."""
    for name, text in {"aws": AWS, "terraform": OUTPUT}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    return tmp_path


def _set(folder: Path, stages: dict[str, str], *argv: str) -> subprocess.CompletedProcess[str]:
    (folder / "secrets.json").write_text(json.dumps({"moodstream-staging/redis/serving": stages}))
    environment = {**os.environ, "FOLDER": str(folder), "PATH": f"{folder}:{os.environ['PATH']}"}
    script = [str(TERRAFORM / "set-redis-passwords"), *argv]
    return subprocess.run(script, env=environment, capture_output=True, text=True, timeout=60, check=False)


def _passwords(folder: Path) -> list[str]:
    request = json.loads((folder / "requests").read_text().splitlines()[-1])
    assert request["UserId"] == "moodstream-staging-serving"
    assert request["AuthenticationMode"]["Type"] == "password"
    passwords: list[str] = request["AuthenticationMode"]["Passwords"]
    return passwords


def test_a_user_gets_its_first_password(folder: Path) -> None:
    done = _set(folder, {"AWSCURRENT": "first"})
    assert done.returncode == 0, done.stderr
    assert _passwords(folder) == ["first"]


def test_after_a_rotation_both_are_good_until_the_old_one_is_taken(folder: Path) -> None:
    stages = {"AWSCURRENT": "second", "AWSPREVIOUS": "first"}
    assert _set(folder, stages).returncode == 0
    assert _passwords(folder) == ["second", "first"]
    assert _set(folder, stages, "--only-new").returncode == 0
    assert _passwords(folder) == ["second"]


def test_no_password_is_shown_or_stands_among_arguments(folder: Path) -> None:
    done = _set(folder, {"AWSCURRENT": "unseen"})
    assert "unseen" not in done.stdout + done.stderr + (folder / "argv").read_text()


def test_an_empty_secret_stops_it_with_the_way_out(folder: Path) -> None:
    done = _set(folder, {})
    assert done.returncode == 1
    assert "terraform apply" in done.stderr


def test_kafka_s_rules_name_topics_that_there_are_and_every_user() -> None:
    text = (TERRAFORM / "kafka-acls").read_text()
    assert set(re.findall(r'--topic "\$NAMESPACE\.([a-z-]+)"', text)) == {topic.name for topic in TOPICS}
    main = (TERRAFORM / "main.tf").read_text()
    (users,) = re.findall(r"^  users += setunion\((\[.*?\]),.*(\[\"kinesis\"\])", main, re.MULTILINE)
    named = set(re.findall(r'"(\w+)"', "".join(users)))
    assert set(re.findall(r"^allow (\w+) ", text, re.MULTILINE)) == named
    assert re.findall(r"^allow .*", text, re.MULTILINE)[0].startswith("allow tools All --cluster --topic '*'")
