"""While the lake is away memory is bounded, and what is read again for its sake counts once among what was late."""

import random
from pathlib import Path
from types import SimpleNamespace

import pytest

from contracts.errors import Unavailable
from online.lake.write import LakeWriter
from stream import agents
from tests.online.learn.logs import PARTITIONS, random_log, records
from tests.stream.test_epochs import Place, run

LOG = records(random_log(random.Random(1), 60))


def place_in(folder: Path) -> Place:
    return Place(folder, {0: LOG, PARTITIONS: []})


def late(place: Place) -> float:
    """Of how many events it was told how late they were learned."""
    return place.keeper._metrics._late.buckets()[-1][1]


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A lake that can be away."""
    found, flush = SimpleNamespace(away=False), LakeWriter.flush

    def flushed(self: LakeWriter) -> None:
        if found.away:
            raise Unavailable("the lake is away")
        flush(self)

    monkeypatch.setattr(LakeWriter, "flush", flushed)
    return found


def test_learning_waits_for_a_lake_that_owes_too_much_and_goes_on_once_it_takes(
    tmp_path: Path, lake: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents, "_OWED", 20)
    clean = place_in(tmp_path / "clean")
    run(clean.work(40))
    lake.away, place = True, place_in(tmp_path / "lake")
    with pytest.raises(Unavailable):
        run(place.work())
    assert 20 < sum(map(len, place.keeper._writers.values())) <= 27
    assert place.learner.positions()[0] < len(LOG)
    lake.away = False
    run(place.work(40))
    assert place.learner.positions()[0] == len(LOG)
    assert run(place.store.dump()) == run(clean.store.dump())


def test_what_is_read_again_for_the_lake_alone_is_late_no_second_time(tmp_path: Path, lake: SimpleNamespace) -> None:
    place, lake.away = place_in(tmp_path), True
    with pytest.raises(Unavailable):
        run(place.work())
    assert late(place) == len(LOG)
    place.begin(place.store)
    with pytest.raises(Unavailable):
        run(place.work())
    assert place.learner.positions()[0] == len(LOG)
    assert late(place) == 0
