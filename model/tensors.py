"""The arrays of a safetensors file where it lies: a large file mapped into memory is read in place, not copied.

The format (https://github.com/huggingface/safetensors): 8 bytes that say how long a JSON header is, the header with
each tensor's type, shape and place, then the tensors without a gap. Nothing in it can execute.
"""

import mmap
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load as copied

MAPPED: Final = 8 << 20
"""Bytes from which on a file is mapped: a smaller one costs each process little."""
Raw = bytes | mmap.mmap
_LENGTH: Final = 8
_TYPES: Final = {"F32": np.float32, "I32": np.int32, "I64": np.int64, "U64": np.uint64, "U8": np.uint8}


class _Tensor(msgspec.Struct, frozen=True):
    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]


_METADATA: Final = "__metadata__"
"""What a header may say beside its tensors."""
_header: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_tensor: Final = msgspec.json.Decoder(_Tensor)


def opened(path: Path) -> Raw:
    """The file's bytes: mapped where they are many, so that processes share them. Raises `OSError`.

    A mapped file must stay as it is, like every file of a bundle: whoever changes one writes another and renames it.
    What a process writes into the bytes stays its own.
    """
    with path.open("rb") as file:
        if path.stat().st_size < MAPPED:
            return file.read()
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)


def load(raw: Raw) -> dict[str, NDArray[Any]]:
    """The arrays by name, in place in a mapped file. Raises `ValueError` or `SafetensorError`."""
    if isinstance(raw, bytes):
        return copied(raw)
    end = _LENGTH + int.from_bytes(raw[:_LENGTH], "little")
    if end > len(raw):
        raise ValueError(f"its header would end at byte {end:,} of {len(raw):,}")
    header = _header.decode(raw[_LENGTH:end])
    tensors = {name: _tensor.decode(said) for name, said in header.items() if name != _METADATA}
    _check(tensors, len(raw) - end)
    return {name: _viewed(raw, one, end) for name, one in tensors.items()}


def _check(tensors: Mapping[str, _Tensor], size: int) -> None:
    """Raises `ValueError` unless the tensors fill `size` bytes, one after the other."""
    at = 0
    for name, one in sorted(tensors.items(), key=lambda entry: entry[1].data_offsets):
        start, stop = one.data_offsets
        if one.dtype not in _TYPES or min(one.shape, default=0) < 0:
            raise ValueError(f"{name} is {one.dtype} {one.shape}")
        if start != at or stop - start != prod(one.shape) * np.dtype(_TYPES[one.dtype]).itemsize:
            raise ValueError(f"{name} of shape {one.shape} can't be at {start} to {stop}")
        at = stop
    if at != size:
        raise ValueError(f"its tensors have {at:,} of {size:,} bytes")


def _viewed(raw: mmap.mmap, tensor: _Tensor, begin: int) -> NDArray[Any]:
    kind, at = _TYPES[tensor.dtype], begin + tensor.data_offsets[0]
    return np.frombuffer(raw, kind, prod(tensor.shape), at).reshape(tensor.shape)


def done_with(raw: Raw) -> None:
    """What was read of a mapped file once, to check it, needn't stay in this process; it is read again where wanted."""
    if isinstance(raw, mmap.mmap):
        raw.madvise(mmap.MADV_DONTNEED)
