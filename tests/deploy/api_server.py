"""A real API server of Kubernetes with its etcd, and nothing behind it: it takes and refuses objects, and runs none.

`K8S_API` names a folder with `kube-apiserver`, `etcd` and `crds/*.yaml`: deploy/k8s/schemas/README.md makes it.
"""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from moodstream.local.ports import LOOPBACK, free_port

FOLDER: Final = Path(os.environ.get("K8S_API", "/nowhere"))
needs_api_server: Final = pytest.mark.skipif(
    not (FOLDER / "kube-apiserver").exists(), reason="needs K8S_API, a folder with kube-apiserver, etcd and CRDs"
)
_TOKEN: Final = "only-in-this-test"  # noqa: S105 - no secret


class Cluster:
    """An API server that answers, asked by kubectl."""

    def __init__(self, address: str, folder: Path) -> None:
        self._file = folder / "kubeconfig"
        self._file.write_text(json.dumps(_config(address)))

    def kubectl(self, *words: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        """Run kubectl; what it says is in the answer, also where it fails."""
        command = ["kubectl", "--kubeconfig", str(self._file), *words]
        return subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=120)


@contextmanager
def api_server(folder: Path) -> Iterator[Cluster]:
    """One with all CRDs in it."""
    etcd = free_port(set())
    peers = free_port({etcd})
    port = free_port({etcd, peers})
    key = _key(folder)
    (folder / "tokens").write_text(f'{_TOKEN},admin,admin,"system:masters"\n')
    store = f"http://{LOOPBACK}:{etcd}"
    among = f"http://{LOOPBACK}:{peers}"
    commands = [
        [
            str(FOLDER / "etcd"),
            f"--data-dir={folder / 'etcd'}",
            f"--listen-client-urls={store}",
            f"--advertise-client-urls={store}",
            f"--listen-peer-urls={among}",
            f"--initial-advertise-peer-urls={among}",
            f"--initial-cluster=default={among}",
            "--unsafe-no-fsync",
        ],
        [
            str(FOLDER / "kube-apiserver"),
            f"--etcd-servers={store}",
            f"--bind-address={LOOPBACK}",
            f"--secure-port={port}",
            f"--cert-dir={folder}",
            "--service-cluster-ip-range=10.96.0.0/16",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            f"--service-account-issuer=https://{LOOPBACK}",
            f"--token-auth-file={folder / 'tokens'}",
            "--authorization-mode=RBAC",
        ],
    ]
    with (folder / "log").open("wb") as log:
        running = [subprocess.Popen(command, stdout=log, stderr=log) for command in commands]
        try:
            cluster = Cluster(f"https://{LOOPBACK}:{port}", folder)
            _until_ready(cluster, folder / "log")
            _take_in(cluster)
            yield cluster
        finally:
            for one in reversed(running):
                one.terminate()
                one.wait(60)


def _until_ready(cluster: Cluster, log: Path) -> None:
    deadline = time.monotonic() + 120
    while cluster.kubectl("get", "--raw", "/readyz").returncode:
        assert time.monotonic() < deadline, log.read_text()[-4000:]
        time.sleep(0.5)


def _take_in(cluster: Cluster) -> None:
    made = cluster.kubectl("apply", "--server-side", "-f", str(FOLDER / "crds"))
    assert made.returncode == 0, made.stderr
    known = cluster.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
    assert known.returncode == 0, known.stderr


def _config(address: str) -> dict[str, object]:
    cluster = {"name": "one", "cluster": {"server": address, "insecure-skip-tls-verify": True}}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [cluster],
        "users": [{"name": "one", "user": {"token": _TOKEN}}],
        "contexts": [{"name": "one", "context": {"cluster": "one", "user": "one"}}],
        "current-context": "one",
    }


def _key(folder: Path) -> Path:
    file = folder / "accounts.key"
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kind = serialization.PrivateFormat.TraditionalOpenSSL
    file.write_bytes(key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()))
    return file
