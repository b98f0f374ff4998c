"""What a bundle's manifest says, and what is refused: anything damaged, missing, or made for another schema."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from contracts.errors import BundleRejected
from contracts.kinds import ORDER
from contracts.moods import MOODS
from model import encoder
from model.items import BUCKETS
from model.ranker import FEATURES, LATER
from model.tensors import Raw

MANIFEST: Final = "manifest.json"
FORMAT: Final = 2


class Watermark(msgspec.Struct, frozen=True):
    """How far the data reached that the bundle was trained on."""

    time: int
    """The last event's time, UTC milliseconds; 0 without events."""
    count: int
    """Events read."""


class File(msgspec.Struct, frozen=True):
    """One file's checksum and size in bytes."""

    sha256: str
    size: int


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first file read and the last one written."""

    version: str
    created: int
    watermark: Watermark
    schema: str
    files: dict[str, File]
    metrics: dict[str, Any]
    sha256: str = ""
    """Of this manifest with this field empty."""


def schema_hash() -> str:
    """What code and weights must agree on: tables of kinds and moods, inputs, features, hashing."""
    features = [name for name in FEATURES if name not in LATER]
    said = [FORMAT, ORDER, [mood[:3] for mood in MOODS], encoder.GAPS_S, encoder.shapes(1, 1), features, BUCKETS]
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:16]


def seal(manifest: Manifest) -> bytes:
    """The manifest as bytes that carry their own checksum."""
    sealed = msgspec.structs.replace(manifest, sha256=_checksum(manifest))
    return msgspec.json.format(msgspec.json.encode(sealed), indent=1)


def unseal(raw: bytes) -> Manifest:
    """The manifest in these bytes; raises `BundleRejected` if it is damaged or made for another schema."""
    try:
        manifest = msgspec.json.decode(raw, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BundleRejected(f"{MANIFEST} is damaged: {error}") from error
    if manifest.sha256 != _checksum(manifest):
        raise BundleRejected(f"{MANIFEST} is damaged: its checksum differs")
    if manifest.schema != schema_hash():
        raise BundleRejected(
            f"bundle {manifest.version} has schema {manifest.schema}, this code reads {schema_hash()}: train a new one"
        )
    return manifest


def check(files: Mapping[str, Raw], manifest: Manifest, wanted: tuple[str, ...]) -> None:
    """Raise `BundleRejected` unless every wanted file is named, there, and as it was written."""
    for name in wanted:
        if name not in manifest.files:
            raise BundleRejected(f"bundle {manifest.version} names no {name}")
        if name not in files:
            raise BundleRejected(f"bundle {manifest.version} lacks {name}")
        if len(files[name]) != manifest.files[name].size:
            size = manifest.files[name].size
            raise BundleRejected(f"{name} of bundle {manifest.version} has {len(files[name])} of {size} bytes")
        if hashlib.sha256(files[name]).hexdigest() != manifest.files[name].sha256:
            raise BundleRejected(f"{name} of bundle {manifest.version} is damaged: its checksum differs")


def checksums(files: Mapping[str, bytes]) -> dict[str, File]:
    """Checksum and size of each file."""
    return {name: File(hashlib.sha256(raw).hexdigest(), len(raw)) for name, raw in files.items()}


def _checksum(manifest: Manifest) -> str:
    bare = msgspec.structs.replace(manifest, sha256="")
    return hashlib.sha256(msgspec.json.encode(bare, order="sorted")).hexdigest()
