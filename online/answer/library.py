"""The bundles in memory, with the catalogue's changes laid over each; loaded and changed off the request path."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

import msgspec

from contracts.errors import BundleRejected
from contracts.events import ItemEvent
from model.bundle import Bundle
from online.answer.aside import aside
from online.answer.catalogue import Catalogue, catalogue
from online.store.protocol import Store

KEPT: Final = 4
LOAD_WAIT_S: Final = 1.0
"""How long a request waits for a bundle that a state is on and that isn't loaded yet."""
RETRY_S: Final = 30.0
"""After so long a bundle that couldn't be loaded is tried again."""
WAIT_S: Final = 5.0
"""How long looking for what is new waits for the shelf, a bundle or the store; what comes later counts next time."""
_log = logging.getLogger(__name__)


def _loading(version: str) -> str:
    return f"bundle {version} is being loaded"


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
        self._unreadable: set[str] = set()
        self._known_changes = -1
        self._catalogues: OrderedDict[str, Catalogue] = OrderedDict()
        self._loading: dict[str, asyncio.Task[Catalogue]] = {}
        self._failed: dict[str, tuple[float, str]] = {}
        self._laying = asyncio.Lock()
        self._looking: asyncio.Future[str | None] | None = None
        self.current: Catalogue = catalogue(None, {})
        """What the shelf's pointer names; without a bundle, what the store says of items."""
        self.prepares: list[Callable[[Catalogue], object]] = []
        """What is made of each catalogue before a request sees it."""
        self.degraded: dict[str, str] = {}
        """What is wrong now: part → reason."""

    async def refresh(self) -> None:
        """Look for a new current bundle and for changed items; what fails is said in `degraded` and tried again."""
        await asyncio.gather(self._refresh_items(), self._refresh_current())

    async def catalogue(self, version: str) -> Catalogue:
        """The catalogue of this bundle; raises `BundleRejected` where it can't be had in time."""
        if version in self._catalogues:
            self._catalogues.move_to_end(version)
            return self._catalogues[version]
        try:
            return await asyncio.wait_for(asyncio.shield(self._load(version)), LOAD_WAIT_S)
        except TimeoutError as error:
            raise BundleRejected(_loading(version)) from error

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
            wanted = await self._pointed()
        except Exception as error:  # whatever a file system raises
            self.degraded["bundle"] = f"the shelf can't be read: {str(error) or 'it does not answer'}"
            return
        if wanted is None:
            self.degraded["bundle"] = "none was published yet"
            return
        if wanted == self.current.version:
            self.degraded.pop("bundle", None)
            return
        try:
            loaded = await asyncio.wait_for(asyncio.shield(self._load(wanted)), WAIT_S)
            self.current = self._catalogues.get(wanted, loaded)  # laid anew, if items changed in the meantime
            self.degraded.pop("bundle", None)
        except TimeoutError:
            self.degraded["bundle"] = _loading(wanted)
        except BundleRejected as error:
            self.degraded["bundle"] = f"the current one can't be loaded: {error}"
            if self.current.bundle is None:
                await self._fall_back()

    async def _pointed(self) -> str | None:
        """The shelf's pointer, looked up once at a time, however long that takes."""
        if self._looking is None:
            self._looking = aside(self._shelf.current)
        try:
            return await asyncio.wait_for(asyncio.shield(self._looking), WAIT_S)
        finally:
            if self._looking.done():
                self._looking = None

    async def _fall_back(self) -> None:
        """The bundle before the current one, where nothing else is loaded."""
        try:
            if previous := await asyncio.wait_for(aside(self._shelf.previous), WAIT_S):
                self.current = await asyncio.wait_for(asyncio.shield(self._load(previous)), WAIT_S)
        except Exception:
            _log.warning("nor can the one before it be loaded", exc_info=True)  # `degraded` says already why

    async def _refresh_items(self) -> None:
        try:
            async with asyncio.timeout(WAIT_S):
                changes, raw = await self._store.items(self._known_changes)
        except Exception as error:  # a value there may be damaged, too
            self.degraded["items"] = f"changes of the catalogue can't be read: {str(error) or 'the store is slow'}"
            return
        self._say_unreadable()
        if changes == self._known_changes or (not raw and not self._raw):
            self._known_changes = changes
            return
        async with self._laying:
            self._changes = await asyncio.to_thread(self._decoded, raw)
            self._raw = raw
            for version, old in list(self._catalogues.items()):
                self._catalogues[version] = await asyncio.to_thread(self._laid, old.bundle)
            bare = None if self.current.bundle else await asyncio.to_thread(self._laid, None)
            self.current = self._catalogues.get(self.current.version) or bare or self.current
        self._known_changes = changes
        self._say_unreadable()

    def _say_unreadable(self) -> None:
        if self._unreadable:
            some = ", ".join(sorted(self._unreadable)[:3])
            self.degraded["items"] = f"what {len(self._unreadable):,} items changed to can't be read: {some}"
        else:
            self.degraded.pop("items", None)

    def _laid(self, bundle: Bundle | None) -> Catalogue:
        laid = catalogue(bundle, self._changes)
        for prepare in self.prepares:
            prepare(laid)
        return laid

    def _decoded(self, raw: dict[str, bytes]) -> dict[str, ItemEvent]:
        """What each item changed to; one that can't be read, say of a newer version, stays as the bundle knows it."""
        found = {item_id: self._changes[item_id] for item_id in raw if self._is_as_it_was(item_id, raw[item_id])}
        unreadable = set()
        for item_id in raw.keys() - found.keys():
            try:
                found[item_id] = msgspec.json.decode(raw[item_id], type=ItemEvent)
            except (msgspec.MsgspecError, UnicodeError):
                unreadable.add(item_id)
        self._unreadable = unreadable
        return found

    def _is_as_it_was(self, item_id: str, content: bytes) -> bool:
        return item_id in self._changes and self._raw.get(item_id) == content

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
            bundle = await aside(partial(self._shelf.load, version))
        except Exception as error:  # whatever a file system raises
            reason = str(error) or type(error).__name__
            self._failed = {**dict(list(self._failed.items())[-100:]), version: (now, reason)}
            raise BundleRejected(reason) from error
        async with self._laying:
            laid = await asyncio.to_thread(self._laid, bundle)
            self._catalogues[version] = laid
            while len(self._catalogues) > KEPT:
                oldest = next(name for name in self._catalogues if name not in (version, self.current.version))
                del self._catalogues[oldest]
        return laid
