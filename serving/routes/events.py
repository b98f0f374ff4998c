"""`POST /v1/events`: answered when Kafka has them."""

from collections.abc import Sequence
from typing import Final

import msgspec
from fastapi import APIRouter, Request, Response

from contracts.errors import KafkaUnavailable
from online.answer import token
from online.answer.token import Foldable, Sent
from serving.parts import Parts
from serving.posted import Taken, split, take
from serving.problems import Refused, Result
from serving.publisher import Fate, Placed, Rejected
from serving.reading import body, said

RETRY_AFTER: Final = "1"
"""Seconds, where Kafka is away."""


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
        fates = await published(parts, taken, refused)
        return said(Posted(_results(taken, fates, refused), _tokens(parts, taken, fates)), 202)

    return routes


async def published(parts: Parts, taken: Sequence[Taken], refused: Sequence[Result] = ()) -> list[Fate]:
    """Where each event lies, or why Kafka won't take it; raises `Refused` with 503 unless that is known of all."""
    fates: list[Fate] = [None] * len(taken)
    try:
        fates = await parts.publisher.publish([one.record for one in taken])
        reason = parts.publisher.trouble or "no acknowledgement"
    except KafkaUnavailable as error:
        reason = str(error)
    _count(parts, fates)
    if None in fates:
        raise Refused(
            503,
            f"{reason}. Send what is `unknown` again, with the same event_id: it has no second effect",
            headers={"Retry-After": RETRY_AFTER},
            results=_results(taken, fates, refused),
        )
    if not any(isinstance(fate, Placed) for fate in fates):
        raise Refused(422, "Kafka took none of them: `results` says why", results=_results(taken, fates, refused))
    return fates


def _count(parts: Parts, fates: Sequence[Fate]) -> None:
    for outcome, of in (("accepted", Placed), ("refused", Rejected), ("unknown", type(None))):
        parts.metrics.events.labels(outcome).inc(sum(isinstance(fate, of) for fate in fates))


def _results(taken: Sequence[Taken], fates: Sequence[Fate], refused: Sequence[Result]) -> list[Result]:
    told = [_result(one, fate) for one, fate in zip(taken, fates, strict=True)]
    return sorted([*told, *refused], key=lambda result: result.index)


def _result(one: Taken, fate: Fate) -> Result:
    place, event_id = one.place, one.event.event_id
    if isinstance(fate, Placed):
        return Result(index=place, status="accepted", event_id=event_id, partition=fate.partition, offset=fate.offset)
    if isinstance(fate, Rejected):
        return Result(index=place, status="refused", event_id=event_id, reason=f"Kafka won't take it: {fate.reason}")
    return Result(index=place, status="unknown", event_id=event_id)


def _tokens(parts: Parts, taken: Sequence[Taken], fates: Sequence[Fate]) -> dict[str, str]:
    sent: dict[str, list[Sent]] = {}
    for one, at in zip(taken, fates, strict=True):
        if isinstance(at, Placed) and isinstance(one.event, Foldable):
            sent.setdefault(one.event.user_id, []).append(Sent(at.partition, at.offset, at.time, one.event))
    return {user_id: token.issue(user_id, events, parts.enricher) for user_id, events in sent.items()}
