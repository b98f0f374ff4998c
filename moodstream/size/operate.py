"""The verb: what was asked for, read and refused where it's nonsense, then counted and told."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from moodstream.size import prices as priced
from moodstream.size.amounts import amount
from moodstream.size.bench import with_bench
from moodstream.size.coefficients import MEASURED
from moodstream.size.need import Asked
from moodstream.size.plan import plan
from moodstream.size.told import tell

_LEAST = {"users": 1.0, "items": 1.0, "peak": 1.0, "keep": 1.0}


def count(
    amounts: Mapping[str, str], *, history: str, copies: int, bench: Path | None, prices: Path | None, as_json: bool
) -> None:
    """Raises `Misconfigured` for what is no amount, no file, or more than can be borne."""
    found = {name: amount(said, f"--{name}", _LEAST.get(name, 0.0)) for name, said in amounts.items()}
    kept = amount(history, "--history") if history else None
    asked = Asked(
        users=found["users"],
        events=found["events"],
        items=found["items"],
        requests=found["requests"],
        peak=found["peak"],
        keep_days=found["keep"],
        history=kept,
        copies=copies,
    )
    of = with_bench(MEASURED, bench) if bench else MEASURED
    whole = plan(asked, of, priced.read(prices))
    if as_json:
        told = {**msgspec.to_builtins(whole), "coefficients": msgspec.to_builtins(dict(of)), "prices": priced.SAID}
        print(msgspec.json.format(msgspec.json.encode(told)).decode())
    else:
        tell(whole, of, own_prices=prices is not None)
