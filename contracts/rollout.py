"""Which bundle a user is on: the one function that stream and serving share, so that they agree in a canary."""

import msgspec

from contracts.sharding import user_shard

_STEPS = 1000


class Rollout(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a control record in the log says from its offset on: the bundle of all users, or also of a share of them."""

    bundle: str
    canary: str | None = None
    share: float = 0.0
    """The part of users, in [0, 1], on the canary; a larger share keeps the smaller's users."""


def bundle_for(user_id: str, rollout: Rollout) -> str:
    """The version of the bundle that computes and answers for this user."""
    if rollout.canary is None:
        return rollout.bundle
    # a shard's users go together, by a multiplier that is odd, so that shards spread evenly over the steps
    step = user_shard(user_id) * 389 % 1024 * _STEPS // 1024
    return rollout.canary if step < rollout.share * _STEPS else rollout.bundle
