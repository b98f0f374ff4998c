"""Whether anybody is at Kafka's address, asked before a client is made: kafka-python leaks the sockets of its tries."""

import socket

from contracts.brokers import brokers
from contracts.errors import KafkaUnavailable


def require_kafka(bootstrap: str, within_s: float = 5.0) -> None:
    """Raise `KafkaUnavailable` unless one of the servers accepts a connection."""
    reasons = []
    for server in brokers(bootstrap).servers:
        host, _, port = server.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), within_s).close()
        except OSError as error:
            reasons.append(f"{server}: {error}")
        else:
            return
    raise KafkaUnavailable(f"Kafka does not answer ({'; '.join(reasons)}): moodstream doctor says what is wrong")
