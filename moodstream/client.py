"""A small client of Moodstream's API, for the demo and the benchmarks: one connection, typed answers."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import httpx
import msgspec

from contracts.errors import Unavailable
from contracts.events import Event
from online.answer.answered import Profile, Recommendations
from online.answer.asked import Ask


class Placed(msgspec.Struct, frozen=True):
    """Where one event came to lie."""

    partition: int
    offset: int


class _Posted(msgspec.Struct):
    results: list[Placed]


class Client:
    """Raises `Unavailable` for what the API refuses or doesn't answer."""

    def __init__(self, address: str, token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=address, headers=headers, timeout=15)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    @property
    def address(self) -> str:
        return str(self._http.base_url)

    def is_ready(self) -> bool:
        """Whether the API says that it can answer."""
        try:
            return self._http.get("/health/ready").is_success
        except httpx.HTTPError:
            return False

    def recommend(self, user_id: str, n: int = 10, mood: str = "") -> Recommendations:
        """The user's top n."""
        asked: dict[str, str | int] = {"user_id": user_id, "n": n, **({"mood": mood} if mood else {})}
        return msgspec.json.decode(self._get("/v1/recommendations", asked), type=Recommendations)

    def ask(self, ask: Ask) -> Recommendations:
        """The answer to any request."""
        return msgspec.json.decode(self._post("/v1/recommendations", ask), type=Recommendations)

    def profile(self, user_id: str) -> Profile:
        """What is known of a user."""
        return msgspec.json.decode(self._get(f"/v1/users/{user_id}", {}), type=Profile)

    def erase(self, user_id: str) -> None:
        """Have a user forgotten."""
        self._checked(self._http.delete(f"/v1/users/{user_id}"))

    def post(self, events: Sequence[Event]) -> list[Placed]:
        """Returns when Kafka has acknowledged, with where each event lies."""
        return msgspec.json.decode(self._post("/v1/events", list(events)), type=_Posted).results

    def post_raw(self, body: object) -> Any:
        """Post anything that JSON can hold; returns the answer as it is."""
        return msgspec.json.decode(self._post("/v1/events", body))

    def until_changed(
        self, user_id: str, placed: Placed, n: int = 10, within_s: float = 30
    ) -> tuple[Recommendations, float]:
        """Ask every 2 ms until an answer's watermark covers the event; returns it and the milliseconds that took."""
        began = time.perf_counter()
        while True:
            answer = self.recommend(user_id, n)
            waited = time.perf_counter() - began
            if answer.watermark and answer.watermark.offset >= placed.offset:
                return answer, 1000 * waited
            if waited > within_s:
                raise Unavailable(f"no answer knew of the event within {within_s:.0f} s: see logs/stream.log")
            time.sleep(0.002)

    def _get(self, path: str, parameters: dict[str, str | int]) -> bytes:
        return self._checked(self._http.get(path, params=parameters))

    def _post(self, path: str, body: object) -> bytes:
        headers = {"content-type": "application/json"}
        return self._checked(self._http.post(path, content=msgspec.json.encode(body), headers=headers))

    def _checked(self, answer: httpx.Response) -> bytes:
        if answer.is_error:
            raise Unavailable(f"the API answered {answer.status_code}: {answer.text[:300]}")
        return answer.content
