"""User agent to device class, browser and operating system; what a hostile string can cost is bounded."""

import re
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from ua_parser import BasicResolver, Domain, Resolver, load_builtins

Family = Literal["mobile", "desktop", "tablet", "tv", "bot", ""]

_MAX_CHARACTERS: Final = 512
"""Longest part of a user agent that is parsed; the rules' worst string of this length was seen to take 9 ms."""
_UNKNOWN: Final = "Other"

_BOT: Final = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|headless|lighthouse|phantomjs|preview|monitor|validator"
    r"|^(curl|wget|python|java|go-http|okhttp|axios|node|ruby|perl|libwww|postman|apache-httpclient)",
    re.IGNORECASE,
)
_TV: Final = re.compile(
    r"smart-?tv|hbbtv|googletv|google tv|android ?tv|appletv|apple tv|tvos|netcast|web0s|webos\.tv|crkey|roku|bravia"
    r"|\bAFT[A-Z]|viera|aquos|philipstv|opera tv|tizen.{0,40}\btv\b|playstation|xbox|nintendo",
    re.IGNORECASE,
)
_TABLET: Final = re.compile(
    r"ipad|tablet(?! pc)|playbook|kindle|silk/|\bKF[A-Z]{2,4}\b|nexus (7|9|10)\b", re.IGNORECASE
)
_MOBILE: Final = re.compile(
    r"iphone|ipod|mobi|windows phone|blackberry|bb10|opera mini|kaios|symbian|series ?[46]0|watchos|\bwear\b",
    re.IGNORECASE,
)
_ANDROID: Final = re.compile(r"android|harmonyos", re.IGNORECASE)
_DESKTOP: Final = re.compile(r"windows|macintosh|mac os x|linux|x11|cros|bsd|sunos", re.IGNORECASE)


class Device(NamedTuple):
    """What an event was sent from; empty where the user agent doesn't say."""

    family: Family
    browser: str
    os: str


NO_DEVICE: Final = Device("", "", "")


def device_of(user_agent: str | None) -> Device:
    """The device behind a user agent: never an error, remembered for the latest 16,384 of them."""
    text = (user_agent or "")[:_MAX_CHARACTERS].strip()
    return _parsed(text) if text else NO_DEVICE


@lru_cache(maxsize=1 << 14)
def _parsed(text: str) -> Device:
    found = _resolver()(text, Domain.ALL)
    browser = found.user_agent.family if found.user_agent else ""
    os = found.os.family if found.os else ""
    spider = found.device is not None and found.device.family == "Spider"
    return Device("bot" if spider else _family(text), _named(browser), _named(os))


def _family(text: str) -> Family:
    """The first class that the text fits; an Android that doesn't say "Mobile" is a tablet by Google's convention."""
    if _BOT.search(text):
        return "bot"
    if _TV.search(text):
        return "tv"
    if _TABLET.search(text):
        return "tablet"
    if _MOBILE.search(text):
        return "mobile"
    if _ANDROID.search(text):
        return "tablet"
    return "desktop" if _DESKTOP.search(text) else ""


def _named(family: str) -> str:
    return "" if family == _UNKNOWN else family


@lru_cache(maxsize=1)
def _resolver() -> Resolver:
    return BasicResolver(load_builtins())
