"""Enrichment: what is known of an event, the same wherever it is run, and never its address."""

import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import Misconfigured
from contracts.events import Alias, Context, Erase, Impression, Interaction, MoodEvent, Shown, UserEvent
from contracts.moods import LABELS
from online.learn.device import device_of
from online.learn.enrich import Enriched, Enricher
from tests.online.learn.mmdb import write_database

NOON = 1_790_078_400_000
"""12:00 UTC."""
LJUBLJANA = {
    "city": {"names": {"de": "Laibach", "en": "Ljubljana"}},
    "country": {"iso_code": "SI"},
    "location": {"time_zone": "Europe/Ljubljana"},
}
NETWORKS = {
    "10.1.0.0/16": LJUBLJANA,
    "10.2.0.0/16": {"country": {"iso_code": "JP"}},
    "10.3.0.0/16": {"registered_country": {"iso_code": "FR"}, "location": {"time_zone": "No/Such_Zone"}},
    "10.4.0.0/16": ["no", "map"],
    "10.5.0.0/16": {"city": "no map", "country": {"iso_code": ["no", "text"]}},
}


@pytest.fixture
def geoip(tmp_path: Path) -> Path:
    return write_database(tmp_path / "places.mmdb", NETWORKS)


def click(context: Context | None = None, **fields: Any) -> Interaction:
    return Interaction(
        **{"event_id": "e", "time": NOON, "user_id": "ann", "item_id": "i", "context": context, **fields}
    )


def enriched(event: UserEvent, geoip: Path | None = None, arrival: int = NOON + 5) -> Enriched:
    return Enricher(geoip).enrich(event, partition=3, offset=42, arrival=arrival)


def test_a_bare_click() -> None:
    assert enriched(click()) == Enriched(
        partition=3,
        offset=42,
        arrival=NOON + 5,
        type="interaction",
        event_id="e",
        user_id="ann",
        item_id="i",
        kind="click",
        weight=0.5,
        time=NOON,
        event_time=NOON,
        hour=12,
    )


def test_a_rating_is_weighed_by_its_stars() -> None:
    row = enriched(click(kind="rating", value=1.5))
    assert (row.kind, row.value, row.weight) == ("rating", 1.5, -0.4)


def test_every_type_of_event_has_its_own_columns() -> None:
    mood = enriched(MoodEvent(event_id="e", time=NOON, user_id="ann", mood="😢"))
    assert (mood.type, mood.mood, mood.mood_said, mood.valence, mood.arousal) == ("mood", "sad", "😢", -0.7, -0.4)
    assert (mood.kind, mood.item_id, mood.weight) == ("", "", 0.0)
    shown = [Shown("i", 0, 1.5, 0.5), Shown("j", 1, 1.0, 0.25)]
    impression = enriched(Impression(event_id="e", time=NOON, user_id="ann", request_id="r", bundle="b", shown=shown))
    assert (impression.type, impression.request_id, impression.bundle) == ("impression", "r", "b")
    assert impression.shown == tuple(shown)
    alias = enriched(Alias(event_id="e", time=NOON, user_id="anon", known_as="ann"))
    assert (alias.type, alias.user_id, alias.known_as) == ("alias", "anon", "ann")
    assert enriched(Erase(event_id="e", time=NOON, user_id="ann")).type == "erase"


def test_an_event_from_the_future_is_taken_as_of_its_arrival() -> None:
    row = enriched(click(time=NOON + 3_600_000), arrival=NOON)
    assert (row.time, row.event_time, row.hour) == (NOON, NOON + 3_600_000, 12)
    assert enriched(click(time=NOON - 1), arrival=NOON).time == NOON - 1


@pytest.mark.parametrize(("said", "label"), [("happy", "happy"), ("😀", "happy"), ("zapped", ""), ("", ""), (None, "")])
def test_the_context_s_mood_is_the_click_s(said: str | None, label: str) -> None:
    row = enriched(click(Context(mood=said)))
    assert (row.mood, row.mood_said) == (label, said or "")


def test_a_mood_that_nobody_knows_is_no_error_here() -> None:
    row = enriched(MoodEvent(event_id="e", time=NOON, user_id="ann", mood="zapped", context=Context(mood="happy")))
    assert (row.mood, row.mood_said, row.valence) == ("", "zapped", 0.0)


def test_the_place_is_found_from_the_address_and_the_hour_is_the_place_s(geoip: Path) -> None:
    row = enriched(click(Context(ip="10.1.2.3")), geoip)
    assert (row.country, row.city, row.place, row.hour) == ("SI", "Ljubljana", "Ljubljana", 14)
    row = enriched(click(Context(ip="10.2.2.3")), geoip)
    assert (row.country, row.city, row.place, row.hour) == ("JP", "", "JP", 12)
    row = enriched(click(Context(ip="10.3.2.3")), geoip)
    assert (row.country, row.place, row.hour) == ("FR", "FR", 12)


def test_a_given_place_and_device_win(geoip: Path) -> None:
    row = enriched(click(Context(ip="10.1.2.3", place="kitchen", device="fridge", user_agent="curl/8.0")), geoip)
    assert (row.place, row.city, row.device, row.hour) == ("kitchen", "Ljubljana", "fridge", 14)


@pytest.mark.parametrize(
    "ip",
    [
        "",
        "x",
        "10.1",
        "10.1.2.3:80",
        "999.1.1.1",
        "\0",
        "::1",
        "fe80::1%eth0",
        "1" * 45,
        "9.9.9.9",
        "10.4.0.1",
        "10.5.0.1",
    ],
)
def test_what_is_no_address_or_nowhere_is_no_place_and_no_error(geoip: Path, ip: str) -> None:
    row = enriched(click(Context(ip=ip)), geoip)
    assert (row.country, row.city, row.place, row.hour) == ("", "", "", 12)


