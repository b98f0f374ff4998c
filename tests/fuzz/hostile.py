"""Hostile requests, made from a seed: what no client of good will sends, and what a bad one would."""

import base64
import gzip
import random
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import msgspec

GOOD: Final = {"type": "interaction", "user_id": "me", "item_id": "i1", "kind": "like", "context": {"extra": {"a": 1}}}
ASK: Final = {"user_id": "me", "n": 5, "context": {"place": "Oslo"}, "rules": {"pin": ["i1"]}, "categories": ["war"]}
GIVEN: Final = {"user_id": "me", "items": ["i1", "i2"], "context": {"place": "Oslo"}, "mood": "happy"}
_LARGE: Final = 10 * 1024 * 1024
_VALUES: Final[tuple[Any, ...]] = (
    None, True, -1, 0, 2**31, 2**63, 2**64, -(2**63) - 1, 10**400, 1e308, -0.0, 0.1, "", " ", "x" * 5000, "\x00",
    "a\x00b", "\ufeff", "\u202e", "😀" * 300, "../../etc/passwd", "'; DROP TABLE users; --", "${jndi:ldap://x}",
    "{{7*7}}", "%s%n", [], {}, [[]], [None], {"": {}}, {"__proto__": 1}, {"$ref": "#"}, ["x"] * 2000,
    {str(n): n for n in range(500)},
)  # fmt: skip
_RAW: Final = (
    b"NaN", b"-Infinity", b"1e400", b"9" * 5000, b"-" + b"9" * 400, b"0x10", b"01", b"1.", b'"\\ud800"',
    b'"\\udfff\\ud800"', b'"\\u0000"', b'"\xff\xfe"', b'"\xc0\xaf"', b'"\xed\xa0\x80"', b'"\x01"', b"'x'",
    b"undefined", b"[1,]", b'{"a":1,}', b"//", b"\x00", b"", b"[" * 2000, b'{"a":' * 2000, b"[" * 900 + b"]" * 900,
    b'"' + b"\\n" * 30_000 + b'"',
)  # fmt: skip
_QUERIES: Final = (
    "%00", "%ff%fe", "%c0%af", "%ud800", "%", "%2", "&&&=", "user_id[]=me", "n=1e3", "n=9" + "9" * 400, "n=-0", "n=0x5",
    "page=1.0", "diversity=inf", "novelty=1e400", "explain=yes", "repeat=2", "token=,,,", "token=kwGibWWR",
    "exclude=" * 900,
    "user_id=\x7f",
)  # fmt: skip

_PATHS: Final = (
    "/v1/recommendations", "/v1/items/i1/similar", "/v1/users/me", "/v1/live/places/me", "/v1/live/as-trained/me",
)  # fmt: skip


