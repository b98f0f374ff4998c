"""A bundle that serves, trained once."""

import pytest

from model.bundle import Bundle
from tests.batch.nightly.world import trained


@pytest.fixture(scope="package")
def serving() -> Bundle:
    """Trained on what was before."""
    return trained()
