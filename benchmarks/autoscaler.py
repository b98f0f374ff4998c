"""The horizontal pod autoscaler's and KEDA's arithmetic, with what the manifests say: how many replicas, and when.

Kubernetes' own: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details, and
`calculateScaleUpLimitWithScalingRules` and its like in pkg/controller/podautoscaler/horizontal.go. KEDA hands its
triggers to that autoscaler; its polling interval and cooldown are for scaling from and to none, which nobody does here.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

SYNC_S: Final = 15
"""Between two looks, Kubernetes' default, and EKS's."""
TOLERANCE: Final = 0.1


class Policy(NamedTuple):
    """At most so much change in a period."""

    kind: str
    """Percent or Pods."""
    value: int
    period_s: int


class Rules(NamedTuple):
    """Of one direction; of several policies the one that allows most counts."""

    window_s: int
    policies: tuple[Policy, ...]


class Scaling(NamedTuple):
    """A ScaledObject."""

    least: int
    most: int
    up: Rules
    down: Rules
    targets: Mapping[str, float]
    """Trigger → its target: cpu as a share, all others per replica."""


def read(scaled: Mapping[str, Any]) -> Scaling:
    """What a rendered ScaledObject says."""
    spec = scaled["spec"]
    behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    targets = {}
    for one in spec["triggers"]:
        said = one["metadata"]
        each = said.get("value") or said.get("lagThreshold") or said["threshold"]
        targets[one["type"]] = float(each) / (100 if one["type"] == "cpu" else 1)
    up, down = (_rules(behavior[way]) for way in ("scaleUp", "scaleDown"))
    return Scaling(spec["minReplicaCount"], spec["maxReplicaCount"], up, down, targets)


def _rules(said: Mapping[str, Any]) -> Rules:
    policies = tuple(Policy(one["type"], one["value"], one["periodSeconds"]) for one in said["policies"])
    return Rules(said["stabilizationWindowSeconds"], policies)


@dataclass
class Autoscaler:
    """One of them, through time."""

    scaling: Scaling
    replicas: int
    recommended: list[tuple[int, int]] = field(default_factory=list)
    """(second, replicas) by the metrics alone, as long as the window asks for them."""
    changes: list[tuple[int, int]] = field(default_factory=list)
    """(second, more or fewer)."""

    def look(self, now: int, cpu: float, ready: int, total: float, trigger: str) -> int:
        """The replicas from now on: `cpu` is the share of what ready pods asked for, `total` the trigger's sum."""
        wanted = max(self._by_cpu(cpu, ready), self._by_total(total, trigger))
        wanted = min(max(wanted, self.scaling.least), self.scaling.most)
        kept = max(1, self.scaling.up.window_s, self.scaling.down.window_s)
        self.recommended = [*self.recommended, (now, wanted)]
        self.recommended = [one for one in self.recommended if one[0] > now - kept]
        decided = self._within_limits(now, self._stable(wanted, now))
        if decided != self.replicas:
            self.changes.append((now, decided - self.replicas))
            self.replicas = decided
        return self.replicas

    def _by_cpu(self, cpu: float, ready: int) -> int:
        """Pods that aren't ready count as idle where more are wanted."""
        ratio = cpu / self.scaling.targets["cpu"]
        if abs(1 - ratio) <= TOLERANCE:
            return self.replicas
        if ratio > 1 and ready < self.replicas:
            ratio = cpu * ready / self.replicas / self.scaling.targets["cpu"]
            return self.replicas if ratio <= 1 + TOLERANCE else math.ceil(ratio * self.replicas)
        return math.ceil(ratio * ready)

    def _by_total(self, total: float, trigger: str) -> int:
        each = self.scaling.targets[trigger]
        if abs(1 - total / (each * self.replicas)) <= TOLERANCE:
            return self.replicas
        return math.ceil(total / each)

    def _stable(self, wanted: int, now: int) -> int:
        """Up to the least, down to the most that was wanted within the direction's window."""
        up, down = self.scaling.up.window_s, self.scaling.down.window_s
        higher = min([wanted, *(one for at, one in self.recommended if at > now - up)])
        lower = max([wanted, *(one for at, one in self.recommended if at > now - down)])
        return min(max(self.replicas, higher), lower)

    def _within_limits(self, now: int, wanted: int) -> int:
        if wanted > self.replicas:
            limits = [self._limit(policy, now, 1) for policy in self.scaling.up.policies]
            return min(wanted, max(self.replicas, *limits))
        if wanted < self.replicas:
            limits = [self._limit(policy, now, -1) for policy in self.scaling.down.policies]
            return max(wanted, min(self.replicas, *limits))
        return wanted

    def _limit(self, policy: Policy, now: int, way: int) -> int:
        started = self.replicas - sum(by for at, by in self.changes if at > now - policy.period_s)
        if policy.kind == "Pods":
            return started + way * policy.value
        changed = started * (1 + way * policy.value / 100)
        return math.ceil(changed) if way > 0 else int(changed)


def turns(changes: Sequence[tuple[int, int]], within_s: int) -> list[tuple[int, int]]:
    """Changes that were taken back within this time: (second, by), flapping where there are any."""
    return [
        after
        for place, after in enumerate(changes)
        for before in changes[:place]
        if before[1] * after[1] < 0 and after[0] - before[0] < within_s
    ]
