"""TCP connections passed on between a client and a server; those to Redis are read on their way and held at a point."""

import asyncio
import time
from collections import Counter, deque
from contextlib import suppress
from threading import Event
from typing import Any, Final

import hiredis

from tests.faults.calls import Call, Done, Stage, beaten, call_of

_SOME: Final = 1 << 16


class Point:
    """Holds one connection at a stage of a batch, once; the harness waits for `reached`, acts, and says what follows.

    Without a stage, it's the answer to the last write of a batch that is held: everything is written, and nobody knows.
    """

    def __init__(self, stage: Stage | None) -> None:
        self.stage = stage
        self.reached = Event()
        self.call: Call | None = None
        """Where it was reached."""
        self.at = 0.0
        """When, in seconds of the monotonic clock."""
        self._go_on: asyncio.Future[bool] | None = None

    async def hold(self, call: Call) -> bool:
        """In the network's thread: wait for what the harness says; False: this connection is to be cut."""
        self._go_on = asyncio.get_running_loop().create_future()
        self.call, self.at = call, time.monotonic()
        self.reached.set()
        return await self._go_on

    def let(self, on: bool) -> None:
        """Let what is held pass, or cut its connection."""
        future = self._go_on
        if future is not None:
            future.get_loop().call_soon_threadsafe(_settle, future, on)


class Seen:
    """What passed through one link."""

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter()
        """Writes that the store refused, by step."""
        self.beats: dict[int, float] = {}
        """Partition → when its owner last said so, in seconds of the monotonic clock."""
        self.point: Point | None = None
        self.done = Done()


class Wire:
    """One connection, both ways."""

    def __init__(self, inside: Any, outside: Any) -> None:
        self._inside, self._outside = inside, outside
        """Each a pair of asyncio's reader and writer: the client's and the server's."""

    async def carry(self) -> None:
        """Until either end is closed."""
        ways = [asyncio.ensure_future(self._there()), asyncio.ensure_future(self._back())]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        self.cut()
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)

    def cut(self) -> None:
        """At once, without what is still to be sent."""
        for _, writer in (self._inside, self._outside):
            with suppress(OSError, RuntimeError):
                writer.transport.abort()

    async def _there(self) -> None:
        await _pass_on(self._inside[0], self._outside[1])

    async def _back(self) -> None:
        await _pass_on(self._outside[0], self._inside[1])


def _settle(future: asyncio.Future[bool], on: bool) -> None:
    if not future.done():
        future.set_result(on)


async def _pass_on(reader: Any, writer: Any) -> None:
    while data := await reader.read(_SOME):
        writer.write(data)
        await writer.drain()


class RedisWire(Wire):
    """Reads the commands and answers, and stops at the link's point."""

    def __init__(self, inside: Any, outside: Any, seen: Seen) -> None:
        super().__init__(inside, outside)
        self._seen = seen
        self._asked: deque[Call | None] = deque()
        """Sent to the server, not yet answered."""
        self._idle = asyncio.Event()

    async def _there(self) -> None:
        (reader, _), (_, writer) = self._inside, self._outside
        commands = hiredis.Reader()
        while data := await reader.read(_SOME):
            commands.feed(data)
            while (command := commands.gets()) is not False:
                call = call_of(command)
                if (partition := beaten(command)) is not None:
                    self._seen.beats[partition] = time.monotonic()
                if call and not await self._may_pass(call):
                    return
                self._asked.append(call)
                self._idle.clear()
                writer.write(hiredis.pack_command(tuple(command)))
            await writer.drain()
        await self._all_answered()  # what a client sends and then dies arrives all the same

    async def _all_answered(self) -> None:
        while self._asked:
            await self._idle.wait()

    async def _may_pass(self, call: Call) -> bool:
        point = self._seen.point
        if point is None or point.stage is None or point.reached.is_set():
            return True
        await self._all_answered()  # what was sent before is written by now, or refused
        if not point.stage(call, self._seen.done) or point.reached.is_set():
            return True
        return await point.hold(call)

    async def _back(self) -> None:
        (_, writer), (reader, _) = self._inside, self._outside
        answers = hiredis.Reader()
        while data := await reader.read(_SOME):
            answers.feed(data)
            last = None
            while (answer := answers.gets()) is not False:
                if not isinstance(answer, hiredis.PushNotification):
                    last = self._answered(answer) or last
            if not self._asked:
                self._idle.set()
                point = self._seen.point
                if last and point and point.stage is None and not point.reached.is_set() and not await point.hold(last):
                    return
            writer.write(data)
            await writer.drain()

    def _answered(self, answer: object) -> Call | None:
        """Note the answer; the call if it wrote events to a user's shard."""
        call = self._asked.popleft()
        if call is None:
            return None
        if answer == 0:
            self._seen.refused[call.step] += 1
        if answer != 1 or not call.of_events:
            return None
        if call.step == "counts":
            self._seen.done = self._seen.done._replace(counts=call.mark)
        if call.step == "shards":
            self._seen.done = self._seen.done._replace(shards=call.mark)
            return call
        return None
