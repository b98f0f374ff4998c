"""One site for all tests of a file that change nothing, and one of its own for each that does."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.serving.admin.site import Site, running

Ran = tuple[Site, httpx.Client]


@pytest.fixture(scope="module")
def looked_at(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """Nobody changes it."""
    with running(kafka, f"admin-{secrets.token_hex(4)}", tmp_path_factory.mktemp("admin")) as ran:
        yield ran


@pytest.fixture
def ran(kafka: str, namespace: str, tmp_path: Path) -> Iterator[Ran]:
    """A test's own."""
    with running(kafka, namespace, tmp_path) as found:
        yield found
