"""The admin page in a real Chromium, on a real Kafka: mouse, keyboard and thumb, light and dark, friend and foe."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from serving.admin.guesses import FREE
from tests.serving.admin.conftest import Ran
from tests.serving.admin.site import TOKEN, Site, good, letter, running
from tests.serving.browser import HOSTILE, PHONE, WIDE, axe, browser, violations

__all__ = ["browser"]
LETTERS = [
    letter(3, good("a"), "a bug of ours", "ZeroDivisionError"),
    letter(4, b"no event", f"not JSON: {HOSTILE}"),
    letter(5, f'{{"type":"{HOSTILE}"}}'.encode(), "x" * 3000),
]
PARTS = {
    "bundles": "#shelf table",
    "health": "#partitions table",
    "letters": "#letters-list table",
    "drift": "#chart polyline",
}


class Page:
    """One browser window on a site; nothing it complains of may be left."""

    def __init__(self, context: Any, site: Site) -> None:
        self.site = site
        self.page = context.new_page()
        self.wrong: list[str] = []
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)

    def log_in(self, part: str = "bundles") -> Any:
        """As Ann, by the form."""
        self.page.goto(f"{self.site.address}/admin#{part}")
        self.page.get_by_label("The token").fill(TOKEN)
        self.page.get_by_label("Your name").fill("Ann")
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector(PARTS.get(part, f"#{part}"))
        self.wrong = [said for said in self.wrong if "401" not in said]  # it asked who is logged in: nobody
        return self.page

    def go(self, part: str) -> None:
        self.page.locator(f"nav a[href='#{part}']").click()
        self.page.wait_for_selector(PARTS.get(part, f"#{part}"))

    def said(self) -> str:
        """What it says was done."""
        self.page.wait_for_function("() => document.getElementById('done').textContent")
        found: str = self.page.locator("#done").text_content()
        return found

    def button(self, name: str) -> Any:
        return self.page.get_by_role("button", name=name, exact=True)


@contextmanager
def opened(browser: Any, site: Site, **how: Any) -> Iterator[Page]:
    context = browser.new_context(**{"viewport": WIDE, "reduced_motion": "reduce", **how})
    context.set_default_timeout(30_000)
    window = Page(context, site)
    try:
        yield window
        assert not window.wrong
    finally:
        context.close()


@pytest.fixture(scope="module")
def site(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """With letters; nobody changes it."""
    with running(kafka, "admin-page", tmp_path_factory.mktemp("page")) as (found, _):
        found.set_aside(LETTERS)
        yield found


def test_one_logs_in_by_the_token_alone_stays_in_and_logs_out(browser: Any, site: Site) -> None:
    with opened(browser, site) as window:
        page = window.page
        page.goto(f"{site.address}/admin")
        page.get_by_label("The token").fill("a wrong one")
        page.keyboard.press("Enter")
        page.wait_for_selector("#refused:not([hidden])")
        assert "MOODSTREAM_ADMIN_TOKEN" in page.locator("#refused").text_content()
        window.log_in()
        assert "Ann" in page.locator("#who").text_content()
        assert page.evaluate("document.cookie + localStorage.length + sessionStorage.length") == "00"
        assert TOKEN not in page.content()
        page.reload()
        page.wait_for_selector("#shelf table")
        window.button("Log out").click()
        page.wait_for_selector("#door:not([hidden])")
        page.reload()
        page.wait_for_selector("#door:not([hidden])")
        assert page.locator("#inside").is_hidden()
        window.wrong = [said for said in window.wrong if "401" not in said]


def test_a_bundle_is_promoted_and_rolled_back_when_that_was_meant(browser: Any, ran: Ran) -> None:
    site, _ = ran
    first, second, third = site.versions
    with opened(browser, site) as window:
        page = window.log_in()
        window.button(f"Promote {third} to all users").click()
        assert second in page.locator("#ask").text_content()
        window.button("Cancel").click()
        assert site.shelf.current() == second
        window.button(f"Promote {third} to all users").click()
        window.button("Promote").last.click()
        assert f"all users are on {third}" in window.said()
        assert site.shelf.current() == third
        page.wait_for_function("third => document.getElementById('serves').textContent.endsWith(third)", arg=third)
        assert "Ann at 127.0.0.1" in page.locator("#deeds").text_content()

        window.button(f"Show {first} to a share of users").click()
        page.get_by_label("Per cent").fill("0")
        page.keyboard.press("Enter")
        page.wait_for_selector("#ask-problem:not([hidden])")
        page.get_by_label("Per cent").fill("12.5")
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.getElementById('serves').textContent.includes('12.5% of users')")
        window.button("End the canary …").click()
        window.button("End it").click()
        page.wait_for_selector("#rollback:has-text('Roll back')")
        window.button("Roll back …").click()
        site.shelf.point(first)  # meanwhile somebody else
        window.button("Roll back").click()
        page.wait_for_selector("#ask-problem:not([hidden])")
        assert first in page.locator("#ask-problem").text_content()
        page.keyboard.press("Escape")
        assert page.locator("#ask").is_hidden()
        assert site.shelf.current() == first
        window.wrong = [said for said in window.wrong if "409" not in said]


def test_a_dead_letter_is_looked_at_and_sent_again(browser: Any, ran: Ran) -> None:
    site, _ = ran
    site.set_aside(LETTERS)
    with opened(browser, site) as window:
        page = window.log_in("letters")
        assert page.locator("#letters-list tbody tr").count() == 3
        window.button("Look at events/0/4").click()
        page.wait_for_selector("dialog[open]")
        assert HOSTILE in page.locator("#ask").text_content()
        window.button("Close").click()
        window.button("Look at events/0/3").click()
        window.button("Send again …").click()
        window.button("Send again").click()
        assert window.said() == "1 sent."
        page.get_by_label("Sent again").select_option("true")
        window.button("Show").click()
        page.wait_for_function("() => document.getElementById('letters-said').textContent.startsWith('One letter')")
        page.get_by_label("Sent again").select_option("false")
        window.button("Show").click()
        page.wait_for_function("() => document.getElementById('letters-said').textContent.startsWith('2 letters')")
        window.button("Send all of these again …").click()
        page.wait_for_selector("#ask:has-text('Nothing can be sent again')")
        assert "retry --repaired" in page.locator("#ask").text_content()
        window.button("Close").click()
        assert page.title() == "Dead letters · Moodstream, admin"
        assert page.locator("main img, main script, dialog img").count() == 0


def test_what_would_be_markup_is_text_in_an_answer_too(browser: Any, site: Site) -> None:
    with opened(browser, site) as window:
        page = window.log_in("answer")
        page.get_by_label("User, by id").fill("me")
        page.get_by_label("Items").fill("50")
        window.button("Take it apart").click()
        page.wait_for_selector("#made .page li")
        assert HOSTILE in page.locator("#made").text_content()
        assert page.locator("#made img, #made script").count() == 0
        assert page.locator("#made .shares .bar").count() > 1
        page.get_by_label("User, by id").fill(HOSTILE)
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.getElementById('made').textContent.includes('known of themnothing')")
        assert page.title().startswith("What an answer")


def test_a_signal_is_drawn_with_its_alarm(browser: Any, site: Site) -> None:
    with opened(browser, site) as window:
        page = window.log_in("drift")
        assert page.locator("#course-title").text_content() == "unknown-items over time"
        assert page.locator("#chart polyline").count() == 2
        assert page.locator("#chart .mark.alarm").count() >= 1
        window.button("Show valence over time").click()
        page.wait_for_function("() => document.getElementById('course-title').textContent === 'valence over time'")
        assert page.evaluate("document.activeElement.id") == "course-title"


def test_health_is_looked_at_again_by_itself_and_says_when_the_server_is_gone(browser: Any, ran: Ran) -> None:
    site, _ = ran
    with opened(browser, site) as window:
        page = window.page
        page.clock.install()
        window.log_in("health")
        site.stop()
        page.clock.run_for(6000)
        page.wait_for_selector("#problem:not([hidden])")
        assert "the server doesn't answer" in page.locator("#problem").text_content()
        site.start()
        page.clock.run_for(6000)
        page.wait_for_selector("#problem", state="hidden")
        window.wrong = [said for said in window.wrong if "ERR_CONNECTION" not in said]


def test_another_sites_page_changes_nothing(browser: Any, ran: Ran) -> None:
    site, _ = ran
    with opened(browser, site) as window:
        page = window.log_in()
        body = f'{{"version":"{site.versions[2]}","seen":"{site.versions[1]}"}}'
        attack = f"<form method=post enctype=text/plain action='{site.address}/v1/admin/bundles/publish'>"
        attack += f"<input name='{body}' value=''></form><img src='{site.address}/v1/admin/bundles'>"
        page.route("https://evil.example/", lambda route: route.fulfill(body=attack, content_type="text/html"))
        page.goto("https://evil.example/")
        with page.expect_navigation() as went:
            page.evaluate("document.forms[0].submit()")
        assert went.value.status == 403
        framed = f"<iframe src='{site.address}/admin'></iframe>"
        page.route("https://evil.example/frame", lambda route: route.fulfill(body=framed, content_type="text/html"))
        page.goto("https://evil.example/frame")
        assert all("Moodstream" not in frame.content() for frame in page.frames[1:])
        assert site.shelf.current() == site.versions[1]
        window.wrong = []


def test_who_guesses_is_told_to_wait(browser: Any, ran: Ran) -> None:
    with opened(browser, ran[0]) as window:
        page = window.page
        page.goto(f"{ran[0].address}/admin")
        for number in range(FREE + 1):
            page.get_by_label("The token").fill(f"guess {number}")
            with page.expect_response("**/v1/admin/session"):
                page.keyboard.press("Enter")
        page.wait_for_function("() => document.getElementById('refused').textContent.includes('try again in')")
        window.wrong = [said for said in window.wrong if "401" not in said and "429" not in said]


def test_all_of_it_goes_by_keyboard(browser: Any, site: Site) -> None:
    with opened(browser, site) as window:
        page = window.log_in()

        def focused() -> str:
            found: str = page.evaluate(
                "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"
            )
            return found

        def tab_to(name: str) -> None:
            for _ in range(30):
                page.keyboard.press("Tab")
                if name in focused():
                    return
            raise AssertionError(f"no Tab leads to {name}")

        assert page.evaluate("document.activeElement.id") == "main"
        tab_to(f"Promote {site.versions[2]}")
        page.keyboard.press("Enter")
        page.wait_for_selector("dialog[open]")
        assert focused() == "Cancel"
        page.keyboard.press("Tab")
        assert focused() == "Promote"
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog", state="hidden")
        assert site.versions[2] in focused()  # back where one was
        page.keyboard.press("Home")
        page.reload()
        page.wait_for_selector("#shelf table")
        tab_to("To the contents")
        tab_to("Drift")
        page.keyboard.press("Enter")
        page.wait_for_selector("#chart polyline")
        assert page.evaluate("document.activeElement.id") == "main"
        tab_to("Show error over time")
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.getElementById('course-title').textContent === 'error over time'")


@pytest.mark.skipif(
    axe() is None, reason="there is no axe-core: pip install axe-playwright-python, or set AXE to a file"
)
@pytest.mark.parametrize(
    ("size", "scheme"),
    [(WIDE, "light"), (WIDE, "dark"), (PHONE, "light")],
    ids=["wide-light", "wide-dark", "phone-light"],
)
def test_axe_finds_nothing_to_complain_of(browser: Any, site: Site, scheme: str, size: dict[str, int]) -> None:
    with opened(browser, site, viewport=size, color_scheme=scheme, bypass_csp=True) as window:
        window.page.goto(f"{site.address}/admin")
        window.page.wait_for_selector("#door:not([hidden])")
        assert violations(window.page) == []
        page = window.log_in()
        for part in PARTS:
            window.go(part)
            assert violations(page) == [], part
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], part
        window.go("answer")
        page.get_by_label("User, by id").fill("me")
        page.keyboard.press("Enter")
        page.wait_for_selector("#made .page li")
        assert violations(page) == []
        window.go("letters")
        window.button("Look at events/0/5").click()
        page.wait_for_selector("dialog[open]")
        assert violations(page) == []


def test_on_a_phone_nothing_is_cut_off_and_a_thumb_finds_its_buttons(browser: Any, site: Site) -> None:
    with opened(browser, site, viewport=PHONE, is_mobile=True, has_touch=True) as window:
        page = window.log_in()
        for part in (*PARTS, "answer"):
            window.go(part)
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], part
            sizes = page.evaluate(
                "[...document.querySelectorAll('button, nav a, summary')].filter(one => one.offsetParent)"
                ".map(one => [one.offsetWidth, one.offsetHeight])"
            )
            assert min(high for _, high in sizes) >= 44, part
            assert min(wide for wide, _ in sizes) >= 44, part


def test_off_it_says_how_it_is_turned_on(browser: Any, kafka: str, tmp_path: Path, namespace: str) -> None:
    with (
        running(kafka, namespace, tmp_path, token="") as (site, _),
        opened(browser, site) as window,
    ):
        window.page.goto(f"{site.address}/admin")
        window.page.wait_for_selector("#off:not([hidden])")
        assert "set MOODSTREAM_ADMIN_TOKEN" in window.page.locator("#off").text_content()
        window.wrong = [said for said in window.wrong if "404" not in said]
