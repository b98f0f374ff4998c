"""The OpenAPI document (3.1), from the very types that decode and encode; there is no second schema."""

from functools import lru_cache
from typing import Any, Final, get_args

import msgspec

from contracts.events import Event
from online.answer.answered import Profile, Ranking, Recommendations, SimilarItems, Untouched, Whereabouts
from online.answer.asked import Ask, ToRank
from serving import examples
from serving.admin import paths as operators
from serving.described import OPEN, Schema, answer, body, component, in_path, in_query, operation, streamed, watched
from serving.problems import Problem
from serving.pulse import STREAM, Beat
from serving.reading import CONTEXT, LISTS
from serving.refusals import ASKING, LOOKING, REFUSALS, WITH_BODY, refused
from serving.routes.events import Posted
from serving.routes.health import Live, Ready
from serving.routes.items import Query
from serving.routes.live import Many, Where, World
from serving.routes.users import Erasing

VERSION: Final = "1"


@lru_cache(maxsize=4)
def document(*, secured: bool = False, admin: bool = False) -> Schema:
    """The document; `secured` where a token is demanded, with what operators do where `admin` is on."""
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
        *(operators.TYPES if admin else ()),
    )
    for kind in get_args(Event):  # the API gives an event an id and a time where it has none
        required = components[kind.__name__]["required"]
        components[kind.__name__]["required"] = [name for name in required if name not in ("event_id", "time")]
    event, ask, to_rank, query, posted, recommended, ranking, similar, profile, erasing, *others = schemas
    world, where, whereabouts, many, untouched, beat, problem, live, ready, *admins = others
    recommendations = {"200": answer("Items, best first", recommended, examples.RECOMMENDED)}
    user, item = in_path("user_id", "me"), in_path("item_id", "50")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Moodstream",
            "version": VERSION,
            "description": "A click or a mood changes the very next recommendation.",
        },
        "paths": {
            "/v1/events": {
                "post": operation(
                    "post_events",
                    "Send one event, or up to 1,000; answered when Kafka has them",
                    {"202": answer("What became of each", posted, examples.POSTED), **refused(problem, REFUSALS)},
                    body=body(
                        {"oneOf": [event, {"type": "array", "items": event, "minItems": 1, "maxItems": 1000}]},
                        examples.EVENTS,
                    ),
                )
            },
            "/v1/recommendations": {
                "get": operation(
                    "get_recommendations",
                    "Recommend items to a user",
                    {**recommendations, **refused(problem, ASKING)},
                    parameters=_ask_parameters(components),
                ),
                "post": operation(
                    "post_recommendations",
                    "Recommend items to a user, with rules and long lists",
                    {**recommendations, **refused(problem, (*ASKING, *WITH_BODY))},
                    body=body(ask, examples.ASK),
                ),
            },
            "/v1/rank": {
                "post": operation(
                    "post_rank",
                    "Put items of your own in order for a user",
                    {
                        "200": answer("All that can be scored, best first; the rest apart", ranking, examples.RANKING),
                        **refused(problem, (*ASKING, *WITH_BODY)),
                    },
                    body=body(to_rank, examples.TO_RANK),
                )
            },
            "/v1/items/{item_id}/similar": {
                "get": operation(
                    "get_similar",
                    "Items like another",
                    {
                        "200": answer("Items, most like it first", similar, examples.SIMILAR),
                        **refused(problem, ASKING),
                    },
                    parameters=[item, *in_query(component(components, query), {"n": 5})],
                )
            },
            "/v1/users/{user_id}": {
                "get": operation(
                    "get_user",
                    "What is known of a user, and how fresh it is",
                    {"200": answer("The user", profile, examples.PROFILE), **refused(problem, ASKING)},
                    parameters=[user],
                ),
                "delete": operation(
                    "delete_user",
                    "Have a user forgotten",
                    {
                        "202": answer("The erase event", erasing, examples.ERASING),
                        **refused(problem, (*ASKING, "503")),
                    },
                    parameters=[user],
                ),
            },
            "/v1/live/world": {
                "get": operation(
                    "get_live_world",
                    "What the live page shows to everybody: the map of the items, and the moods",
                    {"200": answer("The world", world, examples.WORLD), **refused(problem, LOOKING)},
                )
            },
            "/v1/live/places/{user_id}": {
                "get": operation(
                    "get_live_place",
                    "Where a user stands on the map of the items",
                    {"200": answer("The place", whereabouts, examples.WHEREABOUTS), **refused(problem, ASKING)},
                    parameters=[user, *in_query(component(components, where), {})],
                )
            },
            "/v1/live/as-trained/{user_id}": {
                "get": operation(
                    "get_live_as_trained",
                    "What the bundle alone says of a user as they were when it was trained",
                    {
                        "200": answer("Items, best first", untouched, examples.UNTOUCHED),
                        **refused(problem, ASKING),
                    },
                    parameters=[user, *in_query(component(components, many), {"n": 5})],
                )
            },
            STREAM: {
                "get": operation(
                    "get_live_stream",
                    "The stream's pulse once a second, until you hang up",
                    {"200": streamed(beat), **refused(problem, LOOKING)},
                )
            },
            "/health/live": {
                "get": watched("get_live", "The process answers", {"200": answer("Yes", live, {"live": True})})
            },
            "/health/ready": {
                "get": watched(
                    "get_ready",
                    "Whether requests should come here",
                    {
                        "200": answer("Yes", ready, examples.READY),
                        "503": answer("No", ready, {**examples.READY, "ready": False}),
                    },
                )
            },
            "/metrics": {
                "get": watched(
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
            **(operators.paths(admins, components, problem) if admin else {}),
        },
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}, **(operators.SCHEMES if admin else {})},
        },
        "security": [{"token": []}] if secured else OPEN,
    }


def _schemas(*types: Any) -> tuple[tuple[Schema, ...], dict[str, Schema]]:
    return msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")


def _ask_parameters(components: dict[str, Schema]) -> list[Schema]:
    """What a query can say of `Ask`: lists by repeating the name, of the context what is a word."""
    ask = components["Ask"]
    simple = {name: schema for name, schema in ask["properties"].items() if name not in ("rules", "context")}
    words = {name: schema for name, schema in components["Context"]["properties"].items() if name in CONTEXT}
    parameters = in_query({**ask, "properties": {**simple, **words}}, {"user_id": "me", "n": 5, "mood": "😊"})
    return [{**one, "style": "form", "explode": True} if one["name"] in LISTS else one for one in parameters]
