"""The namespaces that a replay may fill: never the live one, never one with states that aren't its own."""

import asyncio
import re
from typing import Final

from contracts.errors import Misconfigured
from contracts.settings import Settings
from moodstream.replay.plan import Plan
from online.store.mark import is_used, mark, mark_of
from online.store.wipe import wipe

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_ENDED: Final = " done"


def namespaces(plan: Plan) -> list[str]:
    """All that it fills: none where states are in memory."""
    return [plan.namespace_of(number) for number in range(len(plan.bundles)) if plan.into]


def take(settings: Settings, plan: Plan, *, anew: bool) -> None:
    """Mark them as this replay's; with `anew` what replays left in them is forgotten.

    Raises `Misconfigured` for one that isn't to be had, `StoreUnavailable`.
    """
    for namespace in namespaces(plan):
        asyncio.run(_take(settings, namespace, plan.id, anew=anew))


def end(settings: Settings, plan: Plan) -> None:
    """Say that they are whole: the same replay, asked for again, doesn't go on in them."""
    for namespace in namespaces(plan):
        asyncio.run(
            mark(settings.redis or "", namespace, plan.id + _ENDED, cluster=settings.redis_cluster),
        )


async def _take(settings: Settings, namespace: str, whose: str, *, anew: bool) -> None:
    url, cluster = settings.redis or "", settings.redis_cluster
    if not _NAME.fullmatch(namespace):
        raise Misconfigured(f"--into {namespace}: a namespace is of small letters, digits and -, 63 at most")
    if namespace == settings.namespace:
        raise Misconfigured(
            f"--into {namespace} is the live namespace: choose another; events that are to reach it go --into live"
        )
    found = await mark_of(url, namespace, cluster=cluster)
    if found == whose and not anew:
        return
    if await is_used(url, namespace, cluster=cluster):
        if not found:
            raise Misconfigured(f"--into {namespace}: it has states that no replay left there: choose another")
        if not anew:
            raise Misconfigured(
                f"--into {namespace}: it has states of another replay, or of this one when it was done: choose "
                "another, or --anew forgets them"
            )
        await wipe(url, namespace, cluster=cluster)
    await mark(url, namespace, whose, cluster=cluster)
