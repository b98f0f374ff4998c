"""How Kafka is reached: `host:port,…` as it is, `kafkas://user:password@host:port,…` over TLS and by SCRAM-SHA-512."""

import ssl
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from contracts.errors import Misconfigured

_SERVERS: Final = r"[^\s/@?,]+:\d+(,[^\s/@?,]+:\d+)*"
PATTERN: Final = rf"^({_SERVERS}|kafkas://([^:@/\s]+:[^:@/\s]+@)?{_SERVERS}(\?ssl_ca_certs=[^\s&]+)?)$"
"""What an address looks like; user and password may be percent-encoded, `ssl_ca_certs` is a file, as in Redis' URLs."""
MECHANISM: Final = "SCRAM-SHA-512"
"""How a user proves itself; both Strimzi and Amazon MSK take it."""


class Brokers(NamedTuple):
    """An address, taken apart."""

    servers: list[str]
    user: str = ""
    password: str = ""
    tls: ssl.SSLContext | None = None
    """Checks the brokers' certificates and names; None: no TLS."""

    def options(self) -> dict[str, Any]:
        """The arguments by which clients of kafka-python and aiokafka reach them."""
        if not self.tls:
            return {"bootstrap_servers": self.servers}
        options = {"bootstrap_servers": self.servers, "ssl_context": self.tls}
        if not self.user:
            return {**options, "security_protocol": "SSL"}
        return {
            **options,
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": MECHANISM,
            "sasl_plain_username": self.user,
            "sasl_plain_password": self.password,
        }


def brokers(address: str) -> Brokers:
    """Take an address apart; raises `Misconfigured` where its file of certificates can't be read."""
    if not address.startswith("kafkas://"):
        return Brokers(address.split(","))
    parts = urlsplit(address)
    given, _, servers = parts.netloc.rpartition("@")
    user, _, password = given.partition(":")
    file = parse_qs(parts.query).get("ssl_ca_certs", [None])[0]
    try:
        tls = ssl.create_default_context(cafile=file)
    except OSError as error:  # ssl's errors are OSErrors too
        raise Misconfigured(f"MOODSTREAM_KAFKA: no certificates can be read from {file}: {error}") from error
    return Brokers(servers.split(","), unquote(user), unquote(password), tls)


def named(address: str) -> str:
    """The servers alone, for messages: a password is told to nobody."""
    return address.removeprefix("kafkas://").partition("?")[0].rpartition("@")[2]
