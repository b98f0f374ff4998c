"""Which bundle a user is on: the one function that stream and serving share, so that they agree in a canary."""

import msgspec

from contracts.sharding import USER_SHARDS, user_shard

_STEPS = 1000


class Rollout(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a control record in the log says from its offset on: the bundle of all users, or also of a share of them."""

    bundle: str
    canary: str | None = None
    share: float = 0.0
    """The part of users, in [0, 1], on the canary; a larger share keeps the smaller's users."""


def bundle_for(user_id: str, rollout: Rollout) -> str:
    """The version of the bundle that computes and answers for this user."""
    return bundle_of(user_shard(user_id), rollout)


def bundle_of(shard: int, rollout: Rollout) -> str:
    """The version of the bundle that a user shard is on: its users go together."""
    if rollout.canary is None:
        return rollout.bundle
    # by a multiplier that is odd, so that shards spread evenly over the steps
    step = shard * 389 % USER_SHARDS * _STEPS // USER_SHARDS
    return rollout.canary if step < rollout.share * _STEPS else rollout.bundle
