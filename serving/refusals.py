"""What the API refuses, as its OpenAPI document says it."""

from collections.abc import Iterable
from typing import Final

from serving import examples
from serving.described import NOT_HTTP, Schema
from serving.problems import MEDIA_TYPE

REFUSALS: Final = {
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
"""By status, all that there are where users ask."""
_OF_OPERATORS: Final = {"404": "There is none such", "409": "It is otherwise by now: look again"}
LOOKING: Final = ("401", "403", "429", "500")
ASKING: Final = ("401", "403", "422", "429", "500")
WITH_BODY: Final = ("400", "408", "413", "415")
_RETRIED: Final = ("429", "503")
_RETRY_AFTER: Final[Schema] = {
    "Retry-After": {"required": True, "description": "Seconds", "schema": {"type": "integer", "minimum": 1}}
}


def refused(problem: Schema, statuses: Iterable[str]) -> Schema:
    """The responses of these statuses, each a problem document of this schema."""
    return {status: _problem(problem, status) for status in sorted(statuses)}


def _problem(schema: Schema, status: str) -> Schema:
    headers = {"headers": _RETRY_AFTER} if status in _RETRIED else {}
    other = NOT_HTTP if status == "400" else {}
    content = {MEDIA_TYPE: {"schema": schema, "example": examples.PROBLEM}, **other}
    return {"description": {**REFUSALS, **_OF_OPERATORS}[status], **headers, "content": content}
