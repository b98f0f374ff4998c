"""Times as the command line takes and gives them: ISO 8601, UTC where no zone is said."""

from datetime import UTC, datetime

from contracts.moment import utc_ms


def moment(said: str) -> int:
    """UTC milliseconds; raises `Misconfigured` for what is no time."""
    return utc_ms(said, f"{said!r} is no time: use 2026-11-01, 2026-11-01T12:30 or 2026-11-01T12:30+01:00")


def said(time: int) -> str:
    """To the second, UTC."""
    return datetime.fromtimestamp(time / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def span(first: int, last: int) -> str:
    """From one to the other, where there is any."""
    return f"{said(first)} to {said(last)}" if last else "no time that is scored"