class Request(NamedTuple):
    """One request as it is sent."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = {}
    chunked: bool = False
    """Sent without its length."""


def requests(seed: int, count: int) -> Iterator[Request]:
    """As many as wanted; the same for the same seed."""
    rng = random.Random(seed)
    makers = (_spoiled, _raw, _mutated, _raw, _spoiled, _queried, _tokened, _mutated, _path)
    for number in range(count):
        if number % 100 == 50:
            yield _huge(rng)
        elif number % 25 == 10:
            yield _packed(rng)
        elif number % 25 == 15:
            yield _deep(rng)
        else:
            yield rng.choice(makers)(rng)


def _post(rng: random.Random, event: bytes, ask: bytes, given: bytes) -> Request:
    bodies = {"/v1/events": event, "/v1/recommendations": ask, "/v1/rank": given}
    return rng.choice([Request("POST", path, body) for path, body in bodies.items()])


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value) if not isinstance(value, int) or abs(value) < 2**63 else str(value).encode()


def _spoiled(rng: random.Random) -> Request:
    """One field, one deeper down too, is of another type or of a size that nobody expects."""

    def of(good: Mapping[str, Any]) -> bytes:
        fields = {name: _json(value) for name, value in good.items()}
        names = [
            *good,
            "time",
            "event_id",
            "schema_version",
            "value",
            "mood",
            "exclude",
            "token",
            "forwards",
            "unknown",
        ]
        for name in rng.sample(names, rng.randint(1, 3)):
            fields[name] = rng.choice([_json(rng.choice(_VALUES)), rng.choice(_RAW)])
        return b"{" + b",".join(_json(name) + b":" + value for name, value in fields.items()) + b"}"

    event = of(GOOD)
    return _post(rng, rng.choice([event, b"[" + event + b"," + _json(GOOD) + b"]"]), of(ASK), of(GIVEN))


def _raw(rng: random.Random) -> Request:
    raw = rng.choice([rng.choice(_RAW), rng.randbytes(rng.randint(1, 400)), rng.choice(_RAW) + rng.choice(_RAW)])
    return _post(rng, raw, raw, raw)


def _mutated(rng: random.Random) -> Request:
    """A good body with some bytes changed, doubled or cut off."""

    def of(good: Mapping[str, Any]) -> bytes:
        raw = bytearray(_json(good))
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(raw))
            raw[at : at + rng.randint(0, 3)] = rng.choice(
                [rng.randbytes(2), b"", raw[at : at + 40], b'\\u0000"', b"{["]
            )
        return bytes(raw[: rng.randint(0, len(raw))] if rng.random() < 0.2 else raw)

    return _post(rng, of(GOOD), of(ASK), of(GIVEN))


def _queried(rng: random.Random) -> Request:
    parts = [rng.choice(_QUERIES) for _ in range(rng.randint(1, 3))] + (["user_id=me"] if rng.random() < 0.5 else [])
    path = rng.choice(_PATHS)
    return Request("GET", f"{path}?{quote('&'.join(parts), safe='%&=,[]')}")


def _tokened(rng: random.Random) -> Request:
    """A token that nobody gave."""
    raw = rng.choice(
        [rng.randbytes(60), b"\x93" * 3000, b"\xdd\xff\xff\xff\xff", b"\x81" * 900, b"\xc7\xff\x01" * 9, b""]
    )
    token = rng.choice([base64.urlsafe_b64encode(raw).decode(), ",".join(["kwGibWWR"] * 900), "A" * 60_000, "=" * 50])
    return Request("POST", "/v1/recommendations", _json({**ASK, "token": token}))


def _path(rng: random.Random) -> Request:
    odd = quote(rng.choice([str(value) for value in _VALUES[:24]])[:300] or " ", safe="")
    path = rng.choice(
        ["/v1/users/{}", "/v1/items/{}/similar", "/v1/{}", "/{}", "/v1/users/{}/../me", "//{}", "/docs/{}"]
    )
    method = rng.choice(["GET", "GET", "GET", "PUT", "PATCH", "HEAD", "OPTIONS", "TRACE"])
    return Request(method, path.format(odd), headers={"Cookie": "x" * rng.choice([1, 8000])})


def _deep(rng: random.Random) -> Request:
    depth = rng.choice([500, 5000, 100_000, 900_000])
    opened, closed = rng.choice([(b"[", b"]"), (b'{"a":', b"}"), (b'[{"context":', b"}]")])
    middle = rng.choice([b"1", b"", _json(GOOD)])
    deep = (opened * depth + middle + (closed * depth if rng.random() < 0.5 else b""))[:2_000_000]
    return _post(rng, deep, b'{"user_id":"me","rules":' + deep, b'{"user_id":"me","items":' + deep)


def _packed(rng: random.Random) -> Request:
    """A bomb: small as it comes, a hundred megabytes unpacked; said to be packed, or not."""
    bomb = rng.choice([_BOMB, zlib.compress(b"[" * 1_000_000), gzip.compress(_json([GOOD] * 500))])
    coding = rng.choice(["gzip", "deflate", "br", "zstd", "gzip, gzip", "x" * 3000, "identity", ""])
    headers = {
        "Content-Encoding": coding,
        "Content-Type": rng.choice(["application/json", "text/xml", "multipart/form-data"]),
    }
    return _post(rng, bomb, bomb, bomb)._replace(headers=headers)


_BOMB: Final = gzip.compress(b'{"a":"' + b"x" * 100_000_000, 9)


def _huge(rng: random.Random) -> Request:
    body = rng.choice([b"[" + b" " * _LARGE, b'{"user_id":"' + b"x" * _LARGE, b"[" + b"1," * (_LARGE // 2)])
    return _post(rng, body, body, body)._replace(chunked=rng.random() < 0.5)
