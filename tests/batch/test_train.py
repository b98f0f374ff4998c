"""Training learns, moods move it, it is the same for the same seed, and a kill costs no more than an epoch."""

import multiprocessing
import os
import shutil
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from batch import checkpoint
from batch.interruption import CODE
from batch.log import of_events
from batch.plan import LARGE, LEAST_EPOCHS, MOST_EPOCHS, ONWARD, SMALL, Plan
from batch.progress import Progress
from batch.ranking import Fitted, fit_ranker
from batch.replay import Logged
from batch.train import train, train_on
from contracts.errors import Misconfigured
from contracts.events import Impression, ItemEvent, Shown
from contracts.moods import LABELS
from model.bundle import Bundle
from model.index import FIRST
from model.items import Item, content_vector
from model.scoring import log_softmax, scores
from tests.batch import synthetic

ITEMS = synthetic.catalogue()
LOG = synthetic.log(users=24, steps=20)
PLAN = Plan(hidden=24, dim=12, epochs=4, tokens=128, rate=1e-2, dropout=0.0, threads=1, device="cpu", patience=9)


def trained(folder: Path | None = None, plan: Plan = PLAN) -> Bundle:
    return train_on(LOG, ITEMS, plan, folder=folder, now_ms=0)


def test_a_ring_is_learned() -> None:
    bundle = trained(plan=replace(PLAN, epochs=12))
    assert bundle.metrics["tail"]["ndcg@10"] > 0.5
    assert bundle.watermark.count == len(LOG.time)
    assert bundle.watermark.time == int(LOG.time.max())
    assert bundle.popularity[:FIRST].tolist() == [0, 0]


def test_the_same_seed_gives_the_same_bundle_and_another_seed_another() -> None:
    assert trained().version == trained().version != trained(plan=replace(PLAN, seed=1)).version


def test_a_mood_pulls_towards_items_of_that_mood() -> None:
    bundle = trained(plan=replace(PLAN, mood_asked=0.4, epochs=8))
    valence = {mood: mean_valence(bundle, mood) for mood in ("", "happy", "sad")}
    assert valence["happy"] > valence[""] + 0.1
    assert valence["sad"] < valence[""] - 0.1


def test_content_alone_tells_an_unknown_comedy_from_a_tragedy() -> None:
    bundle = trained(plan=replace(PLAN, id_dropout=0.5, epochs=8))
    comedy = content_vector(bundle.content_projection, Item("new", "Never seen", ("comedy",)))
    comedies, tragedies = bundle.vectors[FIRST : FIRST + 8], bundle.vectors[FIRST + 8 :]
    assert (comedies @ comedy).mean() > (tragedies @ comedy).mean()


def crash_at(phase: str, epoch: int, folder: Path) -> None:
    """Train until the middle of an epoch and die there as by kill -9."""

    def tell(progress: Progress) -> None:
        if (progress.phase, progress.epoch) == (phase, epoch) and progress.batch == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    train_on(LOG, ITEMS, PLAN, tell, folder, now_ms=0)


@pytest.mark.parametrize(("phase", "epoch"), [("tail", 2), ("all", 1)])
def test_after_kill_9_training_goes_on_and_ends_as_if_nothing_had_been(tmp_path: Path, phase: str, epoch: int) -> None:
    child = multiprocessing.get_context("spawn").Process(target=crash_at, args=(phase, epoch, tmp_path))
    child.start()
    child.join(120)
    assert child.exitcode == -signal.SIGKILL
    seen: list[tuple[str, int]] = []
    resumed = train_on(LOG, ITEMS, PLAN, lambda at: seen.append((at.phase, at.epoch)), tmp_path, now_ms=0)
    assert seen[0] == (phase, epoch)
    whole = trained()
    np.testing.assert_allclose(resumed.vectors, whole.vectors, atol=1e-5)
    for name, value in whole.encoder.parameters.items():
        np.testing.assert_allclose(resumed.encoder.parameters[name], value, atol=1e-5)


def interrupted_at(phase: str, epoch: int, folder: Path) -> None:
    """Train, and be told to end in the middle of an epoch, as a spot machine is."""

    def tell(progress: Progress) -> None:
        if (progress.phase, progress.epoch) == (phase, epoch) and progress.batch == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    train_on(LOG, ITEMS, PLAN, tell, folder, now_ms=0)


