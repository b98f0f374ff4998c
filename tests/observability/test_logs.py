"""What processes log: one object a line, a request's id from HTTP to the stream, and nothing personal."""

import logging
import sys

import httpx
import msgspec
import pytest

from contracts.errors import InvalidEvent, StoreUnavailable
from contracts.logs import Human, Json
from contracts.request import HTTP_HEADER, request_of, sane
from tests.observability.conftest import Observed
from tests.observability.load import PERSONAL, REQUEST


@pytest.mark.parametrize("verb", ["serve", "stream"])
def test_every_line_is_one_object_and_says_when_how_bad_who_and_what(observed: Observed, verb: str) -> None:
    lines = observed.log(verb)
    assert len(lines) > 20
    for line in lines:
        assert line.keys() - {"request_id", "error"} == {"time", "level", "logger", "message"}
        assert line["level"] in ("debug", "info", "warning", "error", "critical")


@pytest.mark.parametrize("verb", ["serve", "stream"])
def test_no_log_has_anything_personal_even_at_debug_level(observed: Observed, verb: str) -> None:
    text = (observed.loop.settings.home / f"{verb}.log").read_text()
    assert not [word for word in PERSONAL if word in text]
    assert not [
        user for user in ("u1", "u2", "known") if f'"{user}"' in text or f" {user} " in text or f"/{user}" in text
    ]


def test_a_request_s_id_leads_from_the_api_s_log_to_the_stream_s(observed: Observed) -> None:
    (asked,) = [line for line in observed.log("serve") if line.get("request_id") == REQUEST]
    assert "POST /v1/events answered with 202" in asked["message"]
    refused = [line for line in observed.log("stream") if line.get("request_id") == REQUEST]
    assert any("set aside as a dead letter" in line["message"] and line["level"] == "warning" for line in refused)
    learned = [line for line in observed.log("stream") if line["message"].startswith("applied: partition 0 offset")]
    posted = {
        line["request_id"]
        for line in observed.log("serve")
        if line["message"].startswith(("POST /v1/events", "DELETE"))
    }
    assert {line["request_id"] for line in learned if "request_id" in line} <= posted
    assert len(learned) > 300
    assert any(line.get("request_id") == "straight-into-kafka" for line in observed.log("stream"))


def test_an_answer_has_the_request_s_id_and_one_that_logs_can_t_bear_is_replaced(observed: Observed) -> None:
    with httpx.Client(base_url=observed.loop.client.address, trust_env=False) as http:
        assert http.get("/health/live", headers={HTTP_HEADER: "mine-1"}).headers[HTTP_HEADER] == "mine-1"
        assert http.get("/nope", headers={HTTP_HEADER: "mine-2"}).headers[HTTP_HEADER] == "mine-2"
        for given in ("", "eve@example.com", "a b", "x" * 65, "é"):
            made = http.get("/health/live", headers={HTTP_HEADER.encode(): given.encode()}).headers[HTTP_HEADER]
            assert made != given
            assert sane(made) == made


def test_a_header_of_kafka_that_logs_can_t_bear_is_none() -> None:
    assert request_of([("other", b"1"), ("request-id", b"abc")]) == "abc"
    for value in (b"", b"eve@example.com", b"\xff\xfe", b"a\nb", b"x" * 65, None):
        assert request_of([("request-id", value)]) == ""


def test_of_an_error_that_nobody_raised_on_purpose_only_class_and_place_are_told() -> None:
    told = _told(KeyError("eve@example.com"))
    assert told["error"][-1] == "KeyError"
    assert told["error"][0].endswith("in _told")
    assert "eve@" not in str(told)
    assert _told(InvalidEvent("nobody knows the mood 'Rosebud-47'"))["error"][-1] == "InvalidEvent"
    assert _told(StoreUnavailable("Redis does not answer"))["error"][-1] == "StoreUnavailable: Redis does not answer"


def test_a_person_reads_lines() -> None:
    record = logging.LogRecord("moodstream.stream", logging.WARNING, __file__, 1, "it is %s", ("late",), None)
    record.created, record.request_id = 0.0, "r1"
    assert Human().format(record) == "1970-01-01T00:00:00.000Z WARNING moodstream.stream: it is late (request r1)"


def _told(error: Exception) -> dict[str, list[str]]:
    try:
        raise error
    except Exception:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "it failed", (), sys.exc_info())
    told: dict[str, list[str]] = msgspec.json.decode(Json().format(record))
    return told
