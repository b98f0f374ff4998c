"""The verbs of the command line, by what they are about: thin, each with an example."""

from typing import Annotated

import typer

from contracts import settings as configuration
from contracts.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for a program to read.")]


def settings() -> Settings:
    """What the environment says; raises `Misconfigured`."""
    return configuration.read()
