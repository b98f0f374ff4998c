"""An example for every operation of operators, which tests check."""

from typing import Any, Final

from serving.examples import STANDING

LOGIN: Final[dict[str, Any]] = {"token": "…", "name": "Ann"}
LOGGED_IN: Final[dict[str, Any]] = {"name": "Ann", "until": 1795348800000, "proof": "5fbcdc6e…"}
CURRENT: Final = "20261122T041500-1a2b3c4d"
BEFORE: Final = "20261121T041500-9f8e7d6c"
BUNDLE: Final[dict[str, Any]] = {
    "version": CURRENT,
    "standing": "current",
    "created": 1795320900000,
    "until": 1795320000000,
    "events": 80000,
    "size": 2400000,
    "measured": {"ndcg@10": 0.138},
    "damaged": "",
}
BUNDLES: Final[dict[str, Any]] = {
    "current": CURRENT,
    "canary": "",
    "share": 0.0,
    "back": BEFORE,
    "answers_from": CURRENT,
    "bundles": [BUNDLE],
    "more": 0,
    "deeds": [
        {
            "time": 1795321000000,
            "who": "Ann at 127.0.0.1",
            "what": "publish",
            "said": f"all users are on {CURRENT}",
        }
    ],
}
PUBLISH: Final[dict[str, Any]] = {"version": BEFORE, "share": 0.1, "seen": CURRENT}
ROLL_BACK: Final[dict[str, Any]] = {"seen": CURRENT, "back": BEFORE}
DONE: Final[dict[str, Any]] = {"said": f"all users are back on {BEFORE}"}
LETTER: Final[dict[str, Any]] = {
    "id": "events/2/1234",
    "time": 1795320000000,
    "error": "InvalidEvent",
    "reason": "Invalid enum value 'hug' - at `$.kind`",
    "retried": 0,
}
LETTERS: Final[dict[str, Any]] = {
    "total": 1,
    "errors": {"InvalidEvent": 1},
    "letters": [LETTER],
    "older": False,
    "complete": True,
}
WHOLE: Final[dict[str, Any]] = {
    "letter": LETTER,
    "topic": "events",
    "partition": 2,
    "offset": 1234,
    "text": '{\n  "type": "interaction",\n  "user_id": "me",\n  "item_id": "50",\n  "kind": "hug"\n}',
    "sent": [],
    "invalid": "Invalid enum value 'hug' - at `$.kind`",
}
AGAIN: Final[dict[str, Any]] = {"which": {"error": "ZeroDivisionError"}, "dry_run": True}
OUTCOME: Final[dict[str, Any]] = {
    "said": "1 good",
    "counts": {"good": 1},
    "results": [{"id": "events/2/1234", "status": "good", "event_id": "5b0c…"}],
    "left": 0,
}
ALARM: Final[dict[str, Any]] = {
    "alarm_id": "unknown-items-2-81234",
    "time": 1795320000000,
    "partition": 2,
    "offset": 81234,
    "signal": "unknown-items",
    "detector": "page-hinkley",
    "before": 0.03,
    "after": 0.75,
    "since": 1795319000000,
}
DRIFT: Final[dict[str, Any]] = {
    "blocks": {"2": 120},
    "reference": 24,
    "signals": [
        {
            "about": "unknown-items",
            "says": "the share of items that the bundle doesn't know",
            "usual": 0.03,
            "now": 0.74,
            "detector": "page-hinkley",
            "state": "moved",
            "alarm_id": "unknown-items-2-81234",
        }
    ],
    "alarms": [ALARM],
}
COURSE: Final[dict[str, Any]] = {
    "about": "unknown-items",
    "says": "the share of items that the bundle doesn't know",
    "todo": "a fine-tune on the newest events: moodstream nightly",
    "lines": {"2": [[1795318900000, 0.03], [1795319000000, 0.75]]},
    "marks": [{"time": 1795319000000, "kind": "alarm", "said": "unknown-items-2-81234: 0.03 → 0.75"}],
    "alarms": [ALARM],
    "beside": [],
}
HEALTH: Final[dict[str, Any]] = {
    "time": 1795320000000,
    "parts": [
        {"name": "redis", "state": "away", "said": "it did not answer within 0.25 s", "todo": "moodstream doctor …"}
    ],
    "partitions": [{"partition": 2, "position": 20417, "end": 20420, "lag": 3, "heard_ms": 210, "lost": None}],
    "degraded": [],
}
MADE_OF: Final[dict[str, Any]] = {
    **STANDING,
    "user_id": "me",
    "known_as": "",
    "canary": False,
    "events": 12,
    "kept": 12,
    "seen": 11,
    "last_event": 1795320000000,
    "mood": "happy",
    "contexts": ["device:mobile"],
    "sources": [
        {
            "source": "embedding",
            "found": 70,
            "ranked": 70,
            "shown": 1,
            "first": [{"item_id": "181", "title": "Return of the Jedi (1983)", "score": 1.93, "place": 1}],
        }
    ],
    "kept_out": [{"why": "had already, in the kept history", "items": 11}],
    "candidates": 140,
    "items": [
        {
            "item_id": "181",
            "title": "Return of the Jedi (1983)",
            "score": 1.93,
            "probability": 0.04,
            "sources": ["embedding"],
            "by_score": 1,
            "parts": [{"feature": "embedding", "value": 2.1, "share": 1.4}],
        }
    ],
}
