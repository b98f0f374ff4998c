"""What is done by hand in tools' pod: verbs, files, and a first bundle of a small world."""

import json
import time
from typing import Any, Final

from tests.batch import synthetic
from tests.cluster.up import Cluster

EVENTS: Final = "/tmp/events.csv"  # noqa: S108 (of the pod)
ITEMS: Final = "/tmp/items.csv"  # noqa: S108
_USERS: Final = 200


def moodstream(cluster: Cluster, *words: str) -> str:
    """What a verb prints in tools' pod."""
    return cluster.inside("deployment/tools", "python", "-m", "moodstream", *words)


def publish_a_bundle(cluster: Cluster) -> None:
    """Trained on a small world, whose events the stream learns."""
    items = "".join(f"{one.item_id},{one.title},{one.categories[0]}\n" for one in synthetic.catalogue())
    put(cluster, ITEMS, f"item_id,title,categories\n{items}")
    put(cluster, EVENTS, events("u", days_ago=30))
    moodstream(cluster, "train", "--events", EVENTS, "--items", ITEMS)
    moodstream(cluster, "publish", bundles(cluster)[0]["version"])
    moodstream(cluster, "events", "send", EVENTS, "--items", ITEMS)


def events(prefix: str, days_ago: int) -> str:
    """A small world's, in the plain form: one user walks after the other, and the last of them so long ago."""
    end = int(time.time() * 1000) - days_ago * 86_400_000
    world = synthetic.events(_USERS)
    first = world[0].time
    rows = [(end - (_USERS - int(one.user_id[1:])) * 1_200_000 + one.time - first, one) for one in world]
    lines = [f"{prefix}{one.user_id},{one.item_id},{at},click,\n" for at, one in sorted(rows, key=lambda row: row[0])]
    return "user_id,item_id,timestamp,kind,value\n" + "".join(lines)


def put(cluster: Cluster, file: str, content: str) -> None:
    """Into a file there."""
    cluster.inside("deployment/tools", "sh", "-c", f"cat > {file}", given=content)


def bundles(cluster: Cluster) -> list[dict[str, Any]]:
    """What is on the shelf, the oldest first."""
    found: list[dict[str, Any]] = json.loads(moodstream(cluster, "bundles", "--json"))
    return found


def current(cluster: Cluster) -> str:
    """The version that all users are on."""
    (found,) = [one["version"] for one in bundles(cluster) if one["current"]]
    return str(found)
