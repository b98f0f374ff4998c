"""What one answer costs with a bundle: the store is a dictionary here, so what is left is the work of answering."""

import time
from typing import Any, Final

import numpy as np

from contracts.events import Context
from model.bundle import Bundle
from tests.online.answer.world import World, took

USERS: Final = 200
EVENTS: Final = 4000
ASKED: Final[dict[str, dict[str, Any]]] = {
    "plain": {},
    "a mood": {"mood": "happy"},
    "a category": {"categories": ["category 3"]},
    "a context": {"context": Context(place="Rome", device="phone")},
}


async def answers(bundle: Bundle, count: int) -> str:
    """The mean CPU time of `count` answers of each kind, after some thousand events of some hundred users."""
    rng = np.random.default_rng(3)
    items = len(bundle.catalogue)
    started = time.perf_counter()
    world = await World(bundle).begin()
    loaded = time.perf_counter() - started
    popular = (items * rng.beta(0.3, 3, EVENTS)).astype(int)
    await world.learn(*(took(f"u{rng.integers(USERS)}", f"i{item}") for item in popular))
    world.now += 2000
    started = time.perf_counter()
    await world.ask("u0")
    first = time.perf_counter() - started
    said = [f"loaded in {loaded:.1f} s, first answer {1000 * first:.0f} ms"]
    for kind, asked in ASKED.items():
        started = time.process_time()
        for number in range(count):
            await world.ask(f"u{number % USERS}", **asked)
        said.append(f"{kind} {1000 * (time.process_time() - started) / count:.1f}")
    return f"{said[0]}; then CPU ms an answer: {', '.join(said[1:])}"
