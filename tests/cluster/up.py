"""A cluster that somebody has made, asked by kubectl; `make check-cluster` takes its kubeconfig from `CLUSTER`."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from moodstream.client import Client

KUBECONFIG: Final = os.environ.get("CLUSTER", "")
NAMESPACE: Final = "moodstream"
TOKEN: Final = "only-on-this-machine"  # noqa: S105 (the local overlay's, which is none)


def missing() -> str:
    """Why no cluster can be tried here; empty where one can."""
    if not shutil.which("kubectl"):
        return "there is no kubectl here"
    if not KUBECONFIG:
        return "needs CLUSTER, the kubeconfig of an empty cluster with the images loaded (docs/deploy/kubernetes.md)"
    if Cluster().run("get", "--raw", "/readyz").returncode:
        return f"no cluster answers by {KUBECONFIG}"
    there = Cluster().run("get", "namespace", NAMESPACE).returncode == 0
    return f"the cluster has a namespace {NAMESPACE} already, and this would delete it" if there else ""


class Cluster:
    """kubectl, in a namespace."""

    def __init__(self, namespace: str = NAMESPACE) -> None:
        self._kubectl = ("kubectl", "--kubeconfig", KUBECONFIG, "--namespace", namespace)

    def run(self, *words: str, given: str = "", within_s: float = 600) -> "subprocess.CompletedProcess[str]":
        """Whatever becomes of it."""
        return subprocess.run(
            [*self._kubectl, *words], input=given, capture_output=True, text=True, check=False, timeout=within_s
        )

    def __call__(self, *words: str, given: str = "", within_s: float = 600) -> str:
        """What kubectl prints; fails with what it says when it fails."""
        done = self.run(*words, given=given, within_s=within_s)
        assert done.returncode == 0, f"kubectl {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    def apply(self, *objects: dict[str, Any]) -> None:
        """Objects as they are."""
        listed = {"apiVersion": "v1", "kind": "List", "items": objects}
        self("apply", "--server-side", "-f", "-", given=json.dumps(listed))

    def get(self, *words: str) -> Any:
        """One object, or a list's items."""
        found = json.loads(self("get", *words, "--output=json"))
        return found.get("items", found)

    def inside(self, pod: str, *command: str, given: str = "") -> str:
        """What a command prints in a pod."""
        return self("exec", "--stdin", pod, "--", *command, given=given)

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Whose output is read by whoever started it."""
        return subprocess.Popen([*self._kubectl, *words], stdout=subprocess.PIPE, text=True)

    @contextmanager
    def client(self) -> Iterator[Client]:
        """Of the API, by a way through to one of the Service's pods."""
        with self.start("port-forward", "service/serving", ":8080") as way:
            try:
                assert way.stdout
                port = way.stdout.readline().split("127.0.0.1:")[1].split()[0]
                with Client(f"http://127.0.0.1:{port}", TOKEN) as client:
                    yield client
            finally:
                way.terminate()
