"""The bundles in memory, with the catalogue's changes laid over each; loaded and changed off the request path."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from contracts.errors import BundleRejected, MoodstreamError
from contracts.events import ItemEvent
from model.bundle import Bundle
from online.answer.catalogue import Catalogue, catalogue
from online.store.protocol import Store

KEPT: Final = 4
LOAD_WAIT_S: Final = 1.0
"""How long a request waits for a bundle that a state is on and that isn't loaded yet."""
RETRY_S: Final = 30.0
_STORE_WAIT_S: Final = 5.0


class Shelf(Protocol):
    """Where bundles are kept: `model.shelf.Shelf`, or a test's dictionary."""

    def current(self) -> str | None: ...
    def previous(self) -> str | None: ...
    def load(self, version: str) -> Bundle: ...


class Library:
    """What answers are made from besides the store; `refresh` every second keeps it true."""

    def __init__(self, shelf: Shelf, store: Store) -> None:
        self._shelf = shelf
        self._store = store
        self._raw: dict[str, bytes] = {}
        self._changes: dict[str, ItemEvent] = {}
        self._known_changes = -1
        self._catalogues: OrderedDict[str, Catalogue] = OrderedDict()
        self._loading: dict[str, asyncio.Task[Catalogue]] = {}
        self._failed: dict[str, tuple[float, str]] = {}
        self._laying = asyncio.Lock()
        self.current: Catalogue = catalogue(None, {})
        """What the shelf's pointer names; without a bundle, what the store says of items."""
        self.prepares: list[Callable[[Catalogue], object]] = []
        """What is made of each catalogue before a request sees it."""
        self.degraded: dict[str, str] = {}
        """What is wrong now: part → reason."""

    async def refresh(self) -> None:
        """Look for a new current bundle and for changed items; what fails is said in `degraded` and tried again."""
        await self._refresh_items()
        await self._refresh_current()

    async def catalogue(self, version: str) -> Catalogue:
        """The catalogue of this bundle; raises `BundleRejected` where it can't be had in time."""
        if version in self._catalogues:
            self._catalogues.move_to_end(version)
            return self._catalogues[version]
        try:
            return await asyncio.wait_for(asyncio.shield(self._load(version)), LOAD_WAIT_S)
        except TimeoutError as error:
            raise BundleRejected(f"bundle {version} is being loaded") from error

    def reasons(self) -> list[str]:
        """What is wrong now, as answers say it."""
        return [f"{part}: {reason}" for part, reason in self.degraded.items()]

    async def close(self) -> None:
        """End what is being loaded."""
        for task in list(self._loading.values()):
            task.cancel()
        await asyncio.gather(*self._loading.values(), return_exceptions=True)

    async def _refresh_current(self) -> None:
        try:
            wanted = await asyncio.to_thread(self._shelf.current)
        except (MoodstreamError, OSError, ValueError) as error:
            self.degraded["bundle"] = f"the shelf can't be read: {error}"
            return
        if wanted is None:
            self.degraded["bundle"] = "none was published yet"
            return
        if wanted == self.current.version:
            self.degraded.pop("bundle", None)
            return
        try:
            self.current = await self._load(wanted)
            self.degraded.pop("bundle", None)
        except BundleRejected as error:
            self.degraded["bundle"] = f"the current one can't be loaded: {error}"
            if self.current.bundle is None:
                await self._fall_back()

    async def _fall_back(self) -> None:
        """The bundle before the current one, where nothing else is loaded."""
        try:
            if previous := await asyncio.to_thread(self._shelf.previous):
                self.current = await self._load(previous)
        except (MoodstreamError, OSError, ValueError):
            return  # `degraded` says already why there is none

    async def _refresh_items(self) -> None:
        try:
            async with asyncio.timeout(_STORE_WAIT_S):
                changes, raw = await self._store.items(self._known_changes)
        except (MoodstreamError, TimeoutError) as error:
            self.degraded["items"] = f"changes of the catalogue can't be read: {error or 'the store is slow'}"
            return
        self.degraded.pop("items", None)
        if changes == self._known_changes or (not raw and not self._raw):
            self._known_changes = changes
            return
        async with self._laying:
            self._changes = await asyncio.to_thread(self._decoded, raw)
            self._raw = raw
            for version, old in list(self._catalogues.items()):
                self._catalogues[version] = await asyncio.to_thread(self._laid, old.bundle)
            laid = self._catalogues.get(self.current.version)
            if laid is None:
                laid = await asyncio.to_thread(self._laid, self.current.bundle)
            self.current = laid
        self._known_changes = changes

    def _laid(self, bundle: Bundle | None) -> Catalogue:
        laid = catalogue(bundle, self._changes)
        for prepare in self.prepares:
            prepare(laid)
        return laid

    def _decoded(self, raw: dict[str, bytes]) -> dict[str, ItemEvent]:
        changed = {item_id: content for item_id, content in raw.items() if self._raw.get(item_id) != content}
        kept = {item_id: self._changes[item_id] for item_id in raw if item_id not in changed}
        return kept | {item_id: msgspec.json.decode(content, type=ItemEvent) for item_id, content in changed.items()}

    def _load(self, version: str) -> "asyncio.Task[Catalogue]":
        """One loading of each bundle at a time, which a request that gives up doesn't end."""
        if version not in self._loading:
            task = asyncio.create_task(self._loaded(version))
            task.add_done_callback(lambda done: self._ended(version, done))
            self._loading[version] = task
        return self._loading[version]

    def _ended(self, version: str, task: "asyncio.Task[Catalogue]") -> None:
        self._loading.pop(version, None)
        if not task.cancelled():
            task.exception()  # seen here, so that a request that gave up leaves no warning behind

    async def _loaded(self, version: str) -> Catalogue:
        now = asyncio.get_running_loop().time()
        failed_at, reason = self._failed.get(version, (-RETRY_S, ""))
        if now < failed_at + RETRY_S:
            raise BundleRejected(reason)
        try:
            bundle = await asyncio.to_thread(self._shelf.load, version)
        except (MoodstreamError, OSError, ValueError) as error:
            self._failed = {**dict(list(self._failed.items())[-100:]), version: (now, str(error))}
            raise BundleRejected(str(error)) from error
        async with self._laying:
            laid = await asyncio.to_thread(self._laid, bundle)
            self._catalogues[version] = laid
            while len(self._catalogues) > KEPT:
                oldest = next(name for name in self._catalogues if name not in (version, self.current.version))
                del self._catalogues[oldest]
        return laid
