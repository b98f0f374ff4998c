"""schemathesis, every check and every phase on, against the OpenAPI document that is served."""

import os
import re
import subprocess
import sys

import pytest

from contracts.settings import Settings
from online.store.memory import MemoryStore
from serving.pulse import STREAM
from tests.fakes.bundle import random_bundle
from tests.fakes.publisher import MemoryPublisher
from tests.fakes.shelf import MemoryShelf
from tests.serving.api import served

TOKEN = "a token of the tests"  # noqa: S105 - no secret
EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "15")
"""Test cases an operation in each phase that draws them."""
LEAST = 1500
"""Test cases in all, so that a phase that quietly stops is seen."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("token", [TOKEN, ""], ids=["token", "open"])
def test_what_the_document_says_is_what_the_api_does(token: str) -> None:
    parts = MemoryStore(), MemoryShelf(random_bundle(100, 1)), MemoryPublisher()
    with served(Settings(api_token=token), *parts) as http:
        address = str(http.base_url).rstrip("/")
        header = ["-H", f"Authorization: Bearer {token}"] if token else []
        command = ["run", f"{address}/openapi.json", *header, "--checks", "all", "--mode", "all"]
        command += ["--exclude-path", STREAM]  # it never ends
        command += ["--max-examples", EXAMPLES, "--seed", "7", "--no-color"]
        said = subprocess.run(
            [sys.executable, "-m", "schemathesis.cli", *command],
            env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks"},
            capture_output=True,
            text=True,
            timeout=580,
            check=False,
        )
    assert said.returncode == 0, said.stdout[-6000:] + said.stderr[-2000:]
    found = re.search(r"([\d,]+) generated", said.stdout)
    assert found, said.stdout[-2000:]
    assert int(found[1].replace(",", "")) > LEAST
