"""What training computes is what stream and serving will compute."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from batch import holdout, loss
from batch.assemble import assemble
from batch.log import Log
from batch.loss import surprise
from batch.moods import Moods
from batch.network import Network
from batch.plan import Plan
from batch.sequences import Sequences, batches, sequences_of
from model import encoder
from model.index import FIRST, ItemIndex
from model.items import content_vector
from model.scoring import NEVER
from model.tokens import Tokens
from tests.batch import synthetic

ITEMS = synthetic.catalogue()
INDEX = ItemIndex(synthetic.ids(ITEMS))
QUIET = Moods(np.zeros((len(INDEX), 2), np.float32), 0.0, 0.0)
LOG = synthetic.log(users=5, steps=12)
PLAN = Plan(dropout=0.0, id_dropout=0.0)


@pytest.fixture
def network() -> Network:
    torch.manual_seed(0)
    made = Network(ITEMS, 16, 8, np.ones(len(INDEX), np.float32))
    for parameter in (made.gate, made.request, made.request_bias):
        torch.nn.init.normal_(parameter, std=0.3)
    return made


def test_the_fused_kernel_equals_the_one_definition(network: Network) -> None:
    sequences = sequences_of(LOG, INDEX)
    batch = next(batches(sequences, QUIET, np.random.default_rng(0), 1000, 0.0)[1])
    tokens = Tokens(*(torch.from_numpy(column) for column in batch.tokens))
    parameters = network.parameters_with(network.vectors())
    states = network.states(parameters, tokens)
    assert not states[:, 0].any()
    torch.testing.assert_close(states[:, 1:], encoder.sequence(parameters, tokens), atol=1e-5, rtol=0)
    torch.testing.assert_close(states[:, 1:], network.gru(encoder.inputs(parameters, tokens))[0], atol=1e-5, rtol=0)


def test_the_written_out_derivative_equals_the_one_definitions(network: Network) -> None:
    batch = next(batches(sequences_of(LOG, INDEX), QUIET, np.random.default_rng(0), 1000, 0.0)[1])
    tokens = Tokens(*(torch.from_numpy(column) for column in batch.tokens))
    towards = torch.randn(*batch.tokens.item.shape, 16)

    def derivatives(states: Callable[[dict[str, torch.Tensor]], torch.Tensor]) -> list[torch.Tensor]:
        network.zero_grad()
        (states(network.parameters_with(network.vectors())) * towards).sum().backward()  # type: ignore[no-untyped-call]
        moved = (network.ids, network.projection, network.kinds, network.moods, *network.gru.parameters())
        return [parameter.grad.clone() for parameter in moved if parameter.grad is not None]

    ours = derivatives(lambda parameters: network.states(parameters, tokens)[:, 1:])
    theirs = derivatives(lambda parameters: encoder.sequence(parameters, tokens))
    assert len(ours) == len(theirs) == 8
    for own, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(own, other, atol=1e-4, rtol=1e-4)


def test_the_bundle_ranks_as_the_network_does(network: Network) -> None:
    sequences = sequences_of(LOG, INDEX)
    found = holdout.ranks(network, sequences, since=40)
    assert sorted(found.tolist()) == sorted(ranks_by_steps(network, sequences, LOG, 40))


def test_an_items_vector_is_its_id_and_what_its_content_gives_to_a_new_item(network: Network) -> None:
    projection = network.projection.detach().numpy()
    vectors = network.vectors().detach().numpy()
    for row, item in enumerate(ITEMS, FIRST):
        own = vectors[row] - network.ids.detach().numpy()[row]
        np.testing.assert_allclose(own, content_vector(projection, item), atol=1e-6)


def test_what_a_user_has_had_takes_no_part_but_comes_back_as_a_target(network: Network) -> None:
    batch = next(batches(sequences_of(LOG, INDEX), QUIET, np.random.default_rng(0), 1000, 0.0)[1])
    network.eval()
    found = surprise(network, batch, PLAN)
    assert torch.isfinite(found)
    assert found < -NEVER / 10
    assert surprise(network, batch, replace(PLAN, repeats="kept")) > found


def test_smoothing_gives_every_item_a_share_of_each_target(network: Network) -> None:
    batch = next(batches(sequences_of(LOG, INDEX), QUIET, np.random.default_rng(0), 1000, 0.0)[1])
    network.eval()
    plan = replace(PLAN, repeats="kept")
    sure, even = (surprise(network, batch, replace(plan, smoothing=share)) for share in (0.0, 1.0))
    with torch.no_grad():
        parameters = network.parameters_with(network.vectors())
        tokens = Tokens(*map(torch.from_numpy, batch.tokens))
        states = network.states(parameters, tokens).flatten(0, 1)[torch.from_numpy(batch.after)]
        queries = encoder.query(parameters, states, torch.from_numpy(batch.gap), torch.from_numpy(batch.mood))
        scores = (queries @ parameters["vectors"].T + network.bias)[:, FIRST:]
        target = torch.from_numpy(batch.target).long() - FIRST
        for share, found in ((0.0, sure), (1.0, even), (0.3, surprise(network, batch, replace(plan, smoothing=0.3)))):
            wanted = torch.nn.functional.cross_entropy(scores, target, label_smoothing=share)
            torch.testing.assert_close(found.detach(), wanted)


def test_a_sampled_softmax_is_near_the_whole_one(network: Network) -> None:
    batch = next(batches(sequences_of(LOG, INDEX), QUIET, np.random.default_rng(0), 1000, 0.0)[1])
    network.eval()
    whole = surprise(network, batch, replace(PLAN, repeats="kept"))
    sampled = surprise(network, batch, replace(PLAN, sampled_above=1, sample=20_000))
    torch.testing.assert_close(sampled, whole, atol=0.02, rtol=0)


def test_mixed_precision_loses_next_to_nothing(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = next(batches(sequences_of(LOG, INDEX), QUIET, np.random.default_rng(0), 1000, 0.0)[1])
    whole = surprise(network, batch, PLAN)
    sampled = replace(PLAN, sampled_above=1, sample=20_000)
    monkeypatch.setattr(loss, "half", lambda device: torch.autocast("cpu", torch.bfloat16))
    mixed = surprise(network, batch, PLAN)
    assert mixed.dtype == torch.float32 == surprise(network, batch, sampled).dtype
    torch.testing.assert_close(mixed, whole, atol=0.01, rtol=0)
    assert mixed != whole


def test_with_repeats_what_a_user_has_had_is_ranked_too(network: Network) -> None:
    sequences = sequences_of(LOG, INDEX)
    fewer, all_items = (holdout.ranks(network, sequences, 0, repeats=repeats) for repeats in (False, True))
    assert len(fewer) == len(all_items)
    assert (all_items >= fewer).all()
    assert all_items.sum() > fewer.sum()


def test_enough_events_are_those_of_some_users_always_the_same(network: Network) -> None:
    sequences = sequences_of(LOG, INDEX)
    some, again = (holdout.ranks(network, sequences, 0, enough=13) for _ in range(2))
    assert len(some) == 24
    np.testing.assert_array_equal(some, again)
    assert len(holdout.ranks(network, sequences, 0, enough=10_000)) == len(holdout.ranks(network, sequences, 0)) == 60


def ranks_by_steps(network: Network, sequences: Sequences, log: Log, since: int) -> list[int]:
    """The same ranks, one event after the other with the bundle's encoder."""
    bundle = assemble(network, ITEMS, log, sequences, np.zeros((len(INDEX), 2), np.float32), {}, 0)
    found = []
    for user in sorted(set(log.user)):
        hidden, before, had = bundle.encoder.zero(1), None, set[int]()
        for place in np.flatnonzero(log.user == user):
            row = INDEX.row(log.item[place])
            gap = np.array([0 if before is None else (log.time[place] - before) / 1000], np.float32)
            none = np.zeros(1, np.int32)
            if place >= since:
                scores = bundle.vectors @ bundle.encoder.query(hidden, gap, none)[0] + bundle.bias
                others = [scores[other] for other in range(FIRST, len(INDEX)) if other not in had]
                found.append(sum(score > scores[row] for score in others))
            weight = log.weight[place : place + 1]
            token = Tokens(np.array([row], np.int32), log.kind[place : place + 1], weight, none, gap)
            hidden = bundle.encoder.step(hidden, token)
            before = log.time[place]
            had.add(row)
    return [int(rank) for rank in found]
