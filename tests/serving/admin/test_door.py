"""Nobody gets in without the token or a session of it; no other site's page does anything; whoever guesses waits."""

from typing import Any

import httpx
import pytest

from contracts.settings import Settings
from online.store.memory import MemoryStore
from serving.admin import door
from serving.admin.door import COOKIE, PROOF
from serving.admin.guesses import FREE, LONGEST_S, Guesses
from serving.admin.sessions import IDLE_S, LASTS_S, RENEWED_S, Sessions
from serving.openapi import document
from tests.fakes.publisher import MemoryPublisher
from tests.fakes.shelf import MemoryShelf
from tests.serving.admin.site import AUTHORIZED, TOKEN
from tests.serving.api import served
from tests.serving.conftest import BUNDLE
from tests.serving.test_events import is_problem

OTHER = "another token of tests"
OPERATIONS = [
    (path, method.upper())
    for path, methods in document(admin=True)["paths"].items()
    for method in methods
    if path.startswith("/v1/admin/") and (path, method) != ("/v1/admin/session", "post")
]
CHANGES = [path for path, method in OPERATIONS if method == "POST"]


def api(**settings: Any) -> Any:
    parts = MemoryStore(), MemoryShelf(BUNDLE), MemoryPublisher()
    return served(Settings(admin_token=TOKEN, **settings), *parts)


@pytest.fixture(scope="module")
def http() -> Any:
    """Without Kafka and without bundles: the door comes first."""
    with api() as client:
        yield client


def origin(http: httpx.Client) -> str:
    return str(http.base_url).rstrip("/")


def log_in(http: httpx.Client, **headers: str) -> tuple[str, dict[str, str]]:
    """The cookie, and what a page's change says beside it."""
    answer = http.post("/v1/admin/session", json={"token": TOKEN, "name": "Ann"}, headers=headers)
    assert answer.status_code == 200
    http.cookies.clear()  # each test says itself what it sends
    cookie = answer.headers["set-cookie"].split(";")[0]
    return cookie, {"Cookie": cookie, "Origin": origin(http), PROOF: answer.json()["proof"]}


def test_off_without_a_token_it_says_how_it_is_turned_on() -> None:
    with served(Settings(), MemoryStore(), MemoryShelf(BUNDLE), MemoryPublisher()) as http:
        for path, method in [*OPERATIONS, ("/v1/admin/session", "POST")]:
            answer = http.request(method, path, headers=AUTHORIZED, json={"token": ""} if method == "POST" else None)
            is_problem(answer, 404)
            assert "MOODSTREAM_ADMIN_TOKEN" in answer.json()["detail"]
        assert http.get("/admin").status_code == 200
        assert not any(path.startswith("/v1/admin") for path in http.get("/openapi.json").json()["paths"])


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_nothing_is_open(http: httpx.Client, path: str, method: str) -> None:
    if path == "/v1/admin/session" and method == "DELETE":  # there is nothing to end
        assert http.request(method, path).status_code == 204
        return
    for headers in ({}, {"Cookie": f"{COOKIE}=x"}):
        answer = http.request(method, path, headers=headers)
        is_problem(answer, 401)
        assert answer.headers["cache-control"] == "no-store"


def test_only_the_token_itself_is_the_token() -> None:
    with api() as http:
        for said in (f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", "Bearer"):
            is_problem(http.get("/v1/admin/health", headers={"Authorization": said}), 401)
        assert http.get("/v1/admin/health", headers=AUTHORIZED).status_code == 200


def test_a_program_gets_in_by_the_token_and_the_apis_own_opens_nothing() -> None:
    with api(api_token=OTHER) as http:
        assert http.get("/v1/admin/health", headers=AUTHORIZED).status_code == 200
        is_problem(http.get("/v1/admin/health", headers={"Authorization": f"Bearer {OTHER}"}), 401)
        is_problem(http.get("/v1/recommendations?user_id=me", headers=AUTHORIZED), 401)
        assert http.get("/admin").status_code == 200  # a browser can't send a token with an address


def test_the_session_is_a_cookie_that_no_script_and_no_other_site_gets(http: httpx.Client) -> None:
    answer = http.post("/v1/admin/session", json={"token": TOKEN})
    said = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")[1:]}
    assert {"httponly", "samesite=strict"} <= said
    assert "secure" not in said
    assert TOKEN not in answer.headers["set-cookie"] + answer.text
    by_tls = http.post("/v1/admin/session", json={"token": TOKEN}, headers={"X-Forwarded-Proto": "https"})
    assert "secure" in by_tls.headers["set-cookie"].lower()
    http.cookies.clear()


def test_one_logs_in_looks_and_logs_out(http: httpx.Client) -> None:
    cookie, change = log_in(http)
    assert http.get("/v1/admin/session", headers={"Cookie": cookie}).json()["name"] == "Ann"
    answer = http.get("/v1/admin/health", headers={"Cookie": cookie})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert http.delete("/v1/admin/session", headers=change).status_code == 204
    is_problem(http.get("/v1/admin/health", headers={"Cookie": cookie}), 401)
    assert http.delete("/v1/admin/session", headers=change).status_code == 204


@pytest.mark.parametrize("path", CHANGES)
def test_a_change_comes_from_the_page_itself_or_is_none(http: httpx.Client, path: str) -> None:
    _, change = log_in(http)
    for other in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": None},
        {PROOF: None},
        {PROOF: "0" * 64},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
    ):
        headers = {name: value for name, value in {**change, **other}.items() if value is not None}
        is_problem(http.post(path, content=b"{}", headers=headers), 403)
    assert http.post(path, content=b"{}", headers=change).status_code in (422, 503)


