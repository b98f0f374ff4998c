"""A page elsewhere whose own name points here is refused by that name."""

import pytest

from contracts.settings import Settings
from online.store.memory import MemoryStore
from serving.hosts import Hosts
from tests.fakes.publisher import MemoryPublisher
from tests.fakes.shelf import MemoryShelf
from tests.serving.api import Api, served
from tests.serving.conftest import BUNDLE
from tests.serving.test_events import LIKE, is_problem

EVERYWHERE = "0.0.0.0"  # noqa: S104
LOCAL = (
    "localhost",
    "LOCALHOST:8080",
    "app.localhost",
    "127.0.0.1",
    "127.0.0.1:80",
    "127.8.9.1",
    "[::1]:8080",
    "[::1]",
    "",
)
FOREIGN = ("evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "notlocalhost")
ADDRESSES = ("10.1.2.3", "10.1.2.3:8080", "[2001:db8::1]:80")


@pytest.mark.parametrize("host", LOCAL)
def test_loopback_may_always_be_named(host: str) -> None:
    assert Hosts("127.0.0.1").takes(host)
    assert Hosts(EVERYWHERE, ["api.example"]).takes(host)


@pytest.mark.parametrize("host", [*FOREIGN, *ADDRESSES, "api.example", "[", "::1]evil", EVERYWHERE, "a:b:c"])
def test_on_loopback_nothing_else_is(host: str) -> None:
    assert not Hosts("127.0.0.1").takes(host)
    assert not Hosts("localhost").takes(host)


def test_names_that_are_set_are_taken_at_any_port() -> None:
    for hosts in (Hosts("127.0.0.1", ["api.example"]), Hosts("::", ["api.example"])):
        assert hosts.takes("api.example")
        assert hosts.takes("API.example.:443")
        assert not any(hosts.takes(host) for host in FOREIGN)


def test_beyond_loopback_addresses_are_taken_and_names_until_some_are_set() -> None:
    assert all(Hosts(EVERYWHERE).takes(host) for host in (*ADDRESSES, *FOREIGN))
    assert all(Hosts(EVERYWHERE, ["api.example"]).takes(host) for host in ADDRESSES)
    assert Hosts("serving.internal", ["api.example"]).takes("serving.internal:8080")


def test_a_page_that_points_its_name_here_neither_reads_nor_posts_and_is_told_which_setting(memory_api: Api) -> None:
    for path in ("/live", "/admin", "/metrics", "/v1/recommendations?user_id=me", "/v1/admin/health"):
        refused = memory_api.http.get(path, headers={"Host": "evil.example"})
        is_problem(refused, 403)
        assert "MOODSTREAM_API_HOSTS" in refused.json()["detail"]
    own = {"Host": "evil.example", "Origin": "http://evil.example"}  # to the browser it's the same site
    is_problem(memory_api.http.post("/v1/events", json=LIKE, headers=own), 403)
    with served(Settings(api_hosts="api.example"), MemoryStore(), MemoryShelf(BUNDLE), MemoryPublisher()) as http:
        assert http.get("/live", headers={"Host": "api.example"}).status_code == 200
