"""`POST /v1/events`: answered when Kafka has them."""

from collections.abc import Sequence

import msgspec
from fastapi import APIRouter, Request, Response

from contracts.errors import KafkaUnavailable
from online.answer import token
from online.answer.token import Foldable, Sent
from serving.parts import Parts
from serving.posted import Taken, split, take
from serving.problems import Refused, Result
from serving.publisher import Placed
from serving.reading import body, said


class Posted(msgspec.Struct, frozen=True):
    """What became of each event, in the order sent."""

    results: list[Result]
    tokens: dict[str, str]
    """User → a token of their events in this request: `token` of a request for recommendations makes them count."""


def router(parts: Parts) -> APIRouter:
    """Posting events."""
    routes = APIRouter()

    @routes.post("/v1/events")
    async def post_events(request: Request) -> Response:
        taken, refused = take(split(await body(request)), parts.clock())
        parts.metrics.events.labels("refused").inc(len(refused))
        if not taken:
            raise Refused(422, "no event was accepted: `results` says why", results=refused)
        placed = await published(parts, taken, refused)
        return said(Posted(_results(taken, placed, refused), _tokens(parts, taken, placed)), 202)

    return routes


async def published(parts: Parts, taken: Sequence[Taken], refused: Sequence[Result] = ()) -> list[Placed | None]:
    """Where each event lies; raises `Refused` with 503 unless Kafka has acknowledged all of them."""
    nowhere: list[Placed | None] = [None] * len(taken)
    try:
        placed = await parts.publisher.publish([one.record for one in taken])
        reason = parts.publisher.trouble or "no acknowledgement"
    except KafkaUnavailable as error:
        placed, reason = nowhere, str(error)
    parts.metrics.events.labels("accepted").inc(sum(place is not None for place in placed))
    if None in placed:
        parts.metrics.events.labels("unknown").inc(placed.count(None))
        raise Refused(
            503,
            f"{reason}. Send what isn't `accepted` again, with the same event_id: it has no second effect",
            headers={"Retry-After": "1"},
            results=_results(taken, placed, refused),
        )
    return placed


def _results(taken: Sequence[Taken], placed: Sequence[Placed | None], refused: Sequence[Result]) -> list[Result]:
    accepted = [
        Result(
            index=one.place, status="accepted", event_id=one.event.event_id, partition=at.partition, offset=at.offset
        )
        if at
        else Result(index=one.place, status="unknown", event_id=one.event.event_id)
        for one, at in zip(taken, placed, strict=True)
    ]
    return sorted([*accepted, *refused], key=lambda result: result.index)


def _tokens(parts: Parts, taken: Sequence[Taken], placed: Sequence[Placed | None]) -> dict[str, str]:
    sent: dict[str, list[Sent]] = {}
    for one, at in zip(taken, placed, strict=True):
        if at and isinstance(one.event, Foldable):
            sent.setdefault(one.event.user_id, []).append(Sent(at.partition, at.offset, at.time, one.event))
    return {user_id: token.issue(user_id, events, parts.enricher) for user_id, events in sent.items()}
