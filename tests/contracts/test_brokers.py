"""How Kafka is reached: what an address says, what clients are given, and that a password is told to nobody."""

import ssl
from pathlib import Path

import pytest

from contracts import settings
from contracts.brokers import brokers, named
from contracts.errors import Misconfigured

SECURED = "kafkas://stream:p%40ss@b-1.example:9096,b-2.example:9096"


def test_servers_alone_are_reached_as_they_are() -> None:
    assert brokers("a:1,b:2").options() == {"bootstrap_servers": ["a:1", "b:2"]}


def test_a_user_proves_itself_over_tls_that_checks_names() -> None:
    options = brokers(SECURED).options()
    assert options["bootstrap_servers"] == ["b-1.example:9096", "b-2.example:9096"]
    assert (options["security_protocol"], options["sasl_mechanism"]) == ("SASL_SSL", "SCRAM-SHA-512")
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("stream", "p@ss")
    assert options["ssl_context"].verify_mode is ssl.CERT_REQUIRED
    assert options["ssl_context"].check_hostname


def test_tls_goes_without_a_user() -> None:
    assert brokers("kafkas://a:1").options()["security_protocol"] == "SSL"


def test_certificates_that_can_not_be_read_are_named(tmp_path: Path) -> None:
    for content in (None, "no certificate"):
        file = tmp_path / "ca.crt"
        if content:
            file.write_text(content)
        with pytest.raises(Misconfigured, match=r"MOODSTREAM_KAFKA: no certificates can be read from .*ca\.crt"):
            brokers(f"kafkas://a:1?ssl_ca_certs={file}")


@pytest.mark.parametrize(
    "address", ["a:1", "a:1,b:2", "kafkas://a:1", SECURED, "kafkas://u:p@a:1,b:2?ssl_ca_certs=/etc/kafka/ca.crt"]
)
def test_these_are_addresses(address: str) -> None:
    assert settings.read({"MOODSTREAM_KAFKA": address}).kafka == address


@pytest.mark.parametrize(
    "address", ["u:p@a:1", "kafka://a:1", "kafkas://", "kafkas://u@a:1", "kafkas://u:p@a", "a:1?ssl_ca_certs=/ca"]
)
def test_these_are_none(address: str) -> None:
    with pytest.raises(Misconfigured, match="MOODSTREAM_KAFKA"):
        settings.read({"MOODSTREAM_KAFKA": address})


def test_a_password_is_told_to_nobody() -> None:
    assert named("a:1,b:2") == "a:1,b:2"
    assert named(SECURED) == "b-1.example:9096,b-2.example:9096"
    assert named("kafkas://u:p@a:1?ssl_ca_certs=/ca") == "a:1"
    assert "p%40ss" not in repr(settings.read({"MOODSTREAM_KAFKA": SECURED}))
