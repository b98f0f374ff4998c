"""List prices, of one region and one date; `--prices FILE` puts one's own in their place."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from contracts.errors import Misconfigured

REGION: Final = "eu-central-1 (Frankfurt)"
DATE: Final = "November 2026"
SAID: Final = f"list prices of {REGION} in US dollars, {DATE}, from memory: ask AWS' calculator before you rely on any"

Prices = Mapping[str, float]

LIST: Final[Prices] = {
    "eks_hour": 0.10,
    "system_node_hour": 0.121,  # m7i.large, three of them
    "nat_hour": 0.052,  # one in each zone
    "endpoint_hour": 0.012,  # of one service in one zone
    "keys_and_logs_month": 150.0,
    "balancer_hour": 0.027,
    "cpu_hour": 0.0604,  # of m7i.xlarge's four
    "kafka_hour": 0.21,  # a broker kafka.m7g.large; each size up is twice as much
    "kafka_gb_month": 0.119,
    "redis_hour": 0.21,  # a node cache.r7g.large; each size up is twice as much
    "s3_gb_month": 0.0245,
    "s3_thousand_puts": 0.0054,
    "gpu_hour": 1.01,  # g6.xlarge on demand; spot is some 60% less
}


def read(path: Path | None) -> Prices:
    """Ours, with those of the file in their place. Raises `Misconfigured` for a file or a name that isn't known."""
    if path is None:
        return LIST
    try:
        own = msgspec.json.decode(path.read_bytes(), type=dict[str, float])
    except OSError as error:
        raise Misconfigured(
            f"{path} can't be read ({error.strerror}): name a JSON file such as {_example()}"
        ) from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path} holds no prices: {error}. It is JSON, such as {_example()}") from error
    if strange := sorted(own.keys() - LIST.keys()):
        raise Misconfigured(f"{path} has a price of {', '.join(strange)}; the names are {', '.join(LIST)}")
    if bad := sorted(name for name, price in own.items() if price < 0):
        raise Misconfigured(f"{path} has a price below nothing: {', '.join(bad)}")
    return {**LIST, **own}


def _example() -> str:
    return '{"cpu_hour": 0.05, "gpu_hour": 0.8}'
