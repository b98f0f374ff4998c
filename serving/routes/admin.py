"""`/v1/admin/…`: what operators see and do, behind a token of its own."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from online.answer.asked import Ask
from serving.admin.bundles import Publish, RollBack, Shelved
from serving.admin.door import OPERATIONS, Door, Login
from serving.admin.drift import Drifts
from serving.admin.health import health
from serving.admin.letters import Again, Desk, Listing
from serving.parts import Parts
from serving.problems import Refused
from serving.reading import body, converted, in_body

SESSION: Final = OPERATIONS + "session"
BUNDLES: Final = OPERATIONS + "bundles"
LETTERS: Final = OPERATIONS + "dead-letters"
RETRIES: Final = OPERATIONS + "retries"
DRIFT: Final = OPERATIONS + "drift"
_LONGEST_NAME: Final = 300


def router(parts: Parts) -> APIRouter:
    """Logging in, looking, and changing."""
    routes, door = APIRouter(), Door(parts.settings.admin_token, parts.clock)
    _sessions(routes, door)
    _bundles(routes, door, Shelved(parts.settings, parts.library))
    _letters(routes, door, Desk(parts.settings))
    _looking(routes, door, parts, Drifts(parts.store, parts.settings.store_timeout_s))
    return routes


def _sessions(routes: APIRouter, door: Door) -> None:
    @routes.post(SESSION)
    async def post_session(request: Request) -> Response:
        return await door.log_in(request, in_body(await body(request), Login))

    @routes.get(SESSION)
    async def get_session(request: Request) -> Response:
        return await door.session(request)

    @routes.delete(SESSION)
    async def delete_session(request: Request) -> Response:
        return await door.log_out(request)


def _bundles(routes: APIRouter, door: Door, shelved: Shelved) -> None:
    @routes.get(BUNDLES)
    async def get_bundles(request: Request) -> Response:
        return await door.answer(request, lambda _: shelved.listed())

    @routes.post(BUNDLES + "/publish")
    async def post_publish(request: Request) -> Response:
        async def work(who: str) -> Any:
            return await shelved.publish(in_body(await body(request), Publish), who)

        return await door.answer(request, work)

    @routes.post(BUNDLES + "/rollback")
    async def post_rollback(request: Request) -> Response:
        async def work(who: str) -> Any:
            return await shelved.roll_back(in_body(await body(request), RollBack), who)

        return await door.answer(request, work)


def _letters(routes: APIRouter, door: Door, desk: Desk) -> None:
    @routes.get(LETTERS)
    async def get_letters(request: Request) -> Response:
        async def work(_: str) -> Any:
            return await desk.listed(converted(dict(request.query_params), Listing))

        return await door.answer(request, work)

    @routes.post(RETRIES)
    async def post_retry(request: Request) -> Response:
        async def work(who: str) -> Any:
            return await desk.send(in_body(await body(request), Again), who)

        return await door.answer(request, work)

    @routes.get(LETTERS + "/{letter:path}")
    async def get_letter(request: Request) -> Response:
        return await door.answer(request, lambda _: desk.whole(_named(request, "letter")))


def _looking(routes: APIRouter, door: Door, parts: Parts, drifts: Drifts) -> None:
    @routes.get(DRIFT)
    async def get_drift(request: Request) -> Response:
        return await door.answer(request, lambda _: drifts.signals())

    @routes.get(DRIFT + "/{signal:path}")
    async def get_signal(request: Request) -> Response:
        return await door.answer(request, lambda _: drifts.course(_named(request, "signal")))

    @routes.get(OPERATIONS + "health")
    async def get_health(request: Request) -> Response:
        return await door.answer(request, lambda _: health(parts), is_use=False)

    @routes.post(OPERATIONS + "answers")
    async def post_answer(request: Request) -> Response:
        async def work(_: str) -> Any:
            return await parts.recommender.made_of(in_body(await body(request), Ask))

        return await door.answer(request, work)


def _named(request: Request, name: str) -> str:
    found: str = request.path_params[name]
    if not 0 < len(found) <= _LONGEST_NAME:
        raise Refused(422, f"a {name}'s name has 1 to {_LONGEST_NAME} characters")
    return found
