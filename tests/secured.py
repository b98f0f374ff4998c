"""A real Kafka that is reached over TLS only, by a user with a password."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from moodstream.local.home import Say
from moodstream.local.jars import cache_folder, kafka_jars
from moodstream.local.java import find_java
from moodstream.local.kafka import JVM_OPTIONS
from moodstream.local.ports import LOOPBACK, free_port
from moodstream.local.service import Service
from moodstream.local.supervisor import Supervisor
from online.reach import require_kafka

USER, PASSWORD = "moodstream", "only-in-this-test"
_PROPERTIES: Final = """\
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
controller.quorum.voters=1@{host}:{controller_port}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,CLIENTS:SASL_SSL,INSIDE:PLAINTEXT
listeners=CLIENTS://{host}:{port},CONTROLLER://{host}:{controller_port},INSIDE://{host}:{inside_port}
advertised.listeners=CLIENTS://{host}:{port},INSIDE://{host}:{inside_port}
inter.broker.listener.name=INSIDE
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.clients.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location={folder}/broker.pem
log.dirs={folder}/log
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
"""


@contextmanager
def secured_kafka(folder: Path, say: Say = print) -> Iterator[str]:
    """The address of a broker whose certificate `ssl_ca_certs` alone signed; raises `Misconfigured`, `Unavailable`."""
    port = free_port(set())
    controller_port = free_port({port})
    inside_port = free_port({port, controller_port})
    authority = _certificates(folder)
    file = folder / "server.properties"
    ports = {"port": port, "controller_port": controller_port, "inside_port": inside_port}
    file.write_text(_PROPERTIES.format(host=LOOPBACK, folder=folder, **ports))
    jars = ":".join(map(str, kafka_jars(cache_folder(), say)))
    command = (str(find_java().program), *JVM_OPTIONS, "-cp", jars)
    user = f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"
    formatting = ["format", "--cluster-id", "YAjN5HJ9Ry2ldrMN0zDzWg", "--config", str(file), "--add-scram", user]
    subprocess.run([*command, "kafka.tools.StorageTool", *formatting], check=True, capture_output=True, timeout=120)
    address = f"kafkas://{USER}:{PASSWORD}@{LOOPBACK}:{port}?ssl_ca_certs={authority}"
    with Supervisor(folder / "status.json", say) as supervisor:
        argv = (*command, "kafka.Kafka", str(file))
        ready = lambda: _listens(address)  # noqa: E731
        supervisor.start(
            Service(name="secured-kafka", argv=argv, log=folder / "log.txt", ready=ready, ready_within_s=120)
        )
        yield address


def _listens(address: str) -> bool:
    from moodstream.local.kafka import answers

    try:
        require_kafka(address, 0.5)
    except Exception:
        return False
    return answers(address)


def _certificates(folder: Path) -> Path:
    """Writes the broker's key and certificate into one file, and the certificate, its own authority, into another."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "broker.pem").write_bytes(pem + certificate)
    (folder / "authority.pem").write_bytes(certificate)
    return folder / "authority.pem"
