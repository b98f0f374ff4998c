"""The live page in a real Chromium: mouse, keyboard and thumb, light and dark, and a server that goes and comes back.

It needs Playwright for Python, a Chromium, and for accessibility axe-core; without them its tests are skipped.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import pytest
from msgspec import json, structs

from contracts.events import Interaction, MoodEvent
from contracts.settings import Settings
from contracts.topics import EVENTS
from model.bundle import Bundle
from moodstream.local.ports import free_port
from online.store.memory import MemoryStore
from online.store.protocol import Heartbeat
from tests.fakes.bundle import random_bundle
from tests.fakes.publisher import MemoryPublisher
from tests.fakes.shelf import MemoryShelf
from tests.serving.api import served
from tests.serving.browser import HOSTILE, PHONE, WIDE, axe, browser, violations
from tests.serving.test_house import TOKEN
from tests.serving.test_live import beating, now_ms

__all__ = ["browser"]


def bundle() -> Bundle:
    """Items with images, the first of which has a title that would be markup."""
    made = random_bundle(60, 4)
    items = [structs.replace(item, image=f"/{item.item_id}.jpg") for item in made.catalogue]
    return replace(made, catalogue=(structs.replace(items[0], title=HOSTILE), *items[1:]))


class Site:
    """The page in one browser, on a server of its own that can be stopped and started."""

    def __init__(self, context: Any, settings: Settings) -> None:
        self.context = context
        self.log, self.port, self.shelf = MemoryPublisher(), free_port(set()), MemoryShelf(bundle())
        self.wrong: list[str] = []
        """What the browser complained of."""
        self._settings = settings
        self._store = ThreadPoolExecutor(1).submit(beating, MemoryStore(), *self._beats()).result()
        self._running = ExitStack()
        self.page = context.new_page()
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)

    def _beats(self) -> list[Heartbeat]:
        return [Heartbeat(partition, 1000, 1003, now_ms()) for partition in range(4)]

    def start(self) -> None:
        self._running.enter_context(served(self._settings, self._store, self.shelf, self.log, self.port))

    def stop(self) -> None:
        self._running.close()

    def open(self, user: str = "me") -> Any:
        """The page, with its list."""
        self.page.goto(f"http://127.0.0.1:{self.port}/live#user={user}")
        self.page.wait_for_selector("#list .card")
        self.page.wait_for_selector("#connection.live")
        return self.page

    def titles(self) -> list[str]:
        found: list[str] = self.page.locator("#list h3").all_text_contents()
        return found

    def changed(self, act: Callable[[], Any]) -> list[str]:
        """The titles once the page has told what this led to."""
        said = self.page.locator("#fresh rect").count()
        act()
        self.page.wait_for_function("count => document.querySelectorAll('#fresh rect').length > count", arg=said)
        return self.titles()

    def posted(self) -> list[Interaction | MoodEvent]:
        """What came to lie in Kafka."""
        rows = [row for (topic, _), rows in self.log.logs.items() if topic == EVENTS for row in rows]
        events = [json.decode(row.value, type=Interaction | MoodEvent) for row in rows]
        return sorted(events, key=lambda event: event.time)

    def card(self, title: str) -> Any:
        return self.page.locator("#list .card").filter(has=self.page.get_by_role("heading", name=title, exact=True))


@contextmanager
def opened(browser: Any, settings: Settings | None = None, **how: Any) -> Iterator[Site]:
    """A site that runs, in a browser window of its own; nothing it complains of may be left."""
    context = browser.new_context(**{"viewport": WIDE, "reduced_motion": "reduce", **how})
    context.set_default_timeout(30_000)
    site = Site(context, settings or Settings())
    site.start()
    try:
        yield site
        assert not site.wrong
    finally:
        context.close()
        site.stop()


@pytest.fixture
def site(browser: Any) -> Iterator[Site]:
    """The site as most see it."""
    with opened(browser) as found:
        yield found


def test_a_click_changes_the_list_and_says_what_moved_and_how_soon(site: Site) -> None:
    page = site.open()
    before = site.titles()
    assert len(before) == 10
    after = site.changed(lambda: site.card(before[2]).get_by_role("button", name="Click").click())
    assert before[2] not in after
    (event,) = site.posted()
    assert isinstance(event, Interaction)
    assert (event.user_id, event.kind) == ("me", "click")
    assert float(page.locator("#ms").text_content()) > 0
    assert "places differ" in page.locator("#said").text_content()
    marks = [mark.strip() for mark in page.locator("#list .moved").all_text_contents()]
    for place, title in enumerate(after):
        was = before.index(title) if title in before else None
        wanted = "new" if was is None else "" if was == place else f"{'▲' if was > place else '▼'} {abs(was - place)}"
        assert marks[place].startswith(wanted)
        assert bool(marks[place]) == bool(wanted)


def test_a_rating_a_dislike_and_a_mood_are_sent_as_what_they_are(site: Site) -> None:
    page = site.open()
    first, second = site.titles()[:2]
    site.changed(lambda: site.card(first).get_by_role("button", name="4 of 5").click())
    site.changed(lambda: site.card(second).get_by_role("button", name="Dislike").click())
    site.changed(lambda: page.get_by_role("button", name="sad", exact=True).click())
    rating, dislike, mood = site.posted()
    assert isinstance(rating, Interaction)
    assert isinstance(dislike, Interaction)
    assert isinstance(mood, MoodEvent)
    assert (rating.kind, rating.value, dislike.kind, mood.mood) == ("rating", 4.0, "dislike", "😢")
    assert page.get_by_role("button", name="sad", exact=True).get_attribute("aria-pressed") == "true"
    page.wait_for_function("document.getElementById('known').textContent.includes('3 events are known, last felt sad')")
    assert page.locator("#map .you").count() == 1
    assert page.locator("#map .step").count() == 2


def test_beside_it_stands_what_the_training_alone_says_which_no_click_changes(site: Site) -> None:
    page = site.open()
    page.wait_for_selector("#trained li")
    before = page.locator("#trained li > span:first-child").all_text_contents()
    site.changed(lambda: page.locator(".card .main").first.click())
    assert page.locator("#trained li > span:first-child").all_text_contents() == before
    assert "knows" not in page.locator("#until").text_content()
    assert "nothing of you, and not the 1 since" in page.locator("#until").text_content()


def test_why_is_told_when_it_is_asked_for(site: Site) -> None:
    page = site.open()
    why = page.locator(".card").first.get_by_role("button", name="Why")
    why.click()
    page.wait_for_selector(".card .why li")
    assert why.get_attribute("aria-expanded") == "true"
    assert "Score" in page.locator(".card").first.locator(".why").text_content()
    assert not [row for rows in site.log.logs.values() for row in rows]


def test_a_title_that_would_be_markup_is_a_title(site: Site) -> None:
    page = site.open()
    page.wait_for_selector("#trained li")
    for _ in range(12):
        if HOSTILE in site.titles():
            break
        site.changed(lambda: page.locator(".card .main").first.click())
    assert page.title() == "Moodstream, live"
    assert page.locator("#list img, #list script").count() == 0
    text = page.content()
    assert "<script>document.title" not in text


def test_one_may_be_another_or_somebody_new(site: Site) -> None:
    page = site.open()
    page.get_by_label("Be another user").fill("42")
    page.keyboard.press("Enter")
    page.wait_for_function("document.getElementById('user').textContent === '42'")
    assert page.url.endswith("#user=42")
    page.get_by_role("button", name="Be somebody new").click()
    page.wait_for_function("document.getElementById('user').textContent.startsWith('visitor-')")
    page.wait_for_function("document.getElementById('known').textContent.startsWith('Nothing is known')")
    page.reload()
    page.wait_for_selector("#list .card")
    assert page.locator("#user").text_content().startswith("visitor-")


def test_when_the_server_goes_the_page_says_so_and_when_it_is_back_goes_on(browser: Any) -> None:
    with opened(browser) as site:
        page = site.open()
        site.changed(lambda: page.locator(".card .main").first.click())
        site.stop()
        page.wait_for_selector("#connection.reconnecting")
        title = site.titles()[0]
        shown = page.locator("#fresh rect").count()
        site.card(title).get_by_role("button", name=f"Like {title}", exact=True).click()  # kept, and sent again
        site.start()
        page.wait_for_selector("#connection.live")
        page.wait_for_function("count => document.querySelectorAll('#fresh rect').length > count", arg=shown)
        assert title not in site.titles()
        assert [event.kind for event in site.posted() if isinstance(event, Interaction)] == ["click", "like"]
        assert page.locator("#problem").is_hidden()
        site.wrong = [said for said in site.wrong if "ERR_CONNECTION" not in said and "ERR_INCOMPLETE" not in said]


def test_a_bundle_that_is_published_meanwhile_is_followed(site: Site) -> None:
    page = site.open()
    page.wait_for_selector("#trained li")
    before = page.locator("#trained").text_content()
    other = random_bundle(60, 9)
    site.shelf.add(other)
    page.wait_for_function("version => document.getElementById('bundle').textContent === version", arg=other.version)
    page.wait_for_function("before => document.getElementById('trained').textContent !== before", arg=before)


def test_what_can_not_be_done_is_said_in_words(site: Site) -> None:
    page = site.open()
    site.log.rejected = {0}
    page.locator(".card .main").first.click()
    page.wait_for_selector("#problem:not([hidden])")
    assert "the broker won't have it" in page.locator("#problem").text_content()
    site.log.rejected = set()
    site.changed(lambda: page.locator(".card .main").first.click())
    assert page.locator("#problem").is_hidden()
    site.wrong = [said for said in site.wrong if "422" not in said]


def test_all_of_it_goes_by_keyboard_and_the_focus_stays_in_the_list(site: Site) -> None:
    page = site.open()

    def focused() -> str:
        found: str = page.evaluate(
            "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"
        )
        return found

    page.keyboard.press("Tab")
    assert focused() == "To the list"
    for _ in range(8):
        page.keyboard.press("Tab")
        if "happy" in focused():
            break
    assert "happy" in focused()
    page.keyboard.press("ArrowRight")
    assert "excited" in focused()
    page.keyboard.press("End")
    assert "angry" in focused()
    site.changed(lambda: page.keyboard.press("Enter"))
    assert "angry" in focused()
    first = site.titles()[0]
    for _ in range(3):
        page.keyboard.press("Tab")
        if focused() == f"Click {first}":
            break
    assert focused() == f"Click {first}"
    page.keyboard.press("ArrowRight")
    assert focused() == f"Like {first}"
    after = site.changed(lambda: page.keyboard.press("Space"))
    assert focused() == f"Like {after[0]}"
    page.keyboard.press("Tab")
    assert focused() == f"Click {after[1]}"
    mood, like = site.posted()
    assert isinstance(mood, MoodEvent)
    assert isinstance(like, Interaction)
    assert like.kind == "like"


@pytest.mark.skipif(
    axe() is None, reason="there is no axe-core: pip install axe-playwright-python, or set AXE to a file"
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing_to_complain_of(browser: Any, scheme: str, size: dict[str, int]) -> None:
    with opened(browser, viewport=size, color_scheme=scheme, bypass_csp=True) as site:
        page = site.open()
        site.changed(lambda: page.get_by_role("button", name="sad", exact=True).click())
        site.changed(lambda: page.locator(".card .main").first.click())
        page.locator(".card").first.get_by_role("button", name="Why").click()
        page.wait_for_selector(".card .why li")
        assert violations(page) == []


def test_on_a_phone_nothing_is_cut_off_and_a_thumb_finds_its_buttons(browser: Any) -> None:
    with opened(browser, viewport=PHONE, is_mobile=True, has_touch=True) as site:
        page = site.open("a-user-with-a-very-long-name-that-has-no-place-to-break-anywhere-at-all-0123456789")
        before = site.titles()
        after = site.changed(lambda: page.locator(".card .main").first.tap())
        assert after != before
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        sizes = page.evaluate(
            "[...document.querySelectorAll('button')].filter(one => one.offsetParent)"
            ".map(one => [one.offsetWidth, one.offsetHeight])"
        )
        assert min(high for _, high in sizes) >= 44
        assert min(wide for wide, _ in sizes) >= 24


def test_things_glide_unless_one_wants_no_motion(browser: Any) -> None:
    counted = "window.glides = 0; const was = Element.prototype.animate;"
    counted += "Element.prototype.animate = function (...how) { glides += 1; return was.apply(this, how); }"
    for motion, glides in (("no-preference", True), ("reduce", False)):
        with opened(browser, reduced_motion=motion) as site:
            site.page.add_init_script(counted)
            page = site.open()
            site.changed(lambda page=page: page.locator(".card .main").first.click())  # type: ignore[misc]
            assert (page.evaluate("glides") > 0) == glides


def test_posters_are_shown_where_they_are_set_and_a_broken_one_breaks_nothing(browser: Any) -> None:
    pixel = b'<svg xmlns="http://www.w3.org/2000/svg" width="46" height="69"><rect width="46" height="69"/></svg>'
    with opened(browser, Settings(posters="https://images.example/w92/")) as site:
        asked: list[str] = []

        def answer(route: Any) -> None:
            asked.append(route.request.url)
            if len(asked) % 2:
                route.fulfill(status=404)
            else:
                route.fulfill(body=pixel, content_type="image/svg+xml")

        site.context.route("https://images.example/**", answer)
        page = site.open()
        page.evaluate("document.querySelectorAll('#list img').forEach(one => { one.loading = 'eager' })")
        page.wait_for_function("[...document.querySelectorAll('#list img')].every(one => one.complete)")
        assert all(url.startswith("https://images.example/w92/i") for url in asked)
        assert page.locator("#list img.poster").count() > 0
        assert page.locator("#list span.poster").count() > 0
        sizes = page.evaluate(
            "[...document.querySelectorAll('#list .poster')].map(one => [one.offsetWidth, one.offsetHeight])"
        )
        assert set(map(tuple, sizes)) == {(46, 69)}
        site.wrong = [said for said in site.wrong if "404" not in said]


def test_without_its_token_the_page_asks_for_it(browser: Any) -> None:
    with opened(browser, Settings(api_token=TOKEN)) as site:
        page = site.page
        page.goto(f"http://127.0.0.1:{site.port}/live")
        page.get_by_label("demands its token").fill(TOKEN)
        page.keyboard.press("Enter")
        page.wait_for_selector("#list .card")
        page.wait_for_selector("#connection.live")
        assert page.locator("#locked").is_hidden()
        assert TOKEN not in page.url
        page.reload()
        page.wait_for_selector("#list .card")
        site.wrong = [said for said in site.wrong if "401" not in said]


def test_it_tells_how_the_stream_does(site: Site) -> None:
    page = site.open()
    page.wait_for_function("document.getElementById('lag').textContent === '12 records'")
    assert page.locator("#partitions").text_content() == "4 of 4 heard"


def test_a_click_costs_the_server_three_requests_and_a_list_no_more(site: Site) -> None:
    page = site.open()
    page.wait_for_selector("#trained li")
    page.wait_for_function("document.getElementById('known').textContent.length > 0")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url.split('/v1/')[-1].split('?')[0]}"))
    site.changed(lambda: page.locator(".card .main").first.click())
    page.wait_for_selector("#map .you")
    until = time.monotonic() + 1
    while time.monotonic() < until:
        page.wait_for_timeout(100)
    assert asked == ["POST events", "POST recommendations", "GET live/places/me"]
