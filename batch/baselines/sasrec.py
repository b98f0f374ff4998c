"""SASRec (W.-C. Kang and J. McAuley, 2018), with a softmax over all items (A. Klenitskiy and A. Vasilev, 2023)."""

from typing import ClassVar, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from batch.baselines.live import Live, Rows
from contracts.events import Interaction

LENGTH: Final = 50
"""Events that the transformer sees."""
MOST: Final = 20_000
"""Items that it knows."""


class SasRec(Live):
    """A small causal transformer, trained once before the split; it sees the user's live history.

    The newest tenth of each history, one event at least, is held out and says when to stop, at the latest after six
    million events. It knows the 20,000 items that are most taken before the split; popularity orders the others.
    """

    name = "sasrec"
    last: ClassVar = LENGTH
    width: ClassVar = 64
    epochs: ClassVar = 60
    """At most."""
    budget: ClassVar = 6_000_000
    """Events trained on, those of later epochs again."""
    patience: ClassVar = 3
    users: ClassVar = 64
    """Stretches of a batch."""
    rate: ClassVar = 1e-3

    def _begin(self) -> None:
        self._histories: dict[str, list[int]] = {}
        self._fits = True

    def _count(self, event: Interaction, row: int, before: Rows) -> None:
        if self._fits:
            self._histories.setdefault(event.user_id, []).append(row)

    def _fitted(self) -> None:
        self._known = np.argsort(-self.popularity.shares(), kind="stable")[:MOST]
        self._columns = {row: column for column, row in enumerate(self._known.tolist())}
        mapped = [[self._columns[row] for row in rows if row in self._columns] for rows in self._histories.values()]
        histories = [np.array(columns) for columns in mapped if len(columns) > 1]
        torch.manual_seed(0)
        self._network = _Transformer(len(self._known), self.width)
        rng = np.random.default_rng(0)
        early = [rows[: max(2, int(len(rows) * 0.9))] for rows in histories]
        late = [rows[-LENGTH:] for rows in histories if len(rows) > 2]
        optimizer = torch.optim.AdamW(self._network.parameters(), lr=self.rate)
        best, since, kept = np.inf, 0, self._network.state_dict()
        events = sum(len(columns) for columns in early)
        for epoch in range(max(1, min(self.epochs, self.budget // max(1, events))) if early else 0):
            self._epoch(optimizer, early, rng)
            found = self._surprise(late) if late else -float(epoch)
            since = 0 if found < best else since + 1
            if found < best:
                best, kept = found, {name: value.clone() for name, value in self._network.state_dict().items()}
            if since >= self.patience:
                break
        self._network.load_state_dict(kept)
        self._network.eval()
        self._fits = False
        self._histories.clear()

    def _epoch(
        self, optimizer: torch.optim.Optimizer, histories: list[NDArray[np.int64]], rng: np.random.Generator
    ) -> None:
        self._network.train()
        stretches = [stretch for rows in histories for stretch in _stretches(rows, int(rng.integers(LENGTH)))]
        order = rng.permutation(len(stretches))
        for start in range(0, len(order), self.users):
            batch = _padded([stretches[place] for place in order[start : start + self.users]])
            loss = self._loss(batch, batch[:, 1:] > 0)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
            optimizer.step()

    @torch.inference_mode()
    def _surprise(self, late: list[NDArray[np.int64]]) -> float:
        """At the newest events of these histories, which the epoch didn't see, in nats."""
        self._network.eval()
        total = count = 0.0
        for start in range(0, len(late), self.users):
            part = late[start : start + self.users]
            batch = _padded([rows + 1 for rows in part])
            held = torch.zeros_like(batch[:, 1:], dtype=torch.bool)
            for place, rows in enumerate(part):
                held[place, len(rows) - 1 - max(1, len(rows) // 10) : len(rows) - 1] = True
            total += float(self._loss(batch, held)) * float(held.sum())
            count += float(held.sum())
        return total / count

    def _loss(self, batch: Tensor, counts: Tensor) -> Tensor:
        states = self._network(batch[:, :-1])[counts]
        return nn.functional.cross_entropy(self._network.scores(states), batch[:, 1:][counts] - 1)

    @torch.inference_mode()
    def _scores(self, user_id: str, latest: Rows) -> NDArray[np.floating]:
        found = np.zeros(len(self.items))
        known = [self._columns[row] + 1 for row in reversed(latest) if row in self._columns]
        if known:
            state = self._network(torch.tensor([known]))[0, -1]
            found[self._known] = torch.softmax(self._network.scores(state), dim=0).numpy()
        return found


class _Transformer(nn.Module):
    """Two blocks; items are numbered from 1, 0 is padding at the end."""

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.count = count
        self.items = nn.Embedding(count + 1, width, padding_idx=0)
        self.places = nn.Embedding(LENGTH, width)
        nn.init.normal_(self.items.weight, std=width**-0.5)
        nn.init.normal_(self.places.weight, std=0.02)
        self.drop = nn.Dropout(0.3)
        block = nn.TransformerEncoderLayer(width, 2, width * 2, dropout=0.3, batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(block, 2, nn.LayerNorm(width), enable_nested_tensor=False)

    def forward(self, items: Tensor) -> Tensor:
        """The states (B, T, width) after each of the items (B, T), T at most LENGTH."""
        length = items.shape[1]
        inputs = self.drop(self.items(items) + self.places.weight[:length])
        causal = nn.Transformer.generate_square_subsequent_mask(length)
        states: Tensor = self.blocks(inputs, mask=causal, is_causal=True)
        return states

    def scores(self, states: Tensor) -> Tensor:
        """Of all items, (…, count)."""
        return states @ self.items.weight[1:].T


def _stretches(rows: NDArray[np.int64], offset: int) -> list[NDArray[np.int64]]:
    """A history in stretches of LENGTH + 1, overlapping by one, cut at another place each time; numbered from 1."""
    first = offset if len(rows) > LENGTH else LENGTH
    cuts = [0, *range(first, len(rows) - 1, LENGTH)] if first else list(range(0, len(rows) - 1, LENGTH))
    ends = [*cuts[1:], len(rows) - 1]
    return [rows[start : end + 1] + 1 for start, end in zip(cuts, ends, strict=True) if end > start]


def _padded(stretches: list[NDArray[np.int64]]) -> Tensor:
    whole = np.zeros((len(stretches), max(len(one) for one in stretches)), np.int64)
    for row, one in zip(whole, stretches, strict=True):
        row[: len(one)] = one
    return torch.from_numpy(whole)
