"""Worker processes find what one process does, and end with the first failure."""

from collections.abc import Sequence

import msgspec
import pytest

from batch.dataset import UserEvent
from batch.evaluate import Protocol
from contracts.errors import Misconfigured
from model.bundle import Bundle
from tests.batch.evaluate.logs import evaluated, noise


def failing(bundle: Bundle, log: Sequence[UserEvent]) -> Bundle:
    raise Misconfigured("nothing can be learned from it")


def test_workers_find_what_one_process_finds() -> None:
    one, two = (evaluated(noise(120), workers=workers) for workers in (0, 2))
    assert msgspec.structs.replace(one, seconds={}) == msgspec.structs.replace(two, seconds={})


def test_what_fails_in_a_worker_is_said_here() -> None:
    with pytest.raises(Misconfigured, match="nothing can be learned"):
        evaluated(noise(120), Protocol(retrain="every=5"), failing, workers=2)
