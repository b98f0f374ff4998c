"""Bundles whose encoder falls over one item: an event with it is not learned, a state with it can't be made again."""

import dataclasses
from typing import Any, Final, cast

from model.bundle import Bundle
from tests.online.learn.logs import SHELF, Ready

FALLS_OVER: Final = "i2"


class Stumbling(Ready):
    """Bundles of these versions do; the others are sound."""

    def __init__(self, *versions: str) -> None:
        super().__init__(SHELF)
        self._versions = versions

    async def open(self, version: str) -> Bundle:
        bundle = await super().open(version)
        if version not in self._versions:
            return bundle
        return dataclasses.replace(bundle, encoder=cast("Any", _Encoder(bundle)))


class _Encoder:
    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bundle.encoder, name)

    def read(self, tokens: Any) -> Any:
        if self._bundle.index.row(FALLS_OVER) in tokens.item:
            raise FloatingPointError(FALLS_OVER)
        return self._bundle.encoder.read(tokens)