def test_pages_of_other_sites_do_not_even_read(http: httpx.Client) -> None:
    cookie, _ = log_in(http)
    for site in ("cross-site", "same-site"):
        is_problem(http.get("/v1/admin/health", headers={"Cookie": cookie, "Sec-Fetch-Site": site}), 403)
    is_problem(http.post("/v1/admin/session", json={"token": TOKEN}, headers={"Origin": "https://evil.example"}), 403)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"token":1}',
        b'{"token":"' + b"x" * 2000 + b'"}',
        b'{"token":"x","more":1}',
        b'{"token":"x","name":"a\\u001b[2J"}',
        b"[" * 5000,
    ],
)
def test_what_is_no_login_is_refused(http: httpx.Client, body: bytes) -> None:
    answer = http.post("/v1/admin/session", content=body)
    is_problem(answer, answer.status_code)
    assert answer.status_code in (400, 422)
    assert "set-cookie" not in answer.headers


def test_more_than_a_request_may_have_is_refused(http: httpx.Client) -> None:
    is_problem(http.post("/v1/admin/session", content=b"x" * 3_000_000), 413)
    is_problem(http.post("/v1/admin/answers", content=b"x" * 3_000_000, headers=AUTHORIZED), 413)


def test_who_guesses_waits_and_the_right_token_too_but_not_who_is_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "Guesses", lambda: Guesses(lambda: 0.0))  # the first wait is a second only
    with api() as http:
        cookie, _ = log_in(http)
        for number in range(FREE):
            is_problem(http.post("/v1/admin/session", json={"token": f"guess {number}"}), 401)
        for token in ("guess", TOKEN):
            answer = http.post("/v1/admin/session", json={"token": token})
            is_problem(answer, 429)
            assert int(answer.headers["retry-after"]) >= 1
        is_problem(http.get("/v1/admin/health", headers=AUTHORIZED), 429)
        assert http.get("/v1/admin/health", headers={"Cookie": cookie}).status_code == 200


def test_guessing_costs_ever_more_time_by_network_and_is_forgotten() -> None:
    now = 0.0
    guesses = Guesses(lambda: now)
    for _ in range(FREE + 1):
        guesses.wrong("2001:db8::1")
    assert guesses.wait_s("2001:db8::ffff") == 2.0
    assert guesses.wait_s("2001:db8:0:1::1") == guesses.wait_s("10.0.0.1") == 0.0
    for _ in range(20):
        guesses.wrong("2001:db8::1")
    assert guesses.wait_s("2001:db8::1") == LONGEST_S
    for number in range(2000):  # many addresses are no way to fill the memory
        guesses.wrong(f"10.0.{number // 250}.{number % 250}")
    guesses.right("2001:db8::1")
    assert guesses.wait_s("2001:db8::1") == 0.0
    for _ in range(FREE):
        guesses.wrong("10.9.9.9")
    now = 4000.0
    assert guesses.wait_s("10.9.9.9") == 0.0


def test_a_session_ends_by_itself_when_idle_and_with_another_token() -> None:
    now = 1_700_000_000_000
    sessions = Sessions(TOKEN, lambda: now)
    session = sessions.begin("Ann")
    cookie = sessions.cookie(session)
    assert sessions.read(cookie) == session
    assert Sessions("another token altogether", lambda: now).read(cookie) is None
    assert Sessions(TOKEN, lambda: now).read(cookie) == session  # another process
    now += 1000 * RENEWED_S
    assert sessions.is_stale(session)
    renewed = sessions.cookie(session)
    now += 1000 * (IDLE_S - RENEWED_S)
    assert sessions.read(cookie) is None
    assert sessions.read(renewed) is not None
    for _ in range(LASTS_S // IDLE_S * 2):
        now += 1000 * IDLE_S // 2
        renewed = sessions.cookie(session)
    assert sessions.read(renewed) is None


def test_a_changed_cookie_is_none_of_ours() -> None:
    sessions = Sessions(TOKEN, lambda: 1_700_000_000_000)
    cookie = sessions.cookie(sessions.begin("Ann"))
    for other in ("", "é", "=", cookie[:-2], cookie[4:], "A" + cookie[1:], cookie[::-1], "A" * 5000, cookie + "AAAA"):
        assert sessions.read(other) is None
