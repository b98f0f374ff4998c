"""The bundle: all that training hands to stream and serving, as safetensors and JSON; nothing in it can execute."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import save

from contracts.errors import BundleRejected
from model import encoder, manifest, nearest
from model.index import Index, ItemIndex
from model.items import BUCKETS, Item
from model.listing import Listing, listed
from model.manifest import MANIFEST, Manifest, Watermark
from model.nearest import EXACT, Lists, Nearest
from model.ranker import CONTEXT, FEATURES, Network, Ranker
from model.step import Encoder
from model.tensors import Raw, done_with, load, opened
from model.traits import Traits, traits

Floats = NDArray[np.float32]
_AT_ONCE: Final = 16_384
"""Rows of an array that are checked together: the cache holds what is found of them."""

ITEMS, ENCODER, CONTENT = "items.safetensors", "encoder.safetensors", "content.safetensors"
CATALOGUE, RANKER, NETWORK, INDEX = "catalogue.json", "ranker.json", "ranker.safetensors", "index.safetensors"
FILES: Final = (ITEMS, ENCODER, CONTENT, CATALOGUE, RANKER, NETWORK, INDEX)
"""What every bundle has beside its manifest."""
LISTING: Final = "listing.safetensors"
"""What a large catalogue is read by: older bundles have none, older code passes it over."""
NAMES: Final = (*FILES, LISTING, MANIFEST)
"""Every file of a bundle; whatever else lies beside them is never opened."""


@dataclass(frozen=True)
class Bundle:
    """One immutable model; rows as `ItemIndex` numbers them, so `catalogue[i]` is at row i + 2."""

    version: str
    created: int
    """UTC milliseconds."""
    watermark: Watermark
    catalogue: Sequence[Item]
    vectors: Floats
    """(rows, d)"""
    bias: Floats
    """(rows,); `scoring.NEVER` for the two rows without an item."""
    moods: Floats
    """(rows, 2): valence and arousal."""
    popularity: Floats
    """(rows,): log1p of the decayed count at the watermark."""
    encoder: Encoder
    content_projection: Floats
    """(BUCKETS, d)"""
    ranker: Ranker = field(default_factory=Ranker)
    lists: Lists | None = None
    """The candidate index of a large catalogue; without one all items are looked at."""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    index: Index = field(init=False, compare=False)

    def __post_init__(self) -> None:
        items = self.catalogue
        index = items.by_id if isinstance(items, Listing) else ItemIndex(item.item_id for item in items)
        object.__setattr__(self, "index", index)
        _check_shapes(self)

    @property
    def repeats(self) -> bool:
        """Whether it was trained to rank again what a user has had."""
        return self.metrics.get("plan", {}).get("repeats", "never") not in ("never", False)  # it was a bool once

    @cached_property
    def nearest(self) -> Nearest | None:
        """What searches the index."""
        return Nearest(self.lists, self.vectors, self.bias) if self.lists else None

    @cached_property
    def traits(self) -> Traits:
        """What its items share, made when it is first wanted; a listing has it."""
        items = self.catalogue
        return items.traits if isinstance(items, Listing) else traits(items, self.popularity)


def version_of(created: int, *arrays: Floats) -> str:
    """A name for a new bundle: when it was made (UTC) and what is in it."""
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()
    return f"{datetime.fromtimestamp(created / 1000, UTC):%Y%m%dT%H%M%S}-{digest[:8]}"


def pack(bundle: Bundle) -> dict[str, bytes]:
    """The bundle's files; the manifest comes last and must be written last."""
    items = {"vectors": bundle.vectors, "bias": bundle.bias, "moods": bundle.moods, "popularity": bundle.popularity}
    weights = {name: value for name, value in bundle.encoder.parameters.items() if name != "vectors"}
    files = {
        ITEMS: save({name: np.ascontiguousarray(value, np.float32) for name, value in items.items()}),
        ENCODER: save(weights),
        CONTENT: save({"projection": np.ascontiguousarray(bundle.content_projection, np.float32)}),
        CATALOGUE: msgspec.json.encode(tuple(bundle.catalogue)),
        RANKER: msgspec.json.encode(_weights(bundle.ranker)),
        NETWORK: save(asdict(bundle.ranker.network) if bundle.ranker.network else {}),
        INDEX: save(dict(nearest.arrays(bundle.lists))),
    }
    if bundle.lists and len(bundle.catalogue) > EXACT:
        files[CATALOGUE], arrays = listed(bundle.catalogue, bundle.popularity)
        files[LISTING] = save(arrays)
    said = Manifest(
        version=bundle.version,
        created=bundle.created,
        watermark=bundle.watermark,
        schema=manifest.schema_hash(),
        files=manifest.checksums(files),
        metrics=dict(bundle.metrics),
    )
    return {**files, MANIFEST: manifest.seal(said)}


