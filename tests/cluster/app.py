"""A user's app, in a namespace of its own: it asks through the Service, as no way through to one pod would."""

import json
import time
from collections.abc import Callable
from typing import Final

from tests.cluster.up import NAMESPACE, TOKEN, Cluster

_SPACE: Final = "moodstream-app"
APP: Final = Cluster(_SPACE)
_ASK = f"""
import http.client, json, sys, time
until, codes = time.monotonic() + float(sys.argv[1]), {{}}
while time.monotonic() < until:
    try:
        way = http.client.HTTPConnection("serving.{NAMESPACE}", 8080, timeout=5)
        way.request("GET", "/v1/recommendations?user_id=uu1&n=5", headers={{"Authorization": "Bearer {TOKEN}"}})
        answer = way.getresponse()
        code = str(answer.status) if json.load(answer).get("items") else f"{{answer.status}}, nothing"
    except (OSError, ValueError, http.client.HTTPException) as error:
        code = type(error).__name__
    codes[code] = codes.get(code, 0) + 1
    time.sleep(0.02)
print(json.dumps(codes))
"""
"""A new connection for each request, as each goes to any of the pods then."""
_POD: Final = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "app"},
    "spec": {
        "containers": [
            {
                "name": "app",
                "image": "moodstream-serving:local",
                "command": ["sleep", "infinity"],
            }
        ]
    },
}
_FROM_APP: Final = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "from-app"},
    "spec": {
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "serving"}},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": _SPACE}}}]}],
    },
}
"""As an Ingress controller's namespace is let in."""


def bring_in(cluster: Cluster) -> None:
    """The app's pod, and the policy that lets it in."""
    cluster("create", "namespace", _SPACE)
    cluster.apply(_FROM_APP)
    APP.apply(_POD)
    APP("wait", "--for=condition=Ready", "pod/app", "--timeout=120s")


def take_out(cluster: Cluster) -> None:
    """All of it, if it was there."""
    cluster.run("delete", "namespace", _SPACE, "--ignore-not-found")


def asked_while(seconds: int, happens: Callable[[], object]) -> dict[str, int]:
    """What an app was answered, by status, while this happened."""
    with APP.start("exec", "app", "--", "python", "-c", _ASK, str(seconds)) as app:
        time.sleep(3)
        happens()
        told, _ = app.communicate(timeout=seconds + 60)
    codes: dict[str, int] = json.loads(told)
    print(codes)  # noqa: T201
    return codes
