"""The commands in a block of shell, and whether the command line would take them."""

import re
import shlex
from collections.abc import Iterator
from typing import Any, Final

from typer.main import get_command

from moodstream.cli import app

_OURS: Final = re.compile(r"(?:^|(?<!-n)[\s;&|(])(?:\.venv/bin/)?moodstream\s+([^;&|()<>\n]*)")
_MAKE: Final = re.compile(r"(?:^|\n)make ([a-z-]+)")
_MODULE: Final = re.compile(r"python -m ([a-z_.]+)")


def verbs_in(text: str) -> Iterator[list[str]]:
    """The arguments of each `moodstream …`; a line that ends with a backslash goes on in the next."""
    for line in text.replace("\\\n", " ").splitlines():
        for found in _OURS.finditer(_without_comment(line)):
            yield shlex.split(found[1])


def targets_in(text: str) -> list[str]:
    """The targets of each `make …` at a line's start."""
    return _MAKE.findall(text)


def modules_in(text: str) -> list[str]:
    """The modules of each `python -m …`."""
    return _MODULE.findall(text)


def read(arguments: list[str]) -> None:
    """Have the command line read them without doing anything; raises its own error where it wouldn't take them."""
    command: Any = get_command(app)
    while "commands" in vars(command):
        if command.invoke_without_command and not (arguments and arguments[0] in command.commands):
            break
        name, *arguments = arguments
        command = command.commands[name]
    command.make_context("moodstream", list(arguments))


def _without_comment(line: str) -> str:
    return re.sub(r"(^|\s)#.*$", "", line)
