"""What isn't installed with everything: which extra brings it, and what needs it."""

from typing import Final, NamedTuple

from contracts.errors import Misconfigured


class Extra(NamedTuple):
    """One extra of the package."""

    name: str
    needed_by: str


EXTRAS: Final = {
    "torch": Extra("batch", "training"),
    "implicit": Extra("evaluate", "a baseline of `moodstream evaluate`"),
    "boto3": Extra("aws", "Kinesis"),
    "botocore": Extra("aws", "Kinesis"),
}


def missing(error: ModuleNotFoundError) -> Misconfigured | None:
    """What to say of a module that isn't there, or None where it ought to be."""
    module = (error.name or "").partition(".")[0]
    extra = EXTRAS.get(module)
    if extra is None:
        return None
    return Misconfigured(
        f"{module} isn't installed, which {extra.needed_by} needs: pip install 'moodstream[{extra.name}]' "
        "(in a clone: make setup)"
    )
