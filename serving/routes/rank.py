"""`POST /v1/rank`: items that a service brings itself, in order for a user."""

from fastapi import APIRouter, Request, Response

from online.answer.asked import ToRank
from serving.parts import Parts
from serving.reading import body, in_body, said


def router(parts: Parts) -> APIRouter:
    """Asking for an order."""
    routes = APIRouter()

    @routes.post("/v1/rank")
    async def post_rank(request: Request) -> Response:
        answered = await parts.recommender.rank(in_body(await body(request), ToRank))
        parts.metrics.answered(answered.degraded, answered.lag)
        return said(answered)

    return routes
