"""What an answer is made of, for one who wants to know why: the state, who brought what, what fell out, what moved."""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from contracts.moods import LABELS
from model import scoring
from online.answer.answered import Recommended, Standing
from online.answer.catalogue import Rows
from online.answer.considered import Weighed
from online.answer.filters import union
from online.answer.ranked import Ranked
from online.answer.scene import Scene

FIRST: Final = 5
"""Of each source, its strongest that are told."""


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """One item that a source brought."""

    item_id: str
    title: str
    score: float | None
    """The ranker's; None where the item fell out before it was ranked."""
    place: int | None
    """In the order, from 1; None where it fell out, or stands beyond what is kept."""


class FromSource(msgspec.Struct, frozen=True, kw_only=True):
    """What one source of candidates did."""

    source: str
    found: int
    ranked: int
    """Of these, what was left to be ranked."""
    shown: int
    """And what is on this page."""
    first: list[Brought]
    """Its strongest, the strongest first."""


class KeptOut(msgspec.Struct, frozen=True, kw_only=True):
    """Why items aren't there."""

    why: str
    items: int


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One feature of one item."""

    feature: str
    value: float | None
    """As the ranker saw it; None for what is no feature, such as a boost."""
    share: float
    """What it adds to the score."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One item of the page."""

    item_id: str
    title: str
    score: float
    probability: float | None
    sources: list[str]
    by_score: int
    """Where it would stand by score alone, from 1: rules and diversity moved it from there."""
    parts: list[Part]
    """The largest first; what adds nothing is left out."""


class MadeOf(Standing, frozen=True, kw_only=True):
    """One page, taken apart."""

    user_id: str
    known_as: str
    """The known user whom this one turned out to be; empty where there is none."""
    canary: bool
    """The bundle is one that only a share of users is on."""
    events: int
    """That the user's state has taken in."""
    kept: int
    """Of these, in the history."""
    seen: int
    last_event: int | None
    """UTC ms."""
    mood: str
    """The one that the answer was made for."""
    contexts: list[str]
    """Those whose trending items counted."""
    sources: list[FromSource]
    kept_out: list[KeptOut]
    candidates: int
    """That were ranked."""
    items: list[Shown]


def made_of(weighed: Weighed, ranked: Ranked, standing: Standing, shown: Sequence[Recommended]) -> MadeOf:
    """Of the request that was weighed so, whose order is `ranked` and whose page is `shown`."""
    scene = weighed.scene
    view = scene.view
    rollout = view.meta.rollout if view.meta else None
    return MadeOf(
        **msgspec.structs.asdict(standing),
        user_id=scene.ask.user_id,
        known_as=view.user.user_id if view.user.user_id != scene.ask.user_id else "",
        canary=bool(rollout and rollout.canary and standing.bundle == rollout.canary),
        events=view.state.count,
        kept=len(view.user.history),
        seen=view.user.seen.count,
        last_event=view.state.time if view.state.count else None,
        mood=LABELS[scene.mood],
        contexts=sorted(scene.tallies.contexts),
        sources=_sources(weighed, ranked, len(shown)),
        kept_out=_kept_out(scene, union(weighed.found, scene), weighed.ranked.numbers),
        candidates=len(weighed.ranked),
        items=_items(weighed.ranked, ranked, shown),
    )


def _sources(weighed: Weighed, ranked: Ranked, shown: int) -> list[FromSource]:
    scene = weighed.scene
    scores = dict(zip(weighed.ranked.numbers.tolist(), weighed.ranked.scores.tolist(), strict=True))
    places = {number: place for place, number in enumerate(ranked.numbers.tolist(), 1)}
    told = []
    for name, numbers in weighed.found.items():
        found = numbers.tolist()
        first = [
            Brought(
                item_id=str(scene.numbers.ids[number]),
                title=scene.catalogue.item(scene.numbers.ids[number]).title,
                score=scores.get(number),
                place=places.get(number),
            )
            for number in found[:FIRST]
        ]
        left = sum(number in scores for number in found)
        on_page = sum(places.get(number, shown + 1) <= shown for number in found)
        told.append(FromSource(source=name, found=len(found), ranked=left, shown=on_page, first=first))
    return told


def _kept_out(scene: Scene, candidates: Rows, ranked: Rows) -> list[KeptOut]:
    """Those that no source may bring, and those that were brought and fell out."""
    ask, rows = scene.ask, scene.placed.rows
    counts = {
        "had already, in the kept history": 0 if ask.repeat else len(scene.history),
        "turned down by the user": len(scene.turned_down),
        "withdrawn from the catalogue": int(scene.catalogue.withdrawn[rows].sum()),
        "of other categories than were asked for": int((~scene.catalogue.in_categories(ask.categories)[rows]).sum()),
        "excluded or blocked by the request": len({*ask.exclude, *ask.rules.block}),
        "brought, but had before the kept history, or beyond what a source may bring": len(
            np.setdiff1d(candidates, ranked)
        ),
    }
    return [KeptOut(why=why, items=items) for why, items in counts.items() if items]


def _items(weighed: Ranked, ranked: Ranked, shown: Sequence[Recommended]) -> list[Shown]:
    order = weighed.numbers[scoring.top(weighed.scores, len(weighed))].tolist()
    by_score = {number: place for place, number in enumerate(order, 1)}
    return [
        Shown(
            item_id=item.item_id,
            title=item.title,
            score=item.score,
            probability=item.probability,
            sources=item.sources,
            by_score=by_score[int(ranked.numbers[place])],
            parts=_parts(item.parts or {}, ranked, place),
        )
        for place, item in enumerate(shown)
    ]


def _parts(shares: dict[str, float], ranked: Ranked, place: int) -> list[Part]:
    values = dict(zip(ranked.ranker.names, ranked.features[place].tolist(), strict=True))
    found = [Part(feature=name, value=values.get(name), share=share) for name, share in shares.items() if share]
    return sorted(found, key=lambda part: -abs(part.share))
