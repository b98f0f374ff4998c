"""What one click on a mood does to the next answer: `python -m benchmarks.moods_click --events … --bundle …`.

The log is learned up to its last fifth, on which the bundle wasn't trained. Then the users who were there last ask for
ten items: as they are, and with a token that carries one mood event, as right after a click on an emoji; the click
isn't learned, so each mood starts from the same state. Printed for each mood: the agreement (`model.affect`,
in [-1, 1]) of the ten items with the mood before and after the click, the paired gain over users with its interval,
valence and arousal of the ten, how many of them stayed, and for some users the ten titles.

Baseline: the same answer without the click.
"""

import argparse
import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from batch.dataset import read_events
from batch.measures import Drawn
from batch.replay import Replay, UserEvent, in_order, is_target
from contracts.events import MoodEvent
from contracts.moods import MOODS, mood_of
from model import bundle
from model.affect import affects, agreement
from model.items import Item
from online.answer.asked import Ask
from online.answer.token import Sent, issue
from online.learn.enrich import Enricher

PAGE: Final = 10
TRAINED: Final = 0.8

Pages = Mapping[str, list[list[str]]]
"""Mood clicked, "" for none → each user's ten items."""


async def ask(folder: Path, log: Sequence[UserEvent], moods: Sequence[str], users: Sequence[str]) -> Pages:
    """The page of each user before and after each mood, the log having been learned."""
    replay = await Replay.on(bundle.read(folder))
    await replay.learn(log)
    now = log[-1].time + 1000
    return {mood: [await _page(replay, user, mood, now, len(log)) for user in users] for mood in ("", *moods)}


async def _page(replay: Replay, user: str, mood: str, now: int, offset: int) -> list[str]:
    token = issue(user, [_click(user, mood, now, offset)], Enricher()) if mood else ""
    answer = await replay.ask(Ask(user_id=user, n=PAGE, token=token), now)
    return [item.item_id for item in answer.items]


def _click(user: str, mood: str, now: int, offset: int) -> Sent:
    return Sent(0, 2 * offset, now, MoodEvent(event_id="click", time=now, user_id=user, mood=mood))


def last_users(log: Sequence[UserEvent], most: int) -> list[str]:
    """Those who were there last, each once, the last one first."""
    return list(dict.fromkeys(event.user_id for event in reversed(log) if is_target(event)))[:most]


def report(pages: Pages, catalogue: Sequence[Item]) -> dict[str, dict[str, object]]:
    """For each mood what the click changed."""
    felt = dict(zip([item.item_id for item in catalogue], affects(catalogue), strict=True))
    before = pages[""]
    return {mood: _shift(mood, before, pages[mood], felt) for mood in pages if mood}


def _shift(
    mood: str, before: list[list[str]], after: list[list[str]], felt: Mapping[str, NDArray[np.float32]]
) -> dict[str, object]:
    row = mood_of(mood) or 0
    agreed = {name: _by_user(pages, felt, row) for name, pages in (("before", before), ("after", after))}
    drawn = Drawn(agreed.items(), np.arange(len(before)))
    stayed = [len(set(one) & set(other)) for one, other in zip(before, after, strict=True)]
    return {
        "mood": MOODS[row].label,
        "agreement_before": drawn.mean("before"),
        "agreement_after": drawn.mean("after"),
        "gain": drawn.difference("after", "before"),
        "share_of_users_up": round(float((agreed["after"] > agreed["before"]).mean()), 3),
        "valence_arousal_before": _middle(before, felt),
        "valence_arousal_after": _middle(after, felt),
        "stayed_of_ten": round(float(np.mean(stayed)), 2),
    }


def _by_user(pages: list[list[str]], felt: Mapping[str, NDArray[np.float32]], mood: int) -> NDArray[np.float64]:
    return np.array([agreement(np.stack([felt[item] for item in page]), mood).mean() for page in pages], np.float64)


def _middle(pages: list[list[str]], felt: Mapping[str, NDArray[np.float32]]) -> list[float]:
    return [round(float(one), 3) for one in np.mean([felt[item] for page in pages for item in page], axis=0)]


def show(pages: Pages, catalogue: Sequence[Item], users: Sequence[str], shown: int) -> None:
    """The titles of some users, before and after."""
    named = {item.item_id: f"{item.title} [{', '.join(item.categories)}]" for item in catalogue}
    for place, user in enumerate(users[:shown]):
        for mood, found in pages.items():
            new = set(found[place]) - set(pages[""][place])
            print(f"\nuser {user}, " + (f"after {mood} {MOODS[mood_of(mood) or 0].label}" if mood else "before"))
            for item in found[place]:
                print(f"  {'+' if mood and item in new else ' '} {named[item]}")


def main() -> None:
    """Ask, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.moods_click", description=__doc__)
    parser.add_argument("--events", type=Path, required=True, help="a log in the plain form")
    parser.add_argument("--bundle", type=Path, required=True, help="the folder of a bundle trained on its first 80%%")
    parser.add_argument("--users", type=int, default=100, help="how many ask")
    parser.add_argument("--shown", type=int, default=1, help="for how many of them the titles are printed")
    parser.add_argument("--moods", nargs="+", default=["😢", "😊", "😡", "😌"], help="emoji or words")
    chosen = parser.parse_args()
    log = in_order(read_events(chosen.events), 0)
    log = log[: int(len(log) * TRAINED)]
    users = last_users(log, chosen.users)
    with threadpool_limits(1):
        pages = asyncio.run(ask(chosen.bundle, log, chosen.moods, users))
    catalogue = bundle.read(chosen.bundle).catalogue
    show(pages, catalogue, users, chosen.shown)
    print(json.dumps(report(pages, catalogue), indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
