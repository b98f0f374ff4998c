"""Candidates that everybody likes, as the bundle knew it: what is left when nothing else is known."""

from typing import Final

from online.answer.candidates.source import Found, breadth
from online.answer.scene import Scene

_LEAST: Final = 50


class Popular:
    """The bundle's most popular items."""

    name = "popularity"

    async def find(self, scene: Scene) -> Found:
        """Item → log1p of its decayed count."""
        catalogue = scene.catalogue
        if catalogue.bundle is None:
            return {}
        rows = catalogue.by_popularity[scene.open[catalogue.by_popularity]][: breadth(scene, _LEAST)]
        return dict(zip(catalogue.ids(rows), catalogue.popularity[rows].tolist(), strict=True))
