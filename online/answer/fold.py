"""What a request's token adds to the state that was read, in memory: the events that the stream hasn't taken in."""

from collections.abc import Iterator
from typing import Final

from contracts.errors import InvalidEvent
from contracts.sharding import partition_of
from online.answer.token import KEPT, Sent, read
from online.learn.enrich import Enricher
from online.learn.fold import Working

OLDEST_MS: Final = 24 * 3600 * 1000
_MOST: Final = 4 * KEPT


def fold(user: Working, tokens: str, watermark: int, partitions: int, now: int, enricher: Enricher) -> int:
    """Fold the tokens' events beyond the shard's watermark into the user; returns how many there were.

    Raises `InvalidEvent` for a token that can't be read or that is another user's; what was folded before stays.
    """
    partition = partition_of(user.user_id, partitions)
    folded = 0
    for sent in sorted(_sent(user.user_id, tokens), key=lambda one: one.offset)[-_MOST:]:
        taken_in = sent.partition == partition and sent.offset <= watermark
        if taken_in or not now - OLDEST_MS <= sent.arrival <= now + OLDEST_MS:
            continue
        row = enricher.enrich(sent.event, partition=sent.partition, offset=sent.offset, arrival=sent.arrival)
        try:
            folded += user.apply(sent.event, row) == "applied"
        except InvalidEvent:  # it has no effect in the stream either
            continue
    return folded


def _sent(user_id: str, tokens: str) -> Iterator[Sent]:
    for text in filter(None, tokens.split(",")):
        token = read(text.strip())
        if token.user_id != user_id:
            raise InvalidEvent("the token is another user's")
        yield from token.sent
