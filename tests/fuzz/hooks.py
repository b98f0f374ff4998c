"""What schemathesis is told beside the OpenAPI document."""

from typing import Any

import schemathesis


@schemathesis.hook
def map_body(context: schemathesis.HookContext, body: Any) -> Any:
    """Whole numbers as such: to JSON Schema 2.0 is an integer, which no JSON library of ours would ever write."""
    return _whole(body)


def _whole(node: Any) -> Any:
    if isinstance(node, float) and node.is_integer():
        return int(node)
    if isinstance(node, dict):
        return {name: _whole(value) for name, value in node.items()}
    return [_whole(value) for value in node] if isinstance(node, list) else node
