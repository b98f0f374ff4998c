"""What contexts and moods are worth on LDOS-CoMoDa: `python -m benchmarks.comoda FOLDER`.

2,296 ratings of 1,232 films by 121 people, with mood, company, weather, place and more (A. Kosir et al., "Database for
contextual personalization", 2011; on request from the University of Ljubljana). They have no times, so the ratings
are put in five seeded orders, ten minutes apart; of each, the first 80% train a bundle and the rest is replayed, the
bundle frozen. Emotions felt during and after the film are left out: nobody knows them when a film is chosen.

Systems on the same events: whole; whole with the moods removed from the log and the requests; whole with all context
removed; the named baselines of `moodstream evaluate`. HR@10 and NDCG@10 over the five orders together, users drawn
again, and the paired gain of each over the first (below 0: it is worse). `--write DIR` leaves the plain form of the
first order.
"""

import argparse
import asyncio
import csv
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from threadpoolctl import threadpool_limits

from batch.baselines.baseline import Baseline
from batch.baselines.named import BASELINES
from batch.catalogue import catalogue_of
from batch.evaluate.protocol import Protocol
from batch.evaluate.split import Split, split
from batch.evaluate.systems import Live, System
from batch.evaluate.wrapped import Wrapped
from batch.log import of_events
from batch.plain import EVENT_COLUMNS, EventRows, item_event
from batch.plan import Plan
from batch.replay import Replay, UserEvent
from batch.train import train_on
from benchmarks.moods import Found, Ranks, compared, table
from contracts.events import Context, Interaction
from model.items import Item

PLAN: Final = Plan(hidden=64, dim=48, epochs=4, threads=1)
ORDERS: Final = 5
BEGIN_MS: Final = 1_300_000_000_000
APART_MS: Final = 10 * 60 * 1000
WHOLE, WITHOUT_MOOD, WITHOUT_CONTEXT = "whole", "whole_without_mood", "whole_without_context"
COLUMNS: Final[dict[str, tuple[int, str]]] = {
    "part_of_day": (7, "morning afternoon evening night"),
    "day": (8, "working weekend holiday"),
    "season": (9, "spring summer autumn winter"),
    "place": (10, "home public friend"),
    "weather": (11, "sunny rainy stormy snowy cloudy"),
    "company": (12, "alone partner friends colleagues parents public family"),
    "mood": (15, "good neutral unhappy"),
    "health": (16, "healthy ill"),
    "decision": (17, "own given"),
}
"""Name → place in the row, and the values that 1, 2 … stand for; -1 is unknown. Neutral is no mood."""
GENRES: Final = (
    *("action", "adult", "adventure", "animation", "short", "biography", "comedy", "crime", "documentary", "drama"),
    *("family", "fantasy", "history", "horror", "music", "musical", "mystery", "romance", "sci-fi", "sport"),
    *("thriller", "war", "western"),
)
"""What 1, 2 … seem to stand for: alphabetical, as the films' titles bear out; the data set doesn't say."""
_USER, _ITEM, _RATING, _GENRES = 0, 1, 2, slice(23, 26)

Row = dict[str, str]


def converted(folder: Path) -> tuple[list[Row], list[Row]]:
    """Ratings without times, and items, as rows of the plain form."""
    with (folder / "LDOS-CoMoDa.csv").open(newline="") as file:
        cells = [row for row in csv.reader(file) if row]
    titles = dict(_titles(folder / "itemsTitles.csv"))
    categories = {row[_ITEM]: "|".join(_genres(row)) for row in cells}
    items = [{"item_id": item, "title": titles.get(item, ""), "categories": of} for item, of in categories.items()]
    return [_rating(row) for row in cells], items