def test_an_ipv4_address_in_ipv6_clothes_is_found(geoip: Path) -> None:
    assert enriched(click(Context(ip="::ffff:10.1.2.3")), geoip).city == "Ljubljana"


def test_the_address_stays_behind(geoip: Path) -> None:
    row = enriched(click(Context(ip="10.1.2.3", user_agent="Mozilla/5.0 (X11; Linux)", extra={"a": 1.0})), geoip)
    assert b"10.1.2.3" not in msgspec.json.encode(row)
    assert "ip" not in Enriched.__struct_fields__
    assert row.extra == {"a": 1.0}


def test_without_a_database_an_address_is_nowhere() -> None:
    assert enriched(click(Context(ip="10.1.2.3"))).place == ""


def test_a_database_that_can_t_be_used_is_refused_in_one_line(tmp_path: Path, geoip: Path) -> None:
    cut = tmp_path / "cut.mmdb"
    cut.write_bytes(geoip.read_bytes()[:-40])
    text = tmp_path / "text.mmdb"
    text.write_text("no database\n" * 100)
    empty = tmp_path / "empty.mmdb"
    empty.touch()
    networks = write_database(tmp_path / "asn.mmdb", NETWORKS, kind="GeoLite2-ASN")
    for path in (cut, text, empty, networks, tmp_path / "missing.mmdb", tmp_path):
        with pytest.raises(Misconfigured, match="MOODSTREAM_GEOIP") as refused:
            Enricher(path)
        assert "\n" not in str(refused.value)
        assert str(path) in str(refused.value)


CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0"
WEBKIT = "AppleWebKit/605.1.15"
AGENTS = {
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36": ("desktop", "Chrome", "Windows"),
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.1 Safari/605.1.15": (
        "desktop",
        "Safari",
        "Mac OS X",
    ),
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0": ("desktop", "Firefox", "Ubuntu"),
    f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME} Safari/537.36": ("desktop", "Chrome", "Chrome OS"),
    f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Mobile Safari/537.36": ("mobile", "Chrome Mobile", "Android"),
    f"Mozilla/5.0 (Linux; Android 13; SM-X200) {CHROME} Safari/537.36": ("tablet", "Chrome", "Android"),
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) {WEBKIT} Version/18.1 Mobile/15E148 Safari/604.1": (
        "mobile",
        "Mobile Safari",
        "iOS",
    ),
    f"Mozilla/5.0 (iPad; CPU OS 17_1 like Mac OS X) {WEBKIT} Version/17.1 Mobile/15E148 Safari/604.1": (
        "tablet",
        "Mobile Safari",
        "iOS",
    ),
    "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; Tablet PC 2.0; rv:11.0) like Gecko": ("desktop", "IE", "Windows"),
    "Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/538.1 Version/6.0 TV Safari/538.1": ("tv", None, "Tizen"),
    f"Mozilla/5.0 (Linux; Android 12; BRAVIA 4K) {CHROME} Safari/537.36": ("tv", "Chrome", "Android"),
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": ("bot", "Googlebot", None),
    "curl/8.5.0": ("bot", None, None),
    "python-requests/2.32.3": ("bot", None, None),
    "": ("", "", ""),
    "  ": ("", "", ""),
    "no such thing": ("", "", ""),
}


@pytest.mark.parametrize("agent", AGENTS)
def test_the_device_is_found_from_the_user_agent(agent: str) -> None:
    device = device_of(agent)
    for found, wanted in zip(device, AGENTS[agent], strict=True):
        assert wanted is None or found == wanted


@pytest.mark.parametrize(
    "part", ["a", " ", "Android;", "HbbTV/1.", "(", "\0", "Mozilla/5.0 (Linux; Android ", "-", "😀", "iPhone ", "bot"]
)
def test_a_hostile_user_agent_costs_little(part: str) -> None:
    device_of("warm up")
    began = time.thread_time()
    device_of((part * 1024)[:1024])
    assert time.thread_time() - began < 0.5


CONTEXTS = st.builds(
    Context,
    user_agent=st.none() | st.text(max_size=40),
    ip=st.none() | st.text(max_size=45) | st.ip_addresses().map(str),
    place=st.none() | st.text(max_size=10),
    device=st.none() | st.text(max_size=10),
    mood=st.none() | st.text(max_size=5) | st.sampled_from(LABELS),
    extra=st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.floats(-1e12, 1e12), max_size=3),
)


@given(st.integers(0, 7_258_118_400_000), st.integers(0, 7_258_118_400_000), CONTEXTS)
def test_any_context_gives_the_same_row_each_time_and_never_an_error(sent: int, arrival: int, context: Context) -> None:
    event = click(context, time=sent)
    rows = [enriched(event, arrival=arrival) for _ in range(2)]
    assert rows[0] == rows[1]
    assert rows[0].time == min(sent, arrival)
    assert 0 <= rows[0].hour < 24
    assert msgspec.json.decode(msgspec.json.encode(rows[0]), type=Enriched) == rows[0]


def test_a_number_in_a_column_is_the_same_however_it_came() -> None:
    whole, real = (
        Enricher().enrich(
            Interaction(event_id="e", time=0, user_id="u", item_id="i", context=Context(extra={"hour": hour})),
            partition=0,
            offset=0,
            arrival=0,
        )
        for hour in (2, 2.0)
    )
    assert whole.columns == real.columns == ("hour=2",)
