"""Times as people write and read them: ISO 8601, UTC where no zone is said."""

from datetime import UTC, datetime

from contracts.errors import Misconfigured


def utc_ms(said: str, otherwise: str) -> int:
    """Of a time; raises `Misconfigured` in these words for what is none."""
    try:
        found = datetime.fromisoformat(said.strip())
    except ValueError:
        raise Misconfigured(otherwise) from None
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


def to_the_minute(time: int) -> str:
    """Of UTC milliseconds."""
    return f"{datetime.fromtimestamp(time / 1000, UTC):%Y-%m-%d %H:%M}"


def to_the_second(time: int) -> str:
    """Of UTC milliseconds."""
    return f"{datetime.fromtimestamp(time / 1000, UTC):%Y-%m-%d %H:%M:%S}"
