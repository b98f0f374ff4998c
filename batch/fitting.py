"""What a ranker is fitted from after a training, in this process or, read from a folder, in another."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import torch
from threadpoolctl import threadpool_limits

from batch.log import Log, events_of
from batch.logged import HEAD, REQUESTS, WHOLE, RequestLog, Share, Tell, log_requests
from batch.plan import Repeats
from batch.ranking import Fitted, fit_ranker
from batch.replay import Logged
from model import bundle as bundles
from model.bundle import Bundle

_REST, _BUNDLE = "rest.msgpack", "bundle"


class Fitting(NamedTuple):
    """A ranker that is still to be found."""

    bundle: Bundle
    """Trained on what comes before the tail."""
    head: Sequence[Logged]
    tail: Sequence[Logged]
    seed: int
    repeats: Repeats

    def ranker(self, tell: Tell, share: Share = WHOLE, others: Callable[[], Sequence[RequestLog]] = list) -> Fitted:
        """It takes one thread, so that it is the same beside other work and alone; see `fit_ranker`."""
        with _one_thread():
            return fit_ranker(*self[:4], repeats=self.repeats, share=share, others=others, tell=tell)

    def logged(self, share: Share) -> RequestLog:
        """A share of the requests that the ranker is fitted on."""
        return log_requests(self.bundle, self.head, self.tail, repeats=self.repeats, share=share)

    def write(self, folder: Path) -> None:
        """Into a folder, for `read`."""
        bundles.write(self.bundle, folder / _BUNDLE)
        (folder / _REST).write_bytes(msgspec.msgpack.encode(self[1:]))


_decoder: Final = msgspec.msgpack.Decoder(tuple[list[Logged], list[Logged], int, Repeats])


def read(folder: Path) -> Fitting:
    """What was written into the folder."""
    return Fitting(bundles.read(folder / _BUNDLE), *_decoder.decode((folder / _REST).read_bytes()))


def last_of(log: Log, cut: int) -> tuple[list[Logged], list[Logged]]:
    """The events before and after the cut, without those that are too old to be looked at when a ranker is fitted."""
    early, late = max(0, cut - HEAD), max(cut, len(log.time) - REQUESTS - HEAD)
    return events_of(log.part(early, cut), early), events_of(log.part(late, len(log.time)), late)


@contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)
