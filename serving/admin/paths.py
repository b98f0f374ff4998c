"""What the OpenAPI document says of operators' operations, where they are on."""

from collections.abc import Sequence
from typing import Any, Final

from online.answer.asked import Ask
from online.answer.made_of import MadeOf
from serving.admin import examples
from serving.admin.bundles import Bundles, Done, Publish, RollBack
from serving.admin.door import COOKIE, LoggedIn, Login
from serving.admin.drift import Course, Signals
from serving.admin.health import Health
from serving.admin.letters import Again, Listed, Listing, Outcome, Whole
from serving.described import Schema, answer, body, component, in_query, operation
from serving.refusals import WITH_BODY, refused

TYPES: Final[tuple[Any, ...]] = (
    Login,
    LoggedIn,
    Bundles,
    Publish,
    RollBack,
    Done,
    Listing,
    Listed,
    Whole,
    Again,
    Outcome,
    Signals,
    Course,
    Health,
    Ask,
    MadeOf,
)
_ALWAYS: Final = ("401", "403", "429", "500")
_READING: Final = (*_ALWAYS, "422", "503")
_CHANGING: Final = (*_READING, *WITH_BODY)
_EITHER: Final[list[Schema]] = [{"operator": []}, {"session": []}]
SCHEMES: Final[Schema] = {
    "operator": {"type": "http", "scheme": "bearer", "description": "MOODSTREAM_ADMIN_TOKEN"},
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "The page's; changes need proof, too"},
}


def paths(schemas: Sequence[Schema], components: dict[str, Schema], problem: Schema) -> Schema:
    """By path; `schemas` are those of `TYPES`, `problem` is that of what is refused."""
    of = dict(zip(TYPES, schemas, strict=True))

    def told(name: str, summary: str, kind: Any, example: Any, statuses: tuple[str, ...], **more: Any) -> Schema:
        responses = {"200": answer("So it is", of[kind], example), **refused(problem, statuses)}
        return _guarded(name, summary, responses, **more)

    def sent(kind: Any, example: Any) -> Schema:
        return body(of[kind], example)

    def named(name: str, example: str) -> list[Schema]:
        return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "example": example}]

    out = {"204": {"description": "Nobody is logged in", "content": {}}, **refused(problem, ("403", "500"))}
    listing = in_query(component(components, of[Listing]), {"error": "InvalidEvent"})
    gone, late = (*_READING, "404"), (*_CHANGING, "409")
    return {
        "/v1/admin/session": {
            "post": {
                **told(
                    "post_admin_session",
                    "Log a browser in: a cookie, and the proof that changes need",
                    LoggedIn,
                    examples.LOGGED_IN,
                    (*_ALWAYS, "400", "408", "413", "415", "422"),
                    body=sent(Login, examples.LOGIN),
                ),
                "security": [],
            },
            "get": told("get_admin_session", "Who is logged in", LoggedIn, examples.LOGGED_IN, (*_ALWAYS, "422")),
            "delete": _guarded("delete_admin_session", "Log out", out),
        },
        "/v1/admin/bundles": {
            "get": told("get_admin_bundles", "Which bundle serves", Bundles, examples.BUNDLES, _READING)
        },
        "/v1/admin/bundles/publish": {
            "post": told(
                "post_admin_publish",
                "Put all users on a bundle, or a share of them",
                Done,
                examples.DONE,
                late,
                body=sent(Publish, examples.PUBLISH),
            )
        },
        "/v1/admin/bundles/rollback": {
            "post": told(
                "post_admin_rollback",
                "Undo what was published last: end a canary, or go back to the bundle before",
                Done,
                examples.DONE,
                late,
                body=sent(RollBack, examples.ROLL_BACK),
            )
        },
        "/v1/admin/dead-letters": {
            "get": told(
                "get_admin_letters",
                "Dead letters, the newest first",
                Listed,
                examples.LETTERS,
                _READING,
                parameters=listing,
            )
        },
        "/v1/admin/dead-letters/{letter}": {
            "get": told(
                "get_admin_letter",
                "One dead letter in full",
                Whole,
                examples.WHOLE,
                gone,
                parameters=named("letter", "events/2/1234"),
            )
        },
        "/v1/admin/retries": {
            "post": told(
                "post_admin_retry",
                "Send dead letters' events once more, each with one effect",
                Outcome,
                examples.OUTCOME,
                (*_CHANGING, "404"),
                body=sent(Again, examples.AGAIN),
            )
        },
        "/v1/admin/drift": {
            "get": told("get_admin_drift", "How the stream's signals stand", Signals, examples.DRIFT, _READING)
        },
        "/v1/admin/drift/{signal}": {
            "get": told(
                "get_admin_signal",
                "One signal over time",
                Course,
                examples.COURSE,
                gone,
                parameters=named("signal", "unknown-items"),
            )
        },
        "/v1/admin/health": {
            "get": told("get_admin_health", "How the parts are, and the way out", Health, examples.HEALTH, _ALWAYS)
        },
        "/v1/admin/answers": {
            "post": told(
                "post_admin_answer",
                "What an answer is made of; the user isn't shown it",
                MadeOf,
                examples.MADE_OF,
                _CHANGING,
                body=sent(Ask, {"user_id": "me", "n": 5}),
            )
        },
    }


def _guarded(name: str, summary: str, responses: Schema, **more: Any) -> Schema:
    return {**operation(name, summary, responses, **more), "security": _EITHER}
