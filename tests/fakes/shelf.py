"""A shelf in memory, whose pointer and bundles can be made to fail."""

from contracts.errors import BundleRejected
from model.bundle import Bundle


class MemoryShelf:
    """The bundles in the order they were published; the last one is current."""

    def __init__(self, *bundles: Bundle) -> None:
        self.bundles = {bundle.version: bundle for bundle in bundles}
        self.published = list(self.bundles)
        self.damaged: set[str] = set()
        self.away = False
        self.loads = 0

    def add(self, bundle: Bundle) -> None:
        """Publish one more."""
        self.bundles[bundle.version] = bundle
        self.published.append(bundle.version)

    def current(self) -> str | None:
        if self.away:
            raise OSError("the shelf is away")
        return self.published[-1] if self.published else None

    def previous(self) -> str | None:
        return self.published[-2] if len(self.published) > 1 else None

    def load(self, version: str) -> Bundle:
        self.loads += 1
        if version in self.damaged or version not in self.bundles:
            raise BundleRejected(f"bundle {version} is damaged")
        return self.bundles[version]
