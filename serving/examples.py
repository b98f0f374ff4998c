"""An example for every operation, which tests send and check."""

from typing import Any, Final

EVENT: Final[dict[str, Any]] = {"type": "interaction", "user_id": "me", "item_id": "50", "kind": "like"}
EVENTS: Final[list[dict[str, Any]]] = [
    EVENT,
    {"type": "interaction", "user_id": "me", "item_id": "181", "kind": "rating", "value": 4.5},
    {"type": "mood", "user_id": "me", "mood": "😊", "context": {"place": "Oslo", "device": "mobile"}},
    {
        "type": "item",
        "item_id": "new-1",
        "title": "A new comedy (2026)",
        "categories": ["Comedy"],
        "text": "Two friends open a tea house.",
    },
]
ASK: Final[dict[str, Any]] = {
    "user_id": "me",
    "n": 5,
    "mood": "happy",
    "context": {"place": "Oslo"},
    "exclude": ["50"],
    "categories": ["Comedy", "Adventure"],
    "explain": True,
    "rules": {"pin": ["new-1"], "boost": {"181": 0.5}, "block": ["7"]},
}
STANDING: Final[dict[str, Any]] = {
    "request_id": "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "bundle": "20261122T041500-1a2b3c4d",
    "watermark": {"partition": 2, "offset": 20417, "incarnation": "Yx3vQ2mTSyqfY0bHk1aXWg"},
    "age_ms": 38,
    "lag": 0,
    "degraded": [],
}
ITEM: Final[dict[str, Any]] = {
    "item_id": "181",
    "title": "Return of the Jedi (1983)",
    "categories": ["Action", "Adventure"],
    "score": 1.93,
    "sources": ["embedding", "covisitation"],
}
TO_RANK: Final[dict[str, Any]] = {
    "user_id": "me",
    "items": ["50", "181", "new-1", "181", "never heard of"],
    "mood": "happy",
    "context": {"place": "Oslo"},
}
POSTED: Final[dict[str, Any]] = {
    "results": [
        {"index": 0, "status": "accepted", "event_id": "5b0c…", "partition": 2, "offset": 20417},
        {"index": 1, "status": "refused", "reason": "Object missing required field `item_id`"},
    ],
    "tokens": {"me": "kwGibWWR…"},
}
RECOMMENDED: Final[dict[str, Any]] = {
    **STANDING,
    "user_id": "me",
    "page": 1,
    "mood": "happy",
    "folded": 0,
    "items": [ITEM],
}
RANKING: Final[dict[str, Any]] = {
    **STANDING,
    "user_id": "me",
    "mood": "happy",
    "folded": 0,
    "items": [
        {**ITEM, "seen": False},
        {
            "item_id": "new-1",
            "title": "A new comedy (2026)",
            "categories": ["Comedy"],
            "score": -1.2,
            "sources": ["fresh"],
            "seen": False,
        },
        {"item_id": "50", "title": "Star Wars (1977)", "score": -3.4, "sources": [], "seen": True},
    ],
    "left_out": [
        {"index": 3, "item_id": "181", "reason": "given already, at index 1"},
        {"index": 4, "item_id": "never heard of", "reason": "nothing is known of it"},
    ],
}
SIMILAR: Final[dict[str, Any]] = {
    **STANDING,
    "watermark": None,
    "age_ms": None,
    "item_id": "50",
    "title": "Star Wars (1977)",
    "items": [ITEM],
}
PROFILE: Final[dict[str, Any]] = {
    **STANDING,
    "user_id": "me",
    "known": True,
    "known_as": "",
    "erased": False,
    "events": 1,
    "seen": 1,
    "last_event": 1795320000000,
    "mood": "happy",
    "mood_time": 1795320000000,
    "embedding": [0.12, -0.4],
    "history": [{"offset": 20417, "time": 1795320000000, "kind": "like", "item_id": "50", "title": "Star Wars (1977)"}],
}
ERASING: Final[dict[str, Any]] = {
    "user_id": "me",
    "event_id": "5b0c…",
    "partition": 2,
    "offset": 20418,
    "token": "kwGibWWR…",
}
WORLD: Final[dict[str, Any]] = {
    "bundle": "20261122T041500-1a2b3c4d",
    "until": 1795320000000,
    "items": 1682,
    "moods": [{"emoji": "😀", "label": "happy"}, {"emoji": "😢", "label": "sad"}],
    "landmarks": [{"item_id": "50", "title": "Star Wars (1977)", "place": [-0.01, 0.02]}],
    "told": 0.212,
    "posters": "",
}
WHEREABOUTS: Final[dict[str, Any]] = {
    **STANDING,
    "user_id": "me",
    "place": [0.31, -0.12],
    "events": 4,
    "mood": "happy",
    "folded": 0,
}
UNTOUCHED: Final[dict[str, Any]] = {
    **STANDING,
    "age_ms": None,
    "lag": None,
    "user_id": "me",
    "until": 1795320000000,
    "events": 0,
    "since": 4,
    "items": [{**ITEM, "sources": ["embedding"]}],
}
BEAT: Final[dict[str, Any]] = {
    "time": 1795320000000,
    "bundle": "20261122T041500-1a2b3c4d",
    "partitions": 4,
    "silent": 0,
    "lag": 0,
    "rate": 41.5,
    "watching": 1,
    "degraded": [],
    "heard": [{"kind": "like", "title": "Star Wars (1977)"}, {"kind": "mood", "mood": "sad", "emoji": "😢"}],
}
PROBLEM: Final[dict[str, Any]] = {
    "type": "about:blank",
    "title": "Unprocessable Entity",
    "status": 422,
    "detail": "Object missing required field `user_id`",
}
READY: Final[dict[str, Any]] = {"ready": True, "bundle": "20261122T041500-1a2b3c4d", "degraded": []}
