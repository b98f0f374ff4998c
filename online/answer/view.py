"""What is read of a user for one answer: their record, where their shard stands, and the bundle that is theirs."""

import asyncio
from dataclasses import dataclass, field

from contracts.epochs import partitions_in
from contracts.errors import BundleRejected, InvalidEvent, StateUnreadable, StoreUnavailable
from contracts.rollout import bundle_for
from contracts.sharding import partition_of
from online.answer.answered import At
from online.answer.catalogue import Catalogue
from online.answer.deadline import Deadline
from online.answer.fold import fold
from online.answer.library import Library
from online.learn.advance import advance
from online.learn.enrich import Enricher
from online.learn.fold import Working
from online.store.protocol import ShardMeta, Store, UserRecord
from online.store.state import UserState, unpack_state

_MANY_STEPS = 8
"""More than so many are made outside the event loop."""


@dataclass
class View:
    """One user as this answer sees them."""

    user: Working
    state: UserState
    """With the hidden state stepped through all that is pending; of size 0 without a bundle."""
    catalogue: Catalogue
    meta: ShardMeta | None
    """None where the store couldn't be read."""
    partition: int
    folded: int = 0
    degraded: list[str] = field(default_factory=list)

    @property
    def watermark(self) -> At | None:
        """Where the user's shard stood when the state was read."""
        return At(self.partition, self.meta.watermark.offset, self.meta.watermark.incarnation) if self.meta else None


class Viewer:
    """Reads views; `partitions` is the number that the topic `events` was made with."""

    def __init__(self, store: Store, library: Library, enricher: Enricher, partitions: int) -> None:
        self._store = store
        self._library = library
        self._enricher = enricher
        self._partitions = partitions

    async def view(self, user_id: str, tokens: str, now: int, deadline: Deadline) -> View:
        """The user, whatever is down: an empty one where nothing can be read."""
        degraded: list[str] = []
        meta: ShardMeta | None = None
        record: UserRecord | None = None
        state = UserState()
        try:
            user_id, meta, record, state = await self._read(user_id, deadline)
        except StoreUnavailable as error:
            degraded.append(f"store: {error}")
        except StateUnreadable as error:
            degraded.append(f"state: {error}")
        catalogue = await self._catalogue(user_id, meta, state, degraded)
        incarnation = meta.watermark.incarnation if meta else ""
        user, degraded_state = _working(user_id, record, catalogue.version, incarnation)
        partitions = partitions_in(incarnation, self._partitions)
        view = View(user, user.state, catalogue, meta, partition_of(user_id, partitions))
        view.degraded += degraded + degraded_state
        self._fold(view, tokens, now, partitions)
        await _step(view)
        return view

    async def _read(self, user_id: str, deadline: Deadline) -> tuple[str, ShardMeta, UserRecord | None, UserState]:
        meta, record = await deadline.read(self._store.user(user_id))
        state = unpack_state(record.state) if record else UserState()
        if state.forward:  # an alias: what is known is the known user's
            known_as = state.forward
            meta, record = await deadline.read(self._store.user(known_as))
            return known_as, meta, record, unpack_state(record.state) if record else UserState()
        return user_id, meta, record, state

    async def _catalogue(
        self, user_id: str, meta: ShardMeta | None, state: UserState, degraded: list[str]
    ) -> Catalogue:
        """That of the bundle that the state was computed with; the current one's where it can't be had."""
        version = state.bundle or (bundle_for(user_id, meta.rollout) if meta and meta.rollout.bundle else "")
        current = self._library.current
        if not version or version == current.version:
            return current
        try:
            return await self._library.catalogue(version)
        except BundleRejected as error:
            degraded.append(f"bundle: the user is on {version}, which can't be loaded: {error}")
            return current

    def _fold(self, view: View, tokens: str, now: int, partitions: int) -> None:
        if not tokens:
            return
        watermark = view.meta.watermark.offset if view.meta else -1
        try:
            view.folded = fold(view.user, tokens, watermark, partitions, now, self._enricher)
        except InvalidEvent as error:
            view.degraded.append(f"token: {error}")


def _working(user_id: str, record: UserRecord | None, version: str, incarnation: str) -> tuple[Working, list[str]]:
    try:
        return Working(user_id, record, version, incarnation), []
    except StateUnreadable as error:
        return Working(user_id, None, version, incarnation), [f"state: {error}"]


async def _step(view: View) -> None:
    """Step the hidden state through what is pending: the token's events, or all history under another bundle."""
    bundle, user = view.catalogue.bundle, view.user
    if bundle is None or not user.pending:
        view.state = user.state
    elif len(user.pending) <= _MANY_STEPS:
        (view.state,) = advance([user], bundle)
    else:
        (view.state,) = await asyncio.to_thread(advance, [user], bundle)
