"""The pieces that the OpenAPI document is made of: operations, what is sent and answered, parameters."""

from typing import Any, Final

import msgspec

from contracts.events import Id
from serving import examples

_JSON: Final = "application/json"
Schema = dict[str, Any]
OPEN: Final[list[Schema]] = [{"token": []}, {}]
"""With a token or without."""
NOT_HTTP: Final[Schema] = {"text/plain": {"schema": {"type": "string"}, "example": "Invalid HTTP request received."}}
"""What the server says of itself when it can't read a request's first lines."""


def operation(
    name: str, summary: str, responses: Schema, *, parameters: list[Schema] | None = None, body: Schema | None = None
) -> Schema:
    """What is asked, and what may come back."""
    optional = {"parameters": parameters, "requestBody": body}
    given = {name: value for name, value in optional.items() if value is not None}
    refused = {"400": {"description": "No request of HTTP", "content": NOT_HTTP}}
    return {"operationId": name, "summary": summary, **given, "responses": {**refused, **responses}}


def watched(name: str, summary: str, responses: Schema) -> Schema:
    """One for those who watch over it from the same machine, who need no token."""
    return {**operation(name, summary, responses), "security": OPEN}


def answer(said: str, schema: Schema, example: Any) -> Schema:
    """A response of JSON."""
    return {"description": said, "content": {_JSON: {"schema": schema, "example": example}}}


def streamed(beat: Schema) -> Schema:
    """Server-sent events, each of which is JSON of this schema."""
    example = f"data: {msgspec.json.encode(examples.BEAT).decode()}\n\n"
    schema = {"type": "string", "contentMediaType": "text/event-stream", "x-event": beat}
    return {"description": "Events", "content": {"text/event-stream": {"schema": schema, "example": example}}}


def body(schema: Schema, example: Any) -> Schema:
    """A request of JSON."""
    return {"required": True, "content": {_JSON: {"schema": schema, "example": example}}}


def in_path(name: str, example: str) -> Schema:
    """An id as a part of the path."""
    return {"name": name, "in": "path", "required": True, "schema": msgspec.json.schema(Id), "example": example}


def in_query(of: Schema, given: dict[str, Any]) -> list[Schema]:
    """The fields of a component as parameters; `given` are the examples of some."""
    required = of.get("required", ())
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": schema,
            **({"example": given[name]} if name in given else {}),
        }
        for name, schema in of["properties"].items()
    ]


def component(components: dict[str, Schema], reference: Schema) -> Schema:
    """What a schema refers to."""
    return components[reference["$ref"].rpartition("/")[2]]
