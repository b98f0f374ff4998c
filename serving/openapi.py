"""The OpenAPI document (3.1), from the very types that decode and encode; there is no second schema."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final, get_args

import msgspec

from contracts.events import Event, Id
from online.answer.answered import Profile, Ranking, Recommendations, SimilarItems, Untouched, Whereabouts
from online.answer.asked import Ask, ToRank
from serving import examples
from serving.problems import MEDIA_TYPE, Problem
from serving.pulse import STREAM, Beat
from serving.reading import CONTEXT, LISTS
from serving.routes.events import Posted
from serving.routes.health import Live, Ready
from serving.routes.items import Query
from serving.routes.live import Many, Where, World
from serving.routes.users import Erasing

VERSION: Final = "1"
JSON: Final = "application/json"
Schema = dict[str, Any]


@lru_cache(maxsize=2)
def document(*, secured: bool = False) -> Schema:
    """The document; `secured` where a token is demanded."""
    schemas, components = _schemas(
        Event,
        Ask,
        ToRank,
        Query,
        Posted,
        Recommendations,
        Ranking,
        SimilarItems,
        Profile,
        Erasing,
        World,
        Where,
        Whereabouts,
        Many,
        Untouched,
        Beat,
        Problem,
        Live,
        Ready,
    )
    for kind in get_args(Event):  # the API gives an event an id and a time where it has none
        required = components[kind.__name__]["required"]
        components[kind.__name__]["required"] = [name for name in required if name not in ("event_id", "time")]
    event, ask, to_rank, query, posted, recommended, ranking, similar, profile, erasing, *others = schemas
    *page, problem, live, ready = others
    world, where, whereabouts, many, untouched, beat = page
    refusals = {status: _problem(problem, status, said) for status, said in _REFUSALS.items()}
    recommendations = {"200": _answer("Items, best first", recommended, examples.RECOMMENDED)}
    user, item = _in_path("user_id", "me"), _in_path("item_id", "50")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Moodstream",
            "version": VERSION,
            "description": "A click or a mood changes the very next recommendation.",
        },
        "paths": {
            "/v1/events": {
                "post": _operation(
                    "post_events",
                    "Send one event, or up to 1,000; answered when Kafka has them",
                    {"202": _answer("What became of each", posted, examples.POSTED), **_only(refusals, _REFUSALS)},
                    body=_body(
                        {"oneOf": [event, {"type": "array", "items": event, "minItems": 1, "maxItems": 1000}]},
                        examples.EVENTS,
                    ),
                )
            },
            "/v1/recommendations": {
                "get": _operation(
                    "get_recommendations",
                    "Recommend items to a user",
                    {**recommendations, **_only(refusals, _ASKING)},
                    parameters=_ask_parameters(components),
                ),
                "post": _operation(
                    "post_recommendations",
                    "Recommend items to a user, with rules and long lists",
                    {**recommendations, **_only(refusals, (*_ASKING, *_WITH_BODY))},
                    body=_body(ask, examples.ASK),
                ),
            },
            "/v1/rank": {
                "post": _operation(
                    "post_rank",
                    "Put items of your own in order for a user",
                    {
                        "200": _answer("All that can be scored, best first; the rest apart", ranking, examples.RANKING),
                        **_only(refusals, (*_ASKING, *_WITH_BODY)),
                    },
                    body=_body(to_rank, examples.TO_RANK),
                )
            },
            "/v1/items/{item_id}/similar": {
                "get": _operation(
                    "get_similar",
                    "Items like another",
                    {
                        "200": _answer("Items, most like it first", similar, examples.SIMILAR),
                        **_only(refusals, _ASKING),
                    },
                    parameters=[item, *_in_query(_component(components, query), {"n": 5})],
                )
            },
            "/v1/users/{user_id}": {
                "get": _operation(
                    "get_user",
                    "What is known of a user, and how fresh it is",
                    {"200": _answer("The user", profile, examples.PROFILE), **_only(refusals, _ASKING)},
                    parameters=[user],
                ),
                "delete": _operation(
                    "delete_user",
                    "Have a user forgotten",
                    {
                        "202": _answer("The erase event", erasing, examples.ERASING),
                        **_only(refusals, (*_ASKING, "503")),
                    },
                    parameters=[user],
                ),
            },
            "/v1/live/world": {
                "get": _operation(
                    "get_live_world",
                    "What the live page shows to everybody: the map of the items, and the moods",
                    {"200": _answer("The world", world, examples.WORLD), **_only(refusals, _LOOKING)},
                )
            },
            "/v1/live/places/{user_id}": {
                "get": _operation(
                    "get_live_place",
                    "Where a user stands on the map of the items",
                    {"200": _answer("The place", whereabouts, examples.WHEREABOUTS), **_only(refusals, _ASKING)},
                    parameters=[user, *_in_query(_component(components, where), {})],
                )
            },
            "/v1/live/as-trained/{user_id}": {
                "get": _operation(
                    "get_live_as_trained",
                    "What the bundle alone says of a user as they were when it was trained",
                    {
                        "200": _answer("Items, best first", untouched, examples.UNTOUCHED),
                        **_only(refusals, _ASKING),
                    },
                    parameters=[user, *_in_query(_component(components, many), {"n": 5})],
                )
            },
            STREAM: {
                "get": _operation(
                    "get_live_stream",
                    "The stream's pulse once a second, until you hang up",
                    {"200": _streamed(beat), **_only(refusals, _LOOKING)},
                )
            },
            "/health/live": {
                "get": _watched("get_live", "The process answers", {"200": _answer("Yes", live, {"live": True})})
            },
            "/health/ready": {
                "get": _watched(
                    "get_ready",
                    "Whether requests should come here",
                    {
                        "200": _answer("Yes", ready, examples.READY),
                        "503": _answer("No", ready, {**examples.READY, "ready": False}),
                    },
                )
            },
            "/metrics": {
                "get": _watched(
                    "get_metrics",
                    "For Prometheus",
                    {
                        "200": {
                            "description": "The metrics",
                            "content": {
                                "text/plain": {
                                    "schema": {"type": "string"},
                                    "example": 'moodstream_bundle_info{version="…"} 1.0',
                                }
                            },
                        }
                    },
                )
            },
        },
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}] if secured else _OPEN,
    }


_OPEN: Final[list[Schema]] = [{"token": []}, {}]
"""With a token or without."""
_REFUSALS: Final = {
    "400": "Not JSON, or no request of HTTP",
    "401": "A token is demanded",
    "403": "A page of another site asked",
    "408": "The body did not come in time",
    "413": "More than 2 MB",
    "415": "The body is compressed",
    "422": "What was said doesn't fit",
    "429": "Too many requests are under way: try again",
    "500": "A fault of the server",
    "503": "Kafka is away: try again",
}
_NOT_HTTP: Final[Schema] = {"text/plain": {"schema": {"type": "string"}, "example": "Invalid HTTP request received."}}
"""What the server says of itself when it can't read a request's first lines."""
_RETRIED: Final = ("429", "503")
_RETRY_AFTER: Final[Schema] = {
    "Retry-After": {"required": True, "description": "Seconds", "schema": {"type": "integer", "minimum": 1}}
}
_LOOKING: Final = ("401", "403", "429", "500")
_ASKING: Final = ("401", "403", "422", "429", "500")
_WITH_BODY: Final = ("400", "408", "413", "415")


def _schemas(*types: Any) -> tuple[tuple[Schema, ...], dict[str, Schema]]:
    return msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")


def _operation(
    operation: str,
    summary: str,
    responses: Schema,
    *,
    parameters: list[Schema] | None = None,
    body: Schema | None = None,
) -> Schema:
    optional = {"parameters": parameters, "requestBody": body}
    given = {name: value for name, value in optional.items() if value is not None}
    refused = {"400": {"description": "No request of HTTP", "content": _NOT_HTTP}}
    return {"operationId": operation, "summary": summary, **given, "responses": {**refused, **responses}}


def _watched(operation: str, summary: str, responses: Schema) -> Schema:
    """One for those who watch over it from the same machine, who need no token."""
    return {**_operation(operation, summary, responses), "security": _OPEN}


def _answer(said: str, schema: Schema, example: Any) -> Schema:
    return {"description": said, "content": {JSON: {"schema": schema, "example": example}}}


def _streamed(beat: Schema) -> Schema:
    """Server-sent events, each of which is JSON of this schema."""
    example = f"data: {msgspec.json.encode(examples.BEAT).decode()}\n\n"
    schema = {"type": "string", "contentMediaType": "text/event-stream", "x-event": beat}
    return {"description": "Events", "content": {"text/event-stream": {"schema": schema, "example": example}}}


def _body(schema: Schema, example: Any) -> Schema:
    return {"required": True, "content": {JSON: {"schema": schema, "example": example}}}


def _problem(schema: Schema, status: str, said: str) -> Schema:
    headers = {"headers": _RETRY_AFTER} if status in _RETRIED else {}
    other = _NOT_HTTP if status == "400" else {}
    content = {MEDIA_TYPE: {"schema": schema, "example": examples.PROBLEM}, **other}
    return {"description": said, **headers, "content": content}


def _only(refusals: Schema, statuses: Iterable[str]) -> Schema:
    return {status: refusals[status] for status in sorted(statuses)}


def _in_path(name: str, example: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": msgspec.json.schema(Id), "example": example}


def _component(components: dict[str, Schema], reference: Schema) -> Schema:
    return components[reference["$ref"].rpartition("/")[2]]


def _in_query(component: Schema, given: dict[str, Any]) -> list[Schema]:
    required = component.get("required", ())
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": schema,
            **({"example": given[name]} if name in given else {}),
        }
        for name, schema in component["properties"].items()
    ]


def _ask_parameters(components: dict[str, Schema]) -> list[Schema]:
    """What a query can say of `Ask`: lists by repeating the name, of the context what is a word."""
    ask = components["Ask"]
    simple = {name: schema for name, schema in ask["properties"].items() if name not in ("rules", "context")}
    words = {name: schema for name, schema in components["Context"]["properties"].items() if name in CONTEXT}
    parameters = _in_query({**ask, "properties": {**simple, **words}}, {"user_id": "me", "n": 5, "mood": "😊"})
    return [{**one, "style": "form", "explode": True} if one["name"] in LISTS else one for one in parameters]
