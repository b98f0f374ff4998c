"""Where bundles stand: a folder or any fsspec URL, and the pointer that says which one is current."""

import re
import threading
from collections import OrderedDict
from typing import Final

import msgspec

from contracts.errors import BundleRejected
from contracts.rollout import Rollout
from model.bundle import NAMES, Bundle, pack, unpack
from model.manifest import MANIFEST, Manifest, unseal
from model.place import Place

POINTER: Final = "current.json"
CANARY: Final = "canary.json"
_VERSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_KEPT: Final = 3
_HISTORY: Final = 100


class Pointer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `current.json` holds: the versions published, the current one last."""

    published: tuple[str, ...] = ()


class Shelf:
    """Immutable bundles by version, and an atomic pointer; safe to share between threads and processes.

    Raises `Unavailable` where they can't be reached.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._place = Place(url)
        self._loaded: OrderedDict[str, Bundle] = OrderedDict()
        self._lock = threading.Lock()

    def versions(self) -> list[str]:
        """Every bundle that was written to its end, oldest name first."""
        return [name for name in self._place.names() if _VERSION.fullmatch(name) and self._has(name)]

    def load(self, version: str) -> Bundle:
        """The bundle of this version, kept in memory for the next caller; raises `BundleRejected`."""
        with self._lock:
            if version not in self._loaded:
                self._loaded[version] = self._read(version)
            self._loaded.move_to_end(version)
            while len(self._loaded) > _KEPT:
                self._loaded.popitem(last=False)
            return self._loaded[version]

    def manifest(self, version: str) -> Manifest:
        """What a bundle says of itself, without its weights; raises `BundleRejected`."""
        raw = self._place.get(f"{_checked(version)}/{MANIFEST}")
        if raw is None:
            raise BundleRejected(f"bundle {version} has no {MANIFEST}: it was not written to its end")
        return unseal(raw)

    def add(self, bundle: Bundle) -> str:
        """Put a bundle on the shelf; its version is returned. Raises `BundleRejected` if the version is taken."""
        version = _checked(bundle.version)
        if self._has(version):
            raise BundleRejected(f"bundle {version} is on the shelf already and can't be changed")
        for name, raw in pack(bundle).items():
            self._place.put(f"{version}/{name}", raw)
        return version

    def current(self) -> str | None:
        """The version that the pointer names, None before the first was published."""
        published = self._pointer().published
        return published[-1] if published else None

    def previous(self) -> str | None:
        """The version that was current before this one, for `rollback`."""
        published = self._pointer().published
        return next((version for version in reversed(published) if version != published[-1]), None)

    def canary(self) -> Rollout | None:
        """What was published last, where that was a canary beside the current version; else None.

        It stands in a file of its own, so that whoever reads the pointer alone, older code too, needn't know of it.
        """
        raw = self._place.get(CANARY)
        try:
            noted = msgspec.json.decode(raw, type=Rollout) if raw else None
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None  # the next publication writes it anew
        return noted if noted and noted.canary and noted.bundle == self.current() else None

    def note(self, rollout: Rollout) -> None:
        """Remember what was published: whether a canary is under way."""
        if rollout.canary or self._place.has(CANARY):
            self._place.put(CANARY, msgspec.json.encode(rollout))

    def point(self, version: str) -> None:
        """Make a version current, atomically. Raises `BundleRejected` for one that isn't on the shelf."""
        if not self._has(_checked(version)):
            raise BundleRejected(f"bundle {version} is not on the shelf {self.url}: it has {self.versions() or 'none'}")
        published = tuple(name for name in self._pointer().published if name != version)
        self._place.put(POINTER, msgspec.json.encode(Pointer((*published, version)[-_HISTORY:])))

    def _pointer(self) -> Pointer:
        raw, path = self._place.get(POINTER), f"{self._place.root}/{POINTER}"
        try:
            return Pointer() if raw is None else msgspec.json.decode(raw, type=Pointer)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BundleRejected(f"{path} is damaged ({error}): publish a version again") from error

    def _read(self, version: str) -> Bundle:
        folder = _checked(version)
        raws = {name: self._place.map(f"{folder}/{name}") for name in NAMES}
        bundle = unpack({name: raw for name, raw in raws.items() if raw is not None})
        if bundle.version != version:
            raise BundleRejected(f"{self._place.root}/{version} holds bundle {bundle.version}")
        return bundle

    def _has(self, version: str) -> bool:
        return self._place.has(f"{version}/{MANIFEST}")


def _checked(version: str) -> str:
    if not _VERSION.fullmatch(version):
        raise BundleRejected(f"{version!r} is no bundle's version")
    return version
