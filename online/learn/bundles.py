"""The bundles that learning needs, loaded off the event loop and kept for as long as some state is on them."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Protocol

from contracts.errors import BundleRejected, BundleUnavailable, MoodstreamError, Unavailable
from contracts.rollout import Rollout
from model.bundle import Bundle
from online.learn.drift.known import Known


class Shelf(Protocol):
    """Where bundles are kept: `model.shelf.Shelf`, or a test's dictionary."""

    def load(self, version: str) -> Bundle:
        """Raises `BundleRejected`, `Unavailable`."""


class Bundles:
    """Loaded bundles by version."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._loaded: dict[str, Bundle] = {}
        self._known: dict[str, Known] = {}

    async def get(self, version: str) -> Bundle:
        """A bundle that states are on; raises `BundleUnavailable`, since nothing can be learned without it."""
        try:
            return await self.open(version)
        except BundleRejected as error:
            raise BundleUnavailable(f"users' states are on bundle {version}, which can't be loaded: {error}") from error

    async def warm(self, rollouts: Iterable[Rollout]) -> None:
        """Load what will be needed, so that no event waits for it; what can't be loaded is met when it's needed."""
        for rollout in rollouts:
            for version in filter(None, (rollout.bundle, rollout.canary)):
                with suppress(MoodstreamError):
                    await self.open(version)

    async def known(self, rollout: Rollout) -> dict[str, Known]:
        """Which items the rollout's bundles know; without one that can't be loaded any more."""
        for version in filter(None, (rollout.bundle, rollout.canary)):
            if version not in self._known:
                with suppress(BundleRejected):
                    self._known[version] = Known(await self.open(version))
        return self._known

    async def open(self, version: str) -> Bundle:
        """A bundle that may be new here, read once, since it's immutable.

        Raises `BundleRejected`, and `BundleUnavailable` where its place can't be reached.
        """
        if version not in self._loaded:
            try:
                self._loaded[version] = await asyncio.to_thread(self._shelf.load, version)
            except Unavailable as error:
                raise BundleUnavailable(f"bundle {version} can't be read at the moment: {error}") from error
        return self._loaded[version]
