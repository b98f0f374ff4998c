"""How every process writes its log: lines for people, or one JSON object a line; never whose event it was.

An error's own words may quote what somebody sent, so of an error nobody raised on purpose the log tells its class and
where it came from. What a record said lies with its dead letter.
"""

import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from contracts.errors import InvalidEvent, MoodstreamError, StateUnreadable
from contracts.request import request_id
from contracts.settings import Settings

_OURS: Final = ("moodstream", "online", "serving", "stream")
"""Where our own loggers are; libraries say what is wrong, and at debug level what they do, never of every byte."""
_PERSONAL: Final = (InvalidEvent, StateUnreadable)
"""Errors of ours that quote what was sent."""
_FRAMES: Final = 12


def set_up(settings: Settings) -> None:
    """Have this process log to standard error as the settings say; call it once, at the entrance."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json() if settings.logs == "json" else Human())
    level = settings.log_level.upper()
    logging.basicConfig(level="INFO" if level == "DEBUG" else "WARNING", handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in _OURS:
        logging.getLogger(name).setLevel(level)
    logging.getLogger("uvicorn").setLevel("INFO")  # where it serves, and that it ends
    logging.getLogger("kafka").setLevel("WARNING")


class Human(logging.Formatter):
    """One line for a person, and a request's id at its end."""

    def format(self, record: logging.LogRecord) -> str:
        request = _request(record)
        told = [f"{_time(record)} {record.levelname:7} {record.name}: {record.getMessage()}"]
        told += [f" (request {request})"] if request else []
        told += [f"\n  {line}" for line in _error(record)]
        return "".join(told)


class Json(logging.Formatter):
    """One object a line: `time`, `level`, `logger`, `message`, and where there are such, `request_id` and `error`."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := _request(record):
            said["request_id"] = request
        if error := _error(record):
            said["error"] = error
        return msgspec.json.encode(said).decode()


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _request(record: logging.LogRecord) -> str:
    return str(getattr(record, "request_id", "") or request_id.get())


def _error(record: logging.LogRecord) -> list[str]:
    """What happened, and where, innermost last; without the words of an error that may quote what was sent."""
    found = record.exc_info[1] if record.exc_info else None
    if found is None:
        return []
    frames = traceback.extract_tb(found.__traceback__)[-_FRAMES:]
    places = [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    return [*places, worded(found)]


def worded(error: BaseException) -> str:
    """The error as a log may tell it."""
    ours = isinstance(error, MoodstreamError | OSError) and not isinstance(error, _PERSONAL)
    return f"{type(error).__name__}: {error}" if ours else type(error).__name__
