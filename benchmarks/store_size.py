"""How many bytes a user and an item cost in Redis, all in: `make bench-store`, after a demo has loaded the states.

The user's own records by MEMORY USAGE (state, history, filter of what was seen), the shared counts by the items that
were taken, and everything of the namespace (shards, counts, catalogue) shared out over the users. Baseline: the bare
bytes of the packed records.
"""

import json
from typing import Any

from redis import Redis

from contracts import settings as configuration
from moodstream.console import say
from moodstream.local.running import running
from online.learn.counts import COVISITATION


def measure(client: "Redis", namespace: str) -> dict[str, float]:
    """Means in bytes; it walks the whole key space of the namespace."""
    reading: Any = client
    sizes: dict[str, list[int]] = {"user": [], "count": [], "other": []}
    packed: list[int] = []
    items: set[bytes] = set()
    for key in reading.scan_iter(match=f"{namespace}:*", count=1000):
        kind = next((kind for kind in sizes if f"}}:{kind}:".encode() in key), "other")
        sizes[kind].append(reading.memory_usage(key, samples=0))
        if (family := b":count:%b:" % COVISITATION.name.encode()) in key:
            items.add(key.partition(family)[2].partition(b":")[2])
        if kind == "user":
            packed.append(sum(map(len, reading.hvals(key))))
    users = max(1, len(sizes["user"]))
    return {
        "users": len(sizes["user"]),
        "packed_bytes_a_user": round(sum(packed) / users),
        "record_bytes_a_user": round(sum(sizes["user"]) / users),
        "record_over_packed": round(sum(sizes["user"]) / max(1, sum(packed)), 2),
        "counts_bytes_a_user": round(sum(sizes["count"]) / users),
        "items": len(items),
        "counts_bytes_an_item": round(sum(sizes["count"]) / max(1, len(items))),
        "all_in_bytes_a_user": round(sum(map(sum, sizes.values())) / users),
    }


def main() -> None:
    """Bring the stack up and measure it."""
    with running(configuration.read(), say) as stack, Redis.from_url(stack.settings.redis or "") as client:
        figures = measure(client, stack.settings.namespace)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
