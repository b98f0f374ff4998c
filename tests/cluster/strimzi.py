"""What Strimzi's operator makes of the overlay's `Kafka`, where its images can't be had: one broker, under its names.

The Service, the secrets, the certificate's names, the pods' labels and the policy are those of Strimzi 0.50
(https://strimzi.io/docs/operators/0.50.0/), so that whatever stands on them is tried; Strimzi itself isn't.
"""

import base64
import datetime
import json
import secrets
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.cluster.up import Cluster
from tests.deploy.rendered import of_kind

_NAME: Final = "moodstream"
_POD: Final = f"{_NAME}-brokers-0.{_NAME}-kafka-brokers.{_NAME}.svc"
_LABELS: Final = {"strimzi.io/cluster": _NAME, "strimzi.io/kind": "Kafka", "strimzi.io/name": f"{_NAME}-kafka"}
_PROPERTIES: Final = f"""
process.roles=broker,controller
node.id=0
controller.quorum.voters=0@127.0.0.1:9090
listeners=CONTROLLER://127.0.0.1:9090,HERE://127.0.0.1:9091,TLS://0.0.0.0:9093
advertised.listeners=HERE://127.0.0.1:9091,TLS://{_POD}:9093
listener.security.protocol.map=CONTROLLER:PLAINTEXT,HERE:PLAINTEXT,TLS:SASL_SSL
controller.listener.names=CONTROLLER
inter.broker.listener.name=HERE
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.tls.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location=/config/server.pem
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
log.dirs=/var/lib/kafka/data/log
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
"""
"""Only the pod itself comes in without a password."""


def install(cluster: Cluster) -> None:
    """The kinds of Strimzi that the overlay has, without their schemas (tests/deploy holds the overlay to those)."""
    for kind in ("Kafka", "KafkaNodePool", "KafkaUser"):
        cluster.apply(_definition(kind))
    cluster("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")


def reconcile(cluster: Cluster, image: str) -> None:
    """Make what the operator would, and say so where it would."""
    key, authority = _signed("moodstream-cluster-ca", None)
    server_key, certificate = _signed(_POD, (key, authority))
    users = {one["metadata"]["name"]: one["spec"] for one in of_kind("local", "KafkaUser")}
    passwords = {user: secrets.token_urlsafe(24) for user in users}
    (kafka,) = of_kind("local", "Kafka")
    said = "".join(f"{name}={str(value).lower()}\n" for name, value in kafka["spec"]["kafka"]["config"].items())
    cluster.apply(
        _secret(f"{_NAME}-cluster-ca-cert", {"ca.crt": _pem(authority)}),
        _secret(
            "stand-in-kafka",
            {
                "server.pem": _key(server_key) + _pem(certificate),
                "server.properties": _PROPERTIES + said,
                "users": "".join(f"{user} {password}\n" for user, password in passwords.items()),
                "rules.json": json.dumps({user: spec["authorization"]["acls"] for user, spec in users.items()}),
            },
        ),
        *(_secret(f"kafka-{user}", {"password": password}) for user, password in passwords.items()),
        _service(f"{_NAME}-kafka-bootstrap", {}),
        _service(f"{_NAME}-kafka-brokers", {"clusterIP": "None", "publishNotReadyAddresses": True}),
        _policy(kafka["spec"]["kafka"]["listeners"][0]["networkPolicyPeers"]),
        _brokers(image),
    )
    cluster("-n", _NAME, "rollout", "status", f"statefulset/{_NAME}-brokers", "--timeout=300s")
    ready = json.dumps({"status": {"conditions": [{"type": "Ready", "status": "True"}]}})
    cluster("-n", _NAME, "patch", f"kafka/{_NAME}", "--subresource=status", "--type=merge", "--patch", ready)


def _definition(kind: str) -> dict[str, Any]:
    plural = f"{kind.lower()}s"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": schema},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.kafka.strimzi.io"},
        "spec": {
            "group": "kafka.strimzi.io",
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [version],
        },
    }


def _secret(name: str, data: dict[str, str]) -> dict[str, Any]:
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": _named(name), "data": encoded}


def _named(name: str) -> dict[str, Any]:
    return {"name": name, "namespace": _NAME, "labels": _LABELS}


def _service(name: str, more: dict[str, Any]) -> dict[str, Any]:
    spec = {"selector": _LABELS, "ports": [{"name": "tcp-tls", "port": 9093}], **more}
    return {"apiVersion": "v1", "kind": "Service", "metadata": _named(name), "spec": spec}


def _policy(peers: list[Any]) -> dict[str, Any]:
    spec = {
        "podSelector": {"matchLabels": _LABELS},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": peers, "ports": [{"port": 9093}]}],
    }
    metadata = _named(f"{_NAME}-network-policy-kafka")
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def _brokers(image: str) -> dict[str, Any]:
    container = {
        "name": "kafka",
        "image": image,
        "resources": {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
        "readinessProbe": {"exec": {"command": ["test", "-f", "/run-here/ready"]}, "periodSeconds": 2},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [
            {"name": "config", "mountPath": "/config"},
            {"name": "data", "mountPath": "/var/lib/kafka/data"},
            {"name": "ready", "mountPath": "/run-here"},
        ],
    }
    pod = {
        "securityContext": {"runAsNonRoot": True, "fsGroup": 1001, "seccompProfile": {"type": "RuntimeDefault"}},
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "containers": [container],
        "volumes": [{"name": "config", "secret": {"secretName": "stand-in-kafka"}}, {"name": "ready", "emptyDir": {}}],
    }
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}}
    spec = {
        "replicas": 1,
        "serviceName": f"{_NAME}-kafka-brokers",
        "selector": {"matchLabels": _LABELS},
        "template": {"metadata": {"labels": _LABELS}, "spec": pod},
        "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim}],
    }
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": _named(f"{_NAME}-brokers"), "spec": spec}


def _signed(
    name: str, by: tuple[rsa.RSAPrivateKey, x509.Certificate] | None
) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """A key, and its certificate: the authority's own, or one that it signs for the broker's names."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in" if by else name)])
    now = datetime.datetime.now(datetime.UTC)
    bootstrap = f"{_NAME}-kafka-bootstrap"
    names = [name, bootstrap, f"{bootstrap}.{_NAME}", f"{bootstrap}.{_NAME}.svc"]
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by[1].subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
    )
    if by:
        built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
    return key, built.sign(by[0] if by else key, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key(key: rsa.RSAPrivateKey) -> str:
    kind = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode()
