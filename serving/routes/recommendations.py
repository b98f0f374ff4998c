"""`/v1/recommendations`: the answer to a request, by query or by body."""

import time

from fastapi import APIRouter, Request, Response

from online.answer.asked import Ask
from serving.parts import Parts
from serving.reading import ask_in_query, body, in_body, said


def router(parts: Parts) -> APIRouter:
    """Asking for recommendations."""
    routes = APIRouter()

    async def answer(ask: Ask) -> Response:
        started = time.perf_counter()
        answered = await parts.recommender.recommend(ask)
        parts.metrics.made(answered.bundle, time.perf_counter() - started)
        parts.metrics.answered(answered.degraded, answered.lag)
        parts.metrics.recommended([item.sources for item in answered.items], answered.age_ms)
        return said(answered)

    @routes.get("/v1/recommendations")
    async def get_recommendations(request: Request) -> Response:
        return await answer(ask_in_query(request))

    @routes.post("/v1/recommendations")
    async def post_recommendations(request: Request) -> Response:
        return await answer(in_body(await body(request), Ask))

    return routes
