"""The index is measured with what users' embeddings really are."""

import itertools

import numpy as np

from batch.nearest import embeddings_of
from batch.sequences import Sequences
from model import encoder
from model.tokens import Tokens, padding
from tests.fakes.bundle import random_bundle

BUNDLE = random_bundle(n_items=20, hidden=8, dim=4)


def test_embeddings_are_those_of_users_after_their_last_event() -> None:
    lengths = [3, 1, 5]
    tokens = padding(9)._replace(item=np.arange(2, 11, dtype=np.int32), weight=np.full(9, 0.5, np.float32))
    starts = np.cumsum([0, *lengths])
    sequences = Sequences(tokens, np.ones(9, np.bool_), np.arange(9), starts, len(BUNDLE.index))
    wanted = []
    for start, stop in itertools.pairwise(starts.tolist()):
        own = Tokens(*(column[None, start:stop] for column in tokens))
        states = encoder.sequence(BUNDLE.encoder.parameters, own)
        wanted.append(BUNDLE.encoder.query(states[:, -1], np.zeros(1, np.float32), np.zeros(1, np.int32))[0])
    found = embeddings_of(BUNDLE.encoder, sequences)
    order = np.random.default_rng(0).permutation(3)
    np.testing.assert_allclose(found, np.array(wanted)[order], atol=1e-5)
    assert len(embeddings_of(BUNDLE.encoder, sequences, n=2)) == 2
