"""The network between the programs and their servers, in a thread of its own: links that can be cut and shut."""

import asyncio
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from moodstream.local.ports import LOOPBACK
from tests.faults.wire import RedisWire, Seen, Wire

T = TypeVar("T")


class Link:
    """A port of its own in front of one server."""

    def __init__(self, network: "Network", port: int, seen: Seen | None) -> None:
        self._network = network
        self._to = port
        self.seen = seen or Seen()
        self._read = seen is not None
        self._wires: set[Wire] = set()
        self._shut = False
        self.port = 0

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._carry, LOOPBACK, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """In the network's thread."""
        self._server.close()

    def cut(self) -> int:
        """Drop every connection, as they are; how many there were."""
        return self._network.do(self._cut())

    def shut(self) -> None:
        """Nobody comes through until it's opened."""
        self._shut = True
        self.cut()

    def open(self) -> None:
        self._shut = False

    @property
    def is_used(self) -> bool:
        """Whether anything may still pass."""
        return bool(self._wires)

    async def _cut(self) -> int:
        wires = list(self._wires)
        for wire in wires:
            wire.cut()
        return len(wires)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self._shut:
                raise ConnectionRefusedError
            outside = await asyncio.open_connection(LOOPBACK, self._to)
        except OSError:
            writer.transport.abort()
            return
        inside = (reader, writer)
        wire = RedisWire(inside, outside, self.seen) if self._read else Wire(inside, outside)
        self._wires.add(wire)
        try:
            await wire.carry()
        finally:
            wire.cut()
            self._wires.discard(wire)


class Network:
    """`with Network() as network: link = network.to(port)`."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._links: list[Link] = []
        self._thread = threading.Thread(target=self._loop.run_forever, name="network", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def to(self, port: int) -> Link:
        """A link to that port of this machine."""
        return self._listening(Link(self, port, None))

    def to_redis(self, port: int) -> Link:
        """A link that is read on its way; see `tests.faults.wire.RedisWire`."""
        return self._listening(Link(self, port, Seen()))

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run this in the network's thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _close(self) -> None:
        for link in self._links:
            link.close()
        await _cancel_all()

    def _listening(self, link: Link) -> Link:
        self.do(link.listen())
        self._links.append(link)
        return link


async def _cancel_all() -> None:
    ours = asyncio.current_task()
    tasks = [task for task in asyncio.all_tasks() if task is not ours]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
