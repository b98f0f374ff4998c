"""Faults of the API, and bundles that change in the midst of it."""

import random
import time

from contracts.rollout import Rollout
from tests.faults.run import Run, in_a_while


def bundle_changed(run: Run, rng: random.Random) -> float:
    """Another bundle, or a canary, while events flow."""
    with run.flowing(rng):
        began = in_a_while(rng)
        run.change_bundle(_rollout(run, rng))
    return began


def bundle_changed_and_killed(run: Run, rng: random.Random) -> float:
    """The same, with all states still to be moved when a worker is killed."""
    with run.flowing(rng):
        began = in_a_while(rng)
        run.change_bundle(_rollout(run, rng))
        time.sleep(rng.uniform(0, 1))
        run.crew.kill(run.any_worker(rng))
        run.crew.start()
    return began


def api_killed(run: Run, rng: random.Random) -> float:
    """kill -9 of the API while clients post: they post again, with the same ids."""
    with run.flowing(rng):
        began = in_a_while(rng)
        run.api.kill()
        run.api.start()
    return began


def _rollout(run: Run, rng: random.Random) -> Rollout:
    bundle, canary = rng.sample(run.versions, 2)
    return rng.choice((Rollout(bundle), Rollout(bundle, canary, rng.choice((0.1, 0.5)))))
