"""One's own measurements in place of ours: what a `bench.json` of `make bench` says of the coefficients."""

import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from contracts.errors import Misconfigured
from moodstream.size.coefficients import Coefficient, Coefficients

_FIGURES: Final = {
    "worker_us": "cpu of an event over stock faust",
    "worker_per_s": "stream over stock faust",
    "answer_ms": "cpu of answers over bare fastapi",
    "answer_ms_1e3": "answer from 1000 items",
    "answer_ms_1e4": "answer from 10000 items",
    "answer_ms_1e5": "answer from 100000 items",
    "answer_ms_1e6": "answer from 1000000 items",
}
"""Coefficient → the measurement whose median it is."""
_PACKED: Final = {f"user_bytes_{length}": f"learning with {length} events before" for length in (8, 64, 256)}


class _Found(msgspec.Struct, frozen=True):
    """One measurement, as `benchmarks.result.Measured` writes it."""

    name: str
    ours: list[float]
    reference: list[float] = []
    notes: dict[str, float | str] = {}


class _Run(msgspec.Struct, frozen=True):
    kind: str
    began: str
    quick: bool
    found: list[_Found]


def with_bench(given: Coefficients, path: Path) -> Coefficients:
    """The same with all that the file has measured. Raises `Misconfigured` for what is no such file."""
    run = _read(path)
    found = {one.name: one for one in run.found}
    own = {name: statistics.median(found[said].ours) for name, said in _FIGURES.items() if said in found} | _derived(
        found
    )
    if not own:
        raise Misconfigured(
            f"{path} has none of the figures that are needed: run make bench ARGS='--only stream growth'"
        )
    source = f"{path}, of {run.began}"
    return {
        name: msgspec.structs.replace(one, value=own[name], source=source) if name in own else one
        for name, one in given.items()
    }


def _derived(found: Mapping[str, _Found]) -> dict[str, float]:
    own: dict[str, float] = {}
    for name, said in _PACKED.items():
        packed = found[said].notes.get("packed bytes a user") if said in found else None
        if isinstance(packed, int | float):
            own[name] = packed
    if (users := found.get("bytes a user of 100000")) and users.reference:
        own["redis_over_packed"] = statistics.median(users.ours) / statistics.median(users.reference)
    stream = found.get(_FIGURES["worker_per_s"])
    busy = stream.notes.get("cores, redis") if stream else None
    if stream and isinstance(busy, int | float) and busy > 0:
        own["redis_us"] = 1e6 * busy / statistics.median(stream.ours)
    return own


def _read(path: Path) -> _Run:
    try:
        run = msgspec.json.decode(path.read_bytes(), type=_Run)
    except OSError as error:
        raise Misconfigured(
            f"{path} can't be read ({error.strerror}): name a bench.json that make bench wrote"
        ) from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path} is no bench.json of make bench: {error}") from error
    if run.kind != "moodstream benchmarks" or not all(one.ours for one in run.found):
        raise Misconfigured(f"{path} is no bench.json of make bench")
    if run.quick:
        raise Misconfigured(f"{path} is of a quick run, whose figures say nothing: run make bench without --quick")
    return run


def said(one: Coefficient) -> str:
    """The figure with its unit."""
    return f"{one.value:g} {one.unit}"