def unpack(files: Mapping[str, Raw]) -> Bundle:
    """The bundle in these files; raises `BundleRejected`, with the reason, for what is damaged or doesn't match.

    Files that are mapped are read once to check them, and are then used where they lie.
    """
    if MANIFEST not in files:
        raise BundleRejected(f"no {MANIFEST}: not a bundle, or one that was not written to its end")
    said = manifest.unseal(bytes(files[MANIFEST]))
    manifest.check(files, said, (*FILES, LISTING) if LISTING in said.files else FILES)
    try:
        bundle = _assemble(said, files)
    except (SafetensorError, msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
        raise BundleRejected(f"bundle {said.version} does not fit together: {error}") from error
    for raw in files.values():
        done_with(raw)
    return bundle


def write(bundle: Bundle, folder: Path) -> None:
    """Write the bundle into a folder, the manifest last."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, raw in pack(bundle).items():
        (folder / name).write_bytes(raw)


def read(folder: Path) -> Bundle:
    """The bundle in a folder; raises `BundleRejected`."""
    return unpack({name: opened(folder / name) for name in NAMES if (folder / name).is_file()})


def _assemble(said: Manifest, files: Mapping[str, Raw]) -> Bundle:
    items = load(files[ITEMS])
    return Bundle(
        version=said.version,
        created=said.created,
        watermark=said.watermark,
        catalogue=_catalogue(files, said),
        vectors=items["vectors"],
        bias=items["bias"],
        moods=items["moods"],
        popularity=items["popularity"],
        encoder=Encoder({**load(files[ENCODER]), "vectors": items["vectors"]}),
        content_projection=load(files[CONTENT])["projection"],
        ranker=_ranker(msgspec.json.decode(files[RANKER], type=dict[str, float]), load(files[NETWORK])),
        lists=nearest.lists_of(load(files[INDEX])),
        metrics=said.metrics,
    )


def _catalogue(files: Mapping[str, Raw], said: Manifest) -> Sequence[Item]:
    if LISTING in said.files:
        return Listing(files[CATALOGUE], load(files[LISTING]))
    return msgspec.json.decode(files[CATALOGUE], type=tuple[Item, ...])


def _weights(ranker: Ranker) -> dict[str, float]:
    return dict(zip(ranker.names, ranker.weights.tolist(), strict=True))


def _ranker(weights: dict[str, float], network: dict[str, Floats]) -> Ranker:
    values = np.array(list(weights.values()), np.float32)
    return Ranker(tuple(weights), values, Network(**network) if network else None)


def _check_shapes(bundle: Bundle) -> None:
    rows, dim, hidden = len(bundle.index), bundle.encoder.dim, bundle.encoder.hidden_size
    wanted = {
        "vectors": (rows, dim),
        "bias": (rows,),
        "moods": (rows, 2),
        "popularity": (rows,),
        "content_projection": (BUCKETS, dim),
    }
    given = {name: getattr(bundle, name) for name in wanted}
    wanted |= encoder.shapes(hidden, dim)
    given |= {name: value for name, value in bundle.encoder.parameters.items() if name != "vectors"}
    unknown = [name for name in bundle.ranker.names if name not in FEATURES and not name.startswith(CONTEXT)]
    if unknown or not bundle.ranker.names:
        raise ValueError(f"the ranker reads {unknown or 'no features'}")
    if network := bundle.ranker.network:
        wanted |= network.shapes(len(bundle.ranker.names))
        given |= asdict(network)
    if bundle.lists:
        bundle.lists.check(len(bundle.catalogue), dim)
    for name, shape in wanted.items():
        if name not in given:
            raise ValueError(f"{name} is missing")
        if given[name].shape != shape or given[name].dtype != np.float32:
            raise ValueError(f"{name} is {given[name].dtype} {given[name].shape}, not float32 {shape}")
        if not all(np.isfinite(given[name][at : at + _AT_ONCE]).all() for at in range(0, len(given[name]), _AT_ONCE)):
            raise ValueError(f"{name} has numbers that are not finite")


__all__ = ["FILES", "Bundle", "Watermark", "pack", "read", "unpack", "version_of", "write"]
