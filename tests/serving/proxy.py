"""A TCP proxy in front of a server, which can be slow, hang, cut everybody off, be gone, or lead elsewhere."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

_SOME = 1 << 16
_HOST = "127.0.0.1"


class Proxy:
    """Passes on from a port of its own; each method may be called from any thread and returns when it's done."""

    def __init__(self, loop: asyncio.AbstractEventLoop, to_port: int) -> None:
        self._loop = loop
        self._to_port = to_port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._delay_s = 0.0
        self._flows = asyncio.Event()
        self._flows.set()
        self.port = 0
        self.accepted = 0
        """Connections that were ever made to it."""

    def slow(self, delay_s: float) -> None:
        """Each piece that the server sends comes so much later."""
        self._delay_s = delay_s

    def hang(self) -> None:
        """Connections are taken, and nothing comes."""
        self._do(self._set_flow(False))

    def flow(self) -> None:
        """As at first."""
        self._delay_s = 0.0
        self._do(self._set_flow(True))

    def cut(self) -> None:
        """Every connection there is breaks."""
        self._do(self._cut())

    def vanish(self) -> None:
        """Everybody is cut off, and who comes is refused."""
        self._do(self._vanish())

    def appear(self, to_port: int | None = None) -> None:
        """It listens at its address again, and leads where it led, or elsewhere."""
        self._to_port = to_port or self._to_port
        self._do(self._listen())

    async def _set_flow(self, flows: bool) -> None:
        if flows:
            self._flows.set()
        else:
            self._flows.clear()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._take, _HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _vanish(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
        await self._cut()

    async def _cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        try:
            far_reader, far_writer = await asyncio.open_connection(_HOST, self._to_port)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, far_writer}
        self._writers |= both
        try:
            await asyncio.gather(self._pass(reader, far_writer, False), self._pass(far_reader, writer, True))
        finally:
            self._writers -= both
            for one in both:
                one.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_answer: bool) -> None:
        with suppress(OSError):
            while data := await reader.read(_SOME):
                if is_answer:
                    await asyncio.sleep(self._delay_s)
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
        writer.transport.abort()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)


@contextmanager
def proxy(to_port: int) -> Iterator[Proxy]:
    """A proxy that listens, in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    made = Proxy(loop, to_port)
    try:
        made.appear()
        yield made
    finally:
        made.vanish()
        asyncio.run_coroutine_threadsafe(_settle(), loop).result(timeout=30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()


async def _settle() -> None:
    """Until every connection's task has ended."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
