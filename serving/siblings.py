"""Several processes at one address: whichever is asked for metrics tells all of theirs, each with its `process`.

Each keeps its own counts, as one alone does, and hands them out at a Unix socket in a folder that only they know. They
are not added up: when one of them dies, a sum would fall, which Prometheus takes for a restart of them all.
"""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from serving.crew import Seat
from serving.metrics import Metrics

_PATIENCE_S: Final = 1.0
"""For one that is busy, or just starting: it is left out then."""
_log = logging.getLogger(__name__)


class Siblings:
    """This process among the others, or alone."""

    def __init__(self, metrics: Metrics, seat: Seat | None) -> None:
        self._metrics = metrics
        self._seat = seat
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Be there for the others."""
        if self._seat:
            self._seat.socket.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._tell, self._seat.socket)

    async def close(self) -> None:
        """Be there no more."""
        if self._server:
            self._server.close()

    async def metrics(self) -> bytes:
        """As Prometheus reads it."""
        if self._seat is None:
            return self._metrics.text()
        sockets = sorted(self._seat.folder.glob("*.sock"), key=lambda path: int(path.stem))
        told = await asyncio.gather(*(self._ask(path) for path in sockets))
        return merged({path.stem: text for path, text in zip(sockets, told, strict=True) if text})

    async def _tell(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            writer.write(self._metrics.text())
            await writer.drain()
        writer.close()

    async def _ask(self, path: Path) -> str:
        if self._seat and path == self._seat.socket:
            return self._metrics.text().decode()
        try:
            async with asyncio.timeout(_PATIENCE_S):
                reader, writer = await asyncio.open_unix_connection(path)
                try:
                    return (await reader.read(-1)).decode()
                finally:
                    writer.close()
        except (OSError, TimeoutError) as error:
            _log.debug("process %s tells nothing of itself: %s", path.stem, type(error).__name__)
            return ""


def merged(told: dict[str, str]) -> bytes:
    """What several processes say, by their numbers, as one."""
    families: dict[str, Metric] = {}
    for process, text in told.items():
        for family in text_string_to_metric_families(text):
            into = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            into.samples += [_of(process, sample) for sample in family.samples]
    registry = CollectorRegistry()
    registry.register(_Families(families.values()))
    return generate_latest(registry)


def _of(process: str, sample: Sample) -> Sample:
    return sample._replace(labels={**sample.labels, "process": process})


class _Families(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        return self._families
