"""Markdown as GitHub and the site both read it: a page that says it was made, tables, blocks."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

_MADE: Final = "<!-- made from the code by `make pages`: don't edit it here -->"
_WIDTH: Final = 100


def page(title: str, *parts: str, mark: str = "") -> str:
    """A whole page; the mark says of all its blocks what `documents.blocks` reads."""
    top = f"{_MADE}\n{mark}" if mark else _MADE
    return "\n\n".join((top, f"# {title}", *(part.strip("\n") for part in parts if part))) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a bar within a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def block(language: str, text: str) -> str:
    """A fenced block."""
    return f"```{language}\n{text.rstrip()}\n```"


def as_json(value: Any) -> str:
    """A block of JSON, as people read it."""
    return block("json", readable(value))


def readable(value: Any, indent: str = "") -> str:
    """JSON in which what fits into a line stays on one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(line) <= _WIDTH or not isinstance(value, dict | list):
        return line
    deeper = indent + "  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(name, ensure_ascii=False)}: {readable(one, deeper)}" for name, one in value.items()]
    else:
        parts = [readable(one, deeper) for one in value]
    inside = ",\n".join(deeper + part for part in parts)
    return f"{{\n{inside}\n{indent}}}" if isinstance(value, dict) else f"[\n{inside}\n{indent}]"