def _titles(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        item, _, title = line.partition(",")
        yield item, title.strip(" ,").replace("\\'", "'").title()


def _genres(row: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(GENRES[int(code) - 1] for code in row[_GENRES] if int(code) > 0))


def _rating(row: Sequence[str]) -> Row:
    rating = {"user_id": row[_USER], "item_id": row[_ITEM], "kind": "rating", "value": row[_RATING]}
    values = {name: _value(row[place], names.split()) for name, (place, names) in COLUMNS.items()}
    return {**rating, **values, "mood": values["mood"].replace("neutral", "")}


def _value(code: str, names: Sequence[str]) -> str:
    return names[int(code) - 1] if int(code) > 0 else ""


def in_seeded_order(ratings: Sequence[Row], seed: int) -> list[Row]:
    """All ratings, each with a time."""
    order = random.Random(seed).sample(ratings, len(ratings))
    return [{**row, "timestamp": str(BEGIN_MS + place * APART_MS)} for place, row in enumerate(order)]


def events_of(ratings: Sequence[Row]) -> list[UserEvent]:
    """The events of rows of the plain form."""
    names = [*EVENT_COLUMNS, *COLUMNS]
    made = EventRows(names)
    return [made.event([row[name] for name in names]) for row in ratings]


def without_mood(event: UserEvent) -> UserEvent:
    """The same event, felt in no mood."""
    return msgspec.structs.replace(event, context=msgspec.structs.replace(event.context or Context(), mood=None))


def without_context(event: UserEvent) -> UserEvent:
    """The same event, anywhere."""
    return msgspec.structs.replace(event, context=None)


def ranks_in(log: Sequence[UserEvent], items: tuple[Item, ...], seed: int) -> tuple[dict[str, Ranks], list[str]]:
    """Each system's ranks (n,) of the scored events of one order, and those events' users."""
    cut = split(log, Protocol(seed=seed))
    plan = replace(PLAN, seed=seed)
    logs = {
        WHOLE: log,
        WITHOUT_MOOD: [without_mood(event) for event in log],
        WITHOUT_CONTEXT: [without_context(event) for event in log],
    }
    found = {name: _ours(split(of, Protocol(seed=seed)), items, plan) for name, of in logs.items()}
    found |= {make().name: _baseline(make(), cut, items) for make in BASELINES}
    return found, [event.user_id for event, _ in cut.targets]


def _ours(cut: Split, items: tuple[Item, ...], plan: Plan) -> Ranks:
    bundle = train_on(of_events(cut.head), items, plan, now_ms=BEGIN_MS)

    async def live() -> Ranks:
        replay = await Replay.on(bundle)
        await replay.learn(cut.head)
        return await _ranks(Live(WHOLE, replay, cut.repeats), cut)

    return asyncio.run(live())


def _baseline(baseline: Baseline, cut: Split, items: tuple[Item, ...]) -> Ranks:
    return asyncio.run(_ranks(Wrapped(baseline, cut, [item.item_id for item in items]), cut))


async def _ranks(system: System, cut: Split) -> Ranks:
    ranks = []
    for step in cut.steps:
        if step.scored and isinstance(step.event, Interaction):
            (placed,) = (await system.answers(step.event, step)).values()
            ranks.append(placed.rank)
        await system.learn(step.event)
    return np.array(ranks, np.int64)


def measure(folder: Path, orders: int) -> Found:
    """All systems over so many orders, each against the whole."""
    ratings, rows = converted(folder)
    items = catalogue_of(item_event(row) for row in rows)
    ranks: defaultdict[str, list[Ranks]] = defaultdict(list)
    users: list[str] = []
    for seed in range(orders):
        with threadpool_limits(1):
            found, asked = ranks_in(events_of(in_seeded_order(ratings, seed)), items, seed)
        users += asked
        for name, one in found.items():
            ranks[name].append(one)
    together = {name: np.concatenate(of) for name, of in ranks.items()}
    return compared(together, np.unique(users, return_inverse=True)[1].astype(np.int64), WHOLE)


def write(folder: Path, out: Path) -> None:
    """Leave `events.csv` and `items.csv` in the plain form, of the first order."""
    ratings, items = converted(folder)
    out.mkdir(parents=True, exist_ok=True)
    for name, rows in (("events.csv", in_seeded_order(ratings, 0)), ("items.csv", items)):
        with (out / name).open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


def main() -> None:
    """Convert, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.comoda", description=__doc__)
    parser.add_argument("folder", type=Path, help="where LDOS-CoMoDa.csv and itemsTitles.csv lie")
    parser.add_argument("--orders", type=int, default=ORDERS, help="how many seeded orders")
    parser.add_argument("--write", type=Path, help="write the plain form of the first order there, and measure nothing")
    chosen = parser.parse_args()
    if chosen.write:
        write(chosen.folder, chosen.write)
    else:
        print(table(f"LDOS-CoMoDa, {chosen.orders} orders", measure(chosen.folder, chosen.orders)))


if __name__ == "__main__":
    main()
