"""`/v1/items/{item_id}/similar`: items like another."""

import msgspec
from fastapi import APIRouter, Request, Response

from online.answer.asked import Count
from serving.parts import Parts
from serving.reading import converted, item_or_user, said


class Query(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be asked of an item's neighbours."""

    n: Count = 10
    explain: bool = False


def router(parts: Parts) -> APIRouter:
    """Asking about items."""
    routes = APIRouter()

    @routes.get("/v1/items/{item_id:path}/similar")
    async def get_similar(request: Request) -> Response:
        asked: Query = converted(dict(request.query_params), Query)
        item_id = item_or_user(request, "item_id")
        answered = await parts.similar.similar(item_id, asked.n, explain=asked.explain)
        parts.metrics.answered(answered.degraded, None)
        return said(answered)

    return routes
