"""Logs of made-up worlds, each hard in its own way, on which the whole must not be worse than its best baseline.

`make bench-worlds` makes each, evaluates on it, and says how the whole stands beside the best baseline.
"""

import argparse
import csv
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

START: Final = 1_750_000_000_000
_HOUR: Final = 3_600_000
_DAY: Final = 24 * _HOUR


class Event(NamedTuple):
    """One row of the plain form, with any context columns."""

    user: str
    item: str
    time: int
    context: dict[str, str]


def shop(rng: random.Random, events: int = 12_000, items: int = 1500) -> Iterator[Event]:
    """Visitors who come once: within a session they go on to like items and back to what they just saw."""
    group = [rng.randrange(60) for _ in range(items)]
    by_group: dict[int, list[int]] = {}
    for item, of in enumerate(group):
        by_group.setdefault(of, []).append(item)
    price = [("low", "mid", "high")[of % 3] for of in group]
    number = time = 0
    while number < events:
        time += rng.randrange(20_000, 400_000)
        alive = max(300, int(items * (0.5 + 0.5 * number / events)))
        band = rng.choice(("low", "mid", "high"))
        said = {"device": rng.choice(("phone", "desktop")), "price_band": band}
        seen: list[int] = []
        at = time
        for _ in range(min(25, 1 + int(rng.expovariate(0.2)))):
            chance = rng.random()
            if seen and chance < 0.25:
                item = seen[max(0, len(seen) - 1 - int(rng.expovariate(0.7)))]
            elif seen and chance < 0.75:
                near = by_group[group[seen[-1]]]
                item = near[(near.index(seen[-1]) + 1 + int(rng.expovariate(0.8))) % len(near)]
            else:
                item = int(alive * rng.random() ** 2.5)
                while price[item] != band and rng.random() < 0.85:
                    item = int(alive * rng.random() ** 2.5)
            if item >= alive:
                continue
            at += rng.randrange(3_000, 90_000)
            yield Event(f"s{time}", f"p{item}", START + at, said)
            seen.append(item)
            number += 1


def places(rng: random.Random, events: int = 8_000, items: int = 600) -> Iterator[Event]:
    """What is taken depends on where and when; users are new, and most come two or three times."""
    tops = {(where, part): [rng.randrange(items) for _ in range(25)] for where in range(8) for part in range(4)}
    for number in range(events):
        where, part = rng.randrange(8), rng.randrange(4)
        item = tops[where, part][int(25 * rng.random() ** 2)] if rng.random() < 0.6 else rng.randrange(items)
        said = {"place": f"town {where}", "daypart": ("morning", "noon", "evening", "night")[part]}
        yield Event(
            f"u{rng.randrange(max(1, number // 3), number // 3 + 300)}", f"i{item}", START + number * 60_000, said
        )


def music(rng: random.Random, events: int = 12_000, items: int = 2_000) -> Iterator[Event]:
    """Listeners who come back to their own songs, in runs of one artist, and now and then find a new one."""
    own: dict[int, list[int]] = {}
    last: dict[int, int] = {}
    for number in range(events):
        user = int(200 * rng.random() ** 1.5)
        mine = own.setdefault(user, [])
        chance = rng.random()
        if mine and chance < 0.45:
            song = mine[-1 - int(min(len(mine) - 1, rng.expovariate(0.08)))]
        elif user in last and chance < 0.75:
            song = last[user] // 10 * 10 + (last[user] + 1) % 10
        else:
            song = int(items * rng.random() ** 3)
        mine.append(song)
        last[user] = song
        yield Event(f"l{user}", f"t{song}", START + number * 45_000, {})


def news(rng: random.Random, events: int = 12_000) -> Iterator[Event]:
    """Stories that live for hours: what is read now is new, and everybody reads it."""
    for number in range(events):
        time = number * 90_000
        topic = rng.randrange(6)
        user = topic + 6 * rng.randrange(250)
        if rng.random() < 0.2:
            topic = rng.randrange(6)
        newest = time // (2 * _HOUR)
        story = max(0, newest - int(rng.expovariate(0.35)))
        yield Event(
            f"r{user}", f"n{story}-{topic}-{int(3 * rng.random() ** 2)}", START + time, {"place": f"c{user % 4}"}
        )


class World(NamedTuple):
    """How its log is made, and how it is evaluated."""

    make: Callable[[random.Random], Iterator[Event]]
    options: tuple[str, ...] = ()


WORLDS: Final = {
    "shop": World(shop, ("--collapse-repeats",)),
    "places": World(places),
    "music": World(music, ("--repeat-items",)),
    "news": World(news),
}


def write(name: str, folder: Path, seed: int = 0) -> None:
    """Make a world's events.csv in this folder."""
    found = sorted(WORLDS[name].make(random.Random(seed)), key=lambda event: event.time)
    columns = sorted({column for event in found for column in event.context})
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "events.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["user_id", "item_id", "timestamp", "kind", "value", *columns])
        for event in found:
            said = [event.context.get(column, "") for column in columns]
            writer.writerow([event.user, event.item, event.time, "click", "", *said])


def measure(name: str, folder: Path) -> dict[str, dict[str, float]]:
    """Make a world, evaluate on it, and give its systems' figures."""
    write(name, folder)
    found = folder / "found.json"
    command = [
        sys.executable,
        "-m",
        "moodstream",
        "evaluate",
        "--events",
        str(folder / "events.csv"),
        "--dataset",
        name,
    ]
    command += ["--json", str(found), "--out", str(folder), "--retrain", "never", *WORLDS[name].options]
    subprocess.run(command, check=True)
    systems: dict[str, dict[str, float]] = msgspec.json.decode(found.read_bytes())["systems"]
    return systems


def main() -> None:
    """Every world, or those that are named: the whole beside the best baseline, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("worlds", nargs="*", help=f"of {', '.join(WORLDS)}; all, if none is named")
    asked = parser.parse_args().worlds
    if strange := sorted(set(asked) - WORLDS.keys()):
        parser.error(f"no such world: {', '.join(strange)}; there are {', '.join(WORLDS)}")
    print(f"{'world':8s} {'whole':>15s}  {'best baseline':>34s}  {'ratio':>5s}   (HR@10 NDCG@10; ratio of NDCG)")
    for name in asked or WORLDS:
        with tempfile.TemporaryDirectory() as folder:
            systems = measure(name, Path(folder))
        ours = {"whole", "whole_frozen_bundle", "without_diversity", "history_live", "batch_only"}
        best = max((one for one in systems if one not in ours), key=lambda one: systems[one]["ndcg@10"])
        shown = [f"{systems[one]['hr@10']:.4f} {systems[one]['ndcg@10']:.4f}" for one in ("whole", best)]
        ratio = systems["whole"]["ndcg@10"] / systems[best]["ndcg@10"]
        print(f"{name:8s} {shown[0]:>15s}  {best:>18s} {shown[1]:>15s}  {ratio:5.2f}", flush=True)


if __name__ == "__main__":
    main()
