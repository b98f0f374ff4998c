"""IP address to country, city and time zone, by a MaxMind City or Country database where one is given."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import maxminddb

from contracts.errors import Misconfigured

_KINDS: Final = ("city", "country", "enterprise")


class Place(NamedTuple):
    """Where an address is; empty where the database doesn't say."""

    country: str
    """ISO 3166-1 alpha-2."""
    city: str
    """Its English name."""
    zone: str
    """IANA time zone."""


NOWHERE: Final = Place("", "", "")


class Places:
    """A database of places, or none: then every address is nowhere."""

    def __init__(self, database: Path | None) -> None:
        """Raises `Misconfigured` where the file is missing, damaged or holds no places."""
        self._reader = None if database is None else _opened(database)
        self._known = lru_cache(maxsize=1 << 14)(self._looked_up)

    def place_of(self, ip: str | None) -> Place:
        """Where this address is; nowhere for one that is no address or that nobody knows."""
        return self._known(ip) if ip and self._reader is not None else NOWHERE

    def _looked_up(self, ip: str) -> Place:
        try:
            address = ip_address(ip.strip())
            if isinstance(address, IPv6Address) and address.ipv4_mapped:
                address = address.ipv4_mapped
            record = self._reader.get(address) if self._reader else None
        except (ValueError, maxminddb.InvalidDatabaseError):
            return NOWHERE
        return _place_in(record)


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo | None:
    """The time zone of this name, if this machine knows it."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        return None


def _opened(database: Path) -> maxminddb.Reader:
    advice = "give a MaxMind City or Country database (.mmdb) in MOODSTREAM_GEOIP, or none"
    try:
        reader = maxminddb.open_database(database)
        kind = reader.metadata().database_type
    except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
        reason = " ".join(str(error).split())
        raise Misconfigured(f"the database of places {database} can't be read ({reason}): {advice}") from error
    if not any(name in kind.lower() for name in _KINDS):
        reader.close()
        raise Misconfigured(f"{database} is a {kind} database, which holds no places: {advice}")
    return reader


def _place_in(record: Any) -> Place:
    country = _text_at(record, "country", "iso_code") or _text_at(record, "registered_country", "iso_code")
    return Place(country, _text_at(record, "city", "names", "en"), _text_at(record, "location", "time_zone"))


def _text_at(record: Any, *path: str) -> str:
    """The text at this path of a record, or "" where there is none."""
    for name in path:
        record = record.get(name) if isinstance(record, dict) else None
    return record if isinstance(record, str) else ""
