"""`make check-docs`: long pages, followed from the first block to the last, on the stack that each brings up."""

from pathlib import Path

import pytest

from documents.blocks import blocks
from moodstream.local.ports import free_port
from tests.documents.reader import Reader, is_run

PAGES = sorted({block.page for block in blocks() if is_run(block, "slow")})
WITHIN_S = 1800


@pytest.mark.timeout(2 * WITHIN_S)
@pytest.mark.parametrize("page", PAGES)
def test_the_page_runs(page: str, tmp_path: Path) -> None:
    port = str(free_port(set()))
    instead = {"localhost:8080": f"127.0.0.1:{port}", "PORT=8080": f"PORT={port}"}
    reader = Reader(tmp_path, {"OMP_NUM_THREADS": "1"}, instead)
    with reader.behind:
        assert reader.follow(page, "slow", WITHIN_S)
