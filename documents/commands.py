"""`docs/commands.md`: every verb of the command line as its `--help` tells it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from typer.main import get_command

from documents.markdown import block, page, table
from moodstream.cli import app

_INTRODUCTION: Final = """\
Every verb has `--help`. The exit code is 0 only on success; an error is one line that says the way out. `--json` is for
programs. In a clone the command is `.venv/bin/moodstream`."""

_MARK: Final = "<!-- not run: the verbs' own tests run them; here the command line reads each -->"
_NAMES: Final = {Path: "a path", str: "a text", list[str]: "texts", int: "a whole number", float: "a number"}


def commands_page() -> str:
    """The page."""
    verbs = (_told(name, verb) for name, verb in _verbs("moodstream", get_command(app)))
    return page("The command line", _INTRODUCTION, *verbs, mark=_MARK)


def _verbs(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    commands = getattr(command, "commands", {})
    if not commands or command.invoke_without_command:
        yield name, command
    for part, inner in commands.items():
        yield from _verbs(f"{name} {part}", inner)


def _told(name: str, verb: Any) -> str:
    said, _, example = re.sub(r"[ \t]*\n[ \t]*", "\n", verb.help.strip()).partition("Example: ")
    parts = [f"## {name}", said.strip()]
    if rows := [_row(one) for one in verb.params if one.name != "help"]:
        parts.append(table(("option", "is", "else", "what it says"), rows))
    return "\n\n".join([*parts, block("sh", example.strip())])


def _row(one: Any) -> tuple[str, ...]:
    if one.param_type_name == "argument":
        return f"`{one.name.upper()}`", _kind(one), "" if one.required else "not needed", _said(one)
    default = "" if one.default in (None, "", False) or one.required else f"`{one.default}`"
    return ", ".join(f"`{name}`" for name in one.opts), _kind(one), "needed" if one.required else default, _said(one)


def _kind(one: Any) -> str:
    if getattr(one, "is_flag", False):
        return "a switch"
    least, most = getattr(one, "min", None), getattr(one, "max", None)
    limits = [f"at least {least:,}" if least is not None else "", f"at most {most:,}" if most is not None else ""]
    return ", ".join([_NAMES[one.type_descriptor.annotation], *filter(None, limits)])


def _said(one: Any) -> str:
    return str(getattr(one, "help", None) or "")