@pytest.mark.parametrize(("phase", "epoch"), [("tail", 2), ("all", 1)])
def test_after_sigterm_another_machine_goes_on_at_the_next_batch_and_ends_the_same(
    tmp_path: Path, phase: str, epoch: int
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    child = multiprocessing.get_context("spawn").Process(target=interrupted_at, args=(phase, epoch, here))
    child.start()
    child.join(120)
    assert child.exitcode == CODE
    shutil.move(here, there)
    seen: list[tuple[str, int, int]] = []
    tell = lambda at: seen.append((at.phase, at.epoch, at.batch))  # noqa: E731
    resumed = train_on(LOG, ITEMS, PLAN, tell, f"file://{there}", now_ms=0)
    assert seen[0] == (phase, epoch, 3)
    assert resumed.version == trained().version


def test_a_finished_checkpoint_gives_the_bundle_at_once_and_can_be_removed(tmp_path: Path) -> None:
    first = trained(tmp_path)
    seen: list[Progress] = []
    assert train_on(LOG, ITEMS, PLAN, seen.append, tmp_path, now_ms=0).version == first.version
    assert not seen
    checkpoint.remove(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("damage", [b"", b"nonsense" * 9])
def test_a_damaged_checkpoint_is_trained_over(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / checkpoint.NAME).write_bytes(damage)
    assert trained(tmp_path).version == trained().version


def test_a_checkpoint_of_another_plan_or_log_is_not_resumed(tmp_path: Path) -> None:
    trained(tmp_path)
    seen: list[Progress] = []
    train_on(LOG, ITEMS, replace(PLAN, seed=1), seen.append, tmp_path, now_ms=0)
    assert seen
    seen.clear()
    train_on(LOG.part(0, 300), ITEMS, replace(PLAN, seed=1), seen.append, tmp_path, now_ms=0)
    assert seen


def test_of_a_short_log_there_are_more_epochs() -> None:
    epochs = [Plan().for_log(events).epochs for events in (0, 100, SMALL // 2, SMALL, LARGE, 100 * LARGE)]
    assert epochs == [MOST_EPOCHS, MOST_EPOCHS, 25, 18, LEAST_EPOCHS, LEAST_EPOCHS]
    assert Plan(epochs=5).for_log(SMALL).epochs == 5


def test_of_a_large_log_targets_are_not_smoothed() -> None:
    assert [Plan(smoothing=0.2).for_log(events).smoothing for events in (100, LARGE - 1, LARGE)] == [0.2, 0.2, 0.0]


def test_of_a_long_log_the_network_that_was_best_on_the_tail_goes_on() -> None:
    long, short = Plan().for_log(LARGE), Plan().for_log(LARGE - 1)
    assert (long.onward, long.final_epochs, short.onward, short.final_epochs) == (True, ONWARD, False, -1)
    assert long.for_log(LARGE) == long
    kept = replace(Plan(), final_epochs=0).for_log(LARGE)
    assert (kept.onward, kept.final_epochs) == (False, 0)
    tail = trained(plan=replace(PLAN, final_epochs=0))
    onward = trained(plan=replace(PLAN, final_epochs=1, onward=True))
    anew = trained(plan=replace(PLAN, final_epochs=1))
    moved, other = (np.abs(bundle.vectors - tail.vectors).mean() for bundle in (onward, anew))
    assert 0 < moved < 0.7 * other


def test_the_ranker_is_fitted_on_what_was_shown_too(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[Logged] = []
    for event in synthetic.events(users=24, steps=20):
        page = Impression(
            event_id=f"p{event.event_id}",
            time=event.time,
            user_id=event.user_id,
            request_id="",
            bundle="",
            shown=[Shown(event.item_id, 0, 0.5, 1.0)],
        )
        events += [page, event]
    seen: list[Sequence[Logged]] = []

    def fit(*args: Any, **named: Any) -> Fitted:
        seen.extend(args[1:3])
        return fit_ranker(*args, **named)

    monkeypatch.setattr("batch.fitting.fit_ranker", fit)
    train_on(of_events(events), ITEMS, replace(PLAN, epochs=1, final_epochs=0), now_ms=0)
    assert [type(event) for part in seen for event in part] == [type(event) for event in events]


def test_progress_says_how_far_and_how_long() -> None:
    shares: list[float] = []
    train_on(LOG, ITEMS, PLAN, lambda progress: shares.append(progress.share), now_ms=0)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)


def test_events_and_item_events_train_too_and_withdrawn_items_stay_out() -> None:
    items = [
        ItemEvent(event_id=item.item_id, time=0, item_id=item.item_id, title=item.title, withdrawn=item is ITEMS[0])
        for item in ITEMS
    ]
    bundle = train(synthetic.events(users=4, steps=8), items, replace(PLAN, epochs=1, final_epochs=0))
    assert len(bundle.catalogue) == len(ITEMS) - 1
    assert ITEMS[0].item_id not in bundle.index


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_log_of_next_to_nothing_is_refused_or_trained_but_never_a_crash(count: int) -> None:
    few = of_events(synthetic.events(users=1, steps=3)[:count])
    if count == 0:
        with pytest.raises(Misconfigured, match="nothing can be learned"):
            train_on(few, ITEMS, PLAN)
    else:
        assert train_on(few, ITEMS, PLAN).watermark.count == count


def mean_valence(bundle: Bundle, mood: str) -> float:
    """Of what a new user in this mood would likely take."""
    hidden = bundle.encoder.zero(1)
    asked = bundle.encoder.query(hidden, np.zeros(1, np.float32), np.array([LABELS.index(mood)], np.int32))
    likely = np.exp(log_softmax(scores(asked, bundle.vectors, bundle.bias)[0]))
    return float(likely @ bundle.moods[:, 0])
