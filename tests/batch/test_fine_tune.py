"""Going on from a bundle learns what is new, knows new items by their content, and never ends worse than it began."""

import multiprocessing
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from numpy.testing import assert_allclose

from batch.assemble import counts_of
from batch.fine_tune import fine_tune
from batch.interruption import CODE
from batch.log import of_events
from batch.progress import Progress
from batch.sequences import sequences_of
from batch.train import train_on
from batch.warm_start import warm_start
from contracts.errors import Misconfigured
from contracts.events import Interaction
from model import bundle as bundles
from model.bundle import Bundle
from model.index import FIRST, ItemIndex
from model.items import Item, content_vector
from tests.batch import synthetic
from tests.batch.test_train import ITEMS, PLAN

LATER = replace(PLAN, rate=4e-2)
LONG = synthetic.log(users=24, steps=40)
HEAD = LONG.part(0, 480)
GROWN = (Item("a new comedy", "Never seen", ("comedy",)), *ITEMS[::-1], Item("a new thing", "Neither"))


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return train_on(HEAD, ITEMS, replace(PLAN, epochs=1, final_epochs=0), now_ms=0)


def test_a_network_begins_where_its_bundle_stands_whatever_the_catalogues_order(bundle: Bundle) -> None:
    index = ItemIndex(synthetic.ids(GROWN))
    network = warm_start(bundle, GROWN, counts_of(sequences_of(LONG, index)))
    vectors, bias = network.vectors().detach().numpy(), network.bias.detach().numpy()
    for item in ITEMS:
        assert_allclose(vectors[index.row(item.item_id)], bundle.vectors[bundle.index.row(item.item_id)], atol=1e-6)
        assert bias[index.row(item.item_id)] == bundle.bias[bundle.index.row(item.item_id)]
    assert_allclose(vectors[:FIRST], bundle.vectors[:FIRST], atol=1e-6)
    assert_allclose(vectors[FIRST], content_vector(bundle.content_projection, GROWN[0]), atol=1e-6)
    assert bias[FIRST] < bundle.bias[FIRST:].min() + 1
    for name, value in network.parameters_with(network.vectors()).items():
        if name != "vectors":
            assert_allclose(value.detach().numpy(), bundle.encoder.parameters[name], atol=1e-6)


def test_it_gets_better_on_what_is_new_and_keeps_the_ranker(bundle: Bundle) -> None:
    tuned = fine_tune(bundle, LONG, GROWN, LATER, now_ms=1)
    said = tuned.metrics["fine_tune"]
    assert said["taken"]
    assert said["after"] > said["before"]
    assert said["events"] >= 100
    assert said["from"] == bundle.version != tuned.version
    assert tuned.watermark.count == len(LONG.time)
    assert tuned.ranker is bundle.ranker
    assert tuned.metrics["plan"] == bundle.metrics["plan"]
    assert [item.item_id for item in tuned.catalogue] == synthetic.ids(GROWN)


def test_one_that_gets_worse_keeps_the_old_weights_over_the_new_catalogue(bundle: Bundle) -> None:
    tuned = fine_tune(bundle, LONG, GROWN, replace(LATER, rate=1e3), now_ms=1)
    assert not tuned.metrics["fine_tune"]["taken"]
    for name, value in bundle.encoder.parameters.items():
        if name != "vectors":
            assert_allclose(tuned.encoder.parameters[name], value, atol=1e-6)
    assert tuned.index.row(ITEMS[0].item_id) == len(GROWN) + FIRST - 2
    assert_allclose(tuned.vectors[len(GROWN) + FIRST - 2], bundle.vectors[FIRST], atol=1e-6)
    assert tuned.watermark.count == len(LONG.time)
    assert tuned.popularity.sum() > bundle.popularity.sum()


def test_the_same_seed_gives_the_same_bundle(bundle: Bundle) -> None:
    first, again = (fine_tune(bundle, LONG, ITEMS, LATER, now_ms=1) for _ in range(2))
    assert first.version == again.version


