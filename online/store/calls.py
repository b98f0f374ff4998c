"""Commands and scripts to Redis, many in one round trip; that it doesn't answer is `StoreUnavailable`."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from hashlib import sha1
from typing import Any

from redis.asyncio import Redis, RedisCluster
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisClusterException, RedisError

from contracts.errors import StoreUnavailable

Command = tuple[Any, ...]


class Calls:
    """To one server or a cluster."""

    def __init__(self, client: Redis | RedisCluster) -> None:
        self._client: Any = client

    async def scripted(self, script: str, calls: Sequence[Command], then: Sequence[Command] = ()) -> list[Any]:
        """Call the script with each of these (number of keys, keys, arguments), loading it where the server lost it.

        The results, and behind them those of the commands that follow in the same round trip.
        """
        commands = [("EVALSHA", sha1(script.encode(), usedforsecurity=False).hexdigest(), *call) for call in calls]
        done = await self.pipelined([*commands, *then])
        if lost := [i for i, result in enumerate(done) if isinstance(result, NoScriptError)]:
            again = await self.pipelined([("EVAL", script, *calls[i]) for i in lost])
            for i, result in zip(lost, again, strict=True):
                done[i] = result
        return done

    async def pipelined(self, commands: Sequence[Command]) -> list[Any]:
        """The results in order; a script that the server doesn't know gives its `NoScriptError`."""
        if not commands:
            return []
        async with answering():
            pipeline = self._client.pipeline(transaction=False)
            for command in commands:
                pipeline.execute_command(*command)
            results: list[Any] = await pipeline.execute(raise_on_error=False)
            for result in results:
                if isinstance(result, Exception) and not isinstance(result, NoScriptError):
                    raise result
            return results


@asynccontextmanager
async def answering() -> AsyncIterator[None]:
    """Raises `StoreUnavailable` for whatever fails of Redis within."""
    try:
        yield
    except (RedisError, RedisClusterException, OSError) as error:
        silent = isinstance(error, RedisConnectionError | RedisClusterException | OSError)
        reason = "does not answer" if silent else "failed"
        raise StoreUnavailable(f"Redis {reason}: {error}") from error
