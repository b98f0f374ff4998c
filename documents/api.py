"""`docs/api.md`: every operation with an example that runs, from the OpenAPI document."""

from typing import Any, Final
from urllib.parse import urlencode

from contracts.events import Event
from documents.fields import default_of, fields_table, sources_of, told
from documents.markdown import as_json, block, page, readable, table
from online.answer.answered import Profile, Ranking, Recommendations, SimilarItems, Untouched, Whereabouts
from online.answer.asked import Ask, ToRank
from serving.openapi import document

_WHERE: Final = "localhost:8080"
_LINK: Final = "#{}"
_INTRODUCTION: Final = """\
`moodstream up` prints where the API listens; these examples have it at port 8080 (`MOODSTREAM_API_PORT=8080`). The
API's own page at `/docs` can send them, and `/openapi.json` (OpenAPI 3.1) says the same to programs.

- Every answer about a user names its bundle, the watermark and age of the state it used and the stream's lag. Where
  something is down it answers with what it has, and `degraded` says why.
- Errors are problem documents (RFC 9457). 429 and 503 carry `Retry-After`: the same request may be sent again, as long
  as its events keep their `event_id`s.
- Beyond loopback a token is demanded: `Authorization: Bearer …` ([settings](settings.md)).
- A browser's page of another site is refused."""
_NO_END: Final = "/v1/live/stream"
_SAID: Final = (Event, Ask, ToRank, Profile, Ranking, Recommendations, SimilarItems, Untouched, Whereabouts)


def api_page() -> str:
    """The page."""
    found = document()
    operations = [
        _operation(method.upper(), path, operation)
        for path, methods in found["paths"].items()
        for method, operation in methods.items()
    ]
    said = sources_of(*_SAID)
    schemas = [_schema(name, schema, said.get(name, {})) for name, schema in found["components"]["schemas"].items()]
    return page("The API", _INTRODUCTION, *operations, "## What the bodies hold", *schemas)


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    parts = [f"## `{method} {path}`", f"{operation['summary']}."]
    if parameters := operation.get("parameters"):
        rows = [
            (
                f"`{one['name']}`",
                told(one["schema"], _LINK),
                "yes" if one.get("required") else default_of(one["schema"]),
                "in the path" if one["in"] == "path" else "in the query",
            )
            for one in parameters
        ]
        parts.append(table(("parameter", "is", "needed", "where"), rows))
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body:
        parts.append(f"The body: {_body(body['schema'])}.")
    parts.append(block("sh", _curl(method, path, operation.get("parameters", ()), body)))
    refused = [status for status in operation["responses"] if status[0] != "2"]
    for status, answer in operation["responses"].items():
        for kind, content in answer.get("content", {}).items():
            if status[0] == "2":
                parts.append(f"{status}: {answer['description']}.")
                parts.append(as_json(content["example"]) if "json" in kind else block("text", content["example"]))
    if refused:
        parts.append("Refused with: " + ", ".join(f"{one} ({_lower(operation, one)})" for one in refused) + ".")
    return "\n\n".join(parts)


def _body(schema: dict[str, Any]) -> str:
    one, *several = schema.get("oneOf", [schema])
    return told(one, _LINK) + "".join(f", or a list of at most {many['maxItems']:,} of them" for many in several)


def _curl(method: str, path: str, parameters: Any, body: dict[str, Any] | None) -> str:
    examples = {one["name"]: one["example"] for one in parameters if "example" in one}
    for one in parameters:
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", str(examples.pop(one["name"])))
    query = f"?{urlencode(examples)}" if examples else ""
    told_method = f" -X {method}" if method == "DELETE" else ""
    address = f"'{_WHERE}{path}{query}'" if query else f"{_WHERE}{path}"
    if path == _NO_END:
        return f"curl -sN {address} | head -n 2"
    if body is None:
        return f"curl -s{told_method} {address}"
    return f"curl -s {address} -d '{readable(body['example'])}'"


def _lower(operation: dict[str, Any], status: str) -> str:
    said = str(operation["responses"][status]["description"])
    return said if said[1].isupper() else said[0].lower() + said[1:]


def _schema(name: str, schema: dict[str, Any], said: dict[str, str]) -> str:
    heading = f"### {name}\n\n{schema.get('description', '')}".rstrip()
    if schema.get("type") == "array":
        places = [(str(place + 1), told(one, _LINK)) for place, one in enumerate(schema["prefixItems"])]
        return f"{heading}\n\n{table(('place', 'is'), places)}"
    return f"{heading}\n\n{fields_table(schema, said, _LINK)}"
