"""Two processes under torchrun train what one does, each on its half of every batch; alone it is the same code."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from batch.moods import Moods
from batch.sequences import batches, part_of, sequences_of
from batch.train import train_on
from batch.world import ALONE, World, world_of
from contracts.errors import Misconfigured
from model import bundle
from model.index import FIRST, ItemIndex
from tests.batch import synthetic
from tests.batch.test_train import ITEMS, LOG, PLAN

QUIET = replace(PLAN, id_dropout=0.0, epochs=2, final_epochs=1)
"""Without chance in the network: what is drawn differs between one process and two."""


def train_one_of_many(folder: Path) -> None:
    """What each of torchrun's processes does here."""
    trained = train_on(LOG, ITEMS, QUIET, folder=folder / "checkpoints", now_ms=0)
    bundle.write(trained, folder / str(torch.distributed.get_node_local_rank()))


@pytest.mark.timeout(450)  # three processes import torch: minutes where others want the cores
def test_two_processes_train_the_same_bundle_as_one(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    subprocess.run([*command, "-m", "tests.batch.test_world", str(tmp_path)], check=True, timeout=400)
    alone = train_on(LOG, ITEMS, QUIET, now_ms=0)
    for rank in ("0", "1"):
        found = bundle.read(tmp_path / rank)
        assert found.metrics["train"]["processes"] == 2
        np.testing.assert_allclose(found.vectors, alone.vectors, atol=1e-4)
        for name, value in alone.encoder.parameters.items():
            np.testing.assert_allclose(found.encoder.parameters[name], value, atol=1e-4, err_msg=name)
    assert bundle.read(tmp_path / "0").version == bundle.read(tmp_path / "1").version


def test_the_shares_of_a_batch_make_the_whole() -> None:
    index = ItemIndex(synthetic.ids(ITEMS))
    quiet = Moods(np.zeros((len(index), 2), np.float32), 0.0, 0.0)
    whole = next(batches(sequences_of(LOG, index), quiet, np.random.default_rng(0), 100, 0.0)[1])
    shares = [part_of(whole, rank, 3) for rank in range(3)]
    assert sum(len(share.target) for share in shares) == len(whole.target)
    for rank, share in enumerate(shares):
        length = whole.tokens.item.shape[1] + 1
        np.testing.assert_array_equal(share.tokens.item, whole.tokens.item[rank::3])
        windows, read = share.after // length, share.after % length
        np.testing.assert_array_equal(share.tokens.item[windows, read], share.target)
        assert len(share.had[0]) == (share.tokens.item >= FIRST).sum()
    assert not len(part_of(whole, len(whole.tokens.item) + 1, len(whole.tokens.item) + 2).target)


def test_without_torchrun_it_is_a_world_of_one() -> None:
    with world_of(PLAN) as found:
        assert found is ALONE
        assert found.first(lambda: 7) == 7


def test_a_torchrun_that_cannot_be_joined_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.distributed, "is_torchelastic_launched", lambda: True)
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(Misconfigured, match="RANK"), world_of(PLAN):
        raise AssertionError("joined nobody")


def test_a_world_of_one_leaves_gradients_alone() -> None:
    network = torch.nn.Linear(2, 1)
    assert World().add_up(network, 1.5) == 1.5
    assert network.weight.grad is None


if __name__ == "__main__":
    train_one_of_many(Path(sys.argv[1]))