def test_progress_reaches_the_end(bundle: Bundle) -> None:
    shares: list[float] = []
    fine_tune(bundle, LONG, ITEMS, LATER, lambda progress: shares.append(progress.share))
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)


def test_of_a_long_log_only_its_newer_part_is_learned_from(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    once = [(f"early{n}", n) for n in range(200)]
    early = [Interaction(event_id=user, time=n, user_id=user, item_id="r0i1", kind="click") for user, n in once]
    log = of_events([*early, *synthetic.events(users=24, steps=40)])

    def steps(recent: int) -> int:
        monkeypatch.setattr("batch.fine_tune.RECENT", recent)
        counts: list[int] = []
        fine_tune(bundle, log, ITEMS, LATER, lambda progress: counts.append(progress.batches))
        return counts[0]

    assert steps(len(LONG.time)) < steps(10_000)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_a_log_of_next_to_nothing_is_refused_or_gone_on_from(bundle: Bundle, count: int) -> None:
    few = of_events(synthetic.events(users=2, steps=4)[:count])
    if count == 0:
        with pytest.raises(Misconfigured, match="nothing can be learned"):
            fine_tune(bundle, few, ITEMS, LATER)
    else:
        assert fine_tune(bundle, few, ITEMS, LATER).watermark.count == count


def test_of_little_that_is_new_half_is_learned_and_half_decides(bundle: Bundle) -> None:
    said = fine_tune(bundle, LONG.part(0, 480 + 60), ITEMS, LATER, now_ms=1).metrics["fine_tune"]
    assert (said["events"], said["taken"]) == (30, True)
    assert said["after"] > said["before"]


def test_where_nothing_is_new_the_weights_stay_over_the_new_catalogue(bundle: Bundle) -> None:
    tuned = fine_tune(bundle, HEAD, GROWN, LATER, now_ms=1)
    assert (tuned.metrics["fine_tune"]["events"], tuned.metrics["fine_tune"]["taken"]) == (0, False)
    assert_allclose(tuned.encoder.parameters["weight_hh"], bundle.encoder.parameters["weight_hh"], atol=1e-6)
    assert len(tuned.catalogue) == len(GROWN)


def ended_at(bundle: Path, epoch: int, folder: str, number: int) -> None:
    """Fine-tune, and be sent this signal in the middle of an epoch."""

    def tell(progress: Progress) -> None:
        if (progress.epoch, progress.batch) == (epoch, 2):
            os.kill(os.getpid(), number)

    fine_tune(bundles.read(bundle), LONG, GROWN, LATER, tell, now_ms=1, folder=folder)


@pytest.mark.parametrize(("epoch", "number"), [(0, signal.SIGTERM), (1, signal.SIGTERM), (1, signal.SIGKILL)])
def test_interrupted_it_goes_on_and_ends_as_if_nothing_had_been(
    bundle: Bundle, tmp_path: Path, epoch: int, number: int
) -> None:
    bundles.write(bundle, tmp_path / "bundle")
    folder = f"file://{tmp_path}/checkpoints"
    args = tmp_path / "bundle", epoch, folder, number
    child = multiprocessing.get_context("spawn").Process(target=ended_at, args=args)
    child.start()
    child.join(120)
    assert child.exitcode == (CODE if number == signal.SIGTERM else -signal.SIGKILL)
    seen: list[tuple[int, int]] = []
    tell = lambda at: seen.append((at.epoch, at.batch))  # noqa: E731
    resumed = fine_tune(bundle, LONG, GROWN, LATER, tell, now_ms=1, folder=folder)
    assert seen[0] == (epoch, 3 if number == signal.SIGTERM else 1)
    whole = fine_tune(bundle, LONG, GROWN, LATER, now_ms=1)
    assert resumed.version == whole.version
    assert resumed.metrics["fine_tune"]["after"] == whole.metrics["fine_tune"]["after"]
