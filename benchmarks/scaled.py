"""Stream workers and API replicas through a day, second by second, under what the autoscaler says of them."""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from benchmarks.autoscaler import SYNC_S, Autoscaler, Scaling
from benchmarks.day import DAY_S, NOON, Burst, load

STEP_S: Final = 5
_BEFORE_S: Final = -7_200
"""The evening before, until the replicas are what its load asks for; nothing of it is told."""
COMMIT_S: Final = 1.0
"""Between two commits of a worker (stream/app.py): what KEDA takes for lag is half as old even where none waits."""
QUIET_S: Final = 0.5
"""From arrival to being learned at four fifths of a core (docs/guarantees.md, the soak): committed no sooner either."""
POD_S: Final = 90
"""Until a new pod works, with a node that must come first: assumed, only an account can show it."""
SHARED_S: Final = 10
"""In which nobody learns when a worker comes (docs/guarantees.md: 8.4 s from one worker to three)."""
GONE_S: Final = 30
"""In which nobody learns the partitions of one that went: its lasting name keeps them so long."""
ANSWERED_S: Final = 0.5
"""MOODSTREAM_ANSWERS_WITHIN_S: what would take longer is refused."""
CPU_S: Final = 30
"""Over which metrics-server tells CPU."""
RATE_S: Final = 120
"""Over which Prometheus tells requests, `[2m]` in the trigger."""


@dataclass
class Day:
    """What was seen, a value each step."""

    scaler: Autoscaler
    load: list[float] = field(default_factory=list)
    replicas: list[int] = field(default_factory=list)
    lag: list[float] = field(default_factory=list)
    """Events that wait; of the API, requests that are refused a second."""
    latency_s: list[float] = field(default_factory=list)
    """Of the worst partition: how long an event waits; of the API its p99."""

    def note(self, load: float, lag: float, latency_s: float) -> None:
        """One more step."""
        self.load.append(load)
        self.replicas.append(self.scaler.replicas)
        self.lag.append(lag)
        self.latency_s.append(latency_s)

    @property
    def changes(self) -> list[tuple[int, int]]:
        """The day's: (second, more or fewer)."""
        return [one for one in self.scaler.changes if one[0] >= 0]

    @property
    def replica_hours(self) -> float:
        """Paid for."""
        return sum(self.replicas) * STEP_S / 3600

    def back_within_s(self, limit: float, burst: Burst = NOON) -> int:
        """From the burst's end until latency stays under the limit for the rest of the day."""
        late = [at * STEP_S for at, one in enumerate(self.latency_s) if one > limit]
        return max(0, (late[-1] if late else 0) - burst.at_s - burst.lasts_s)


def stream(scaling: Scaling, partitions: int, mean: float, us: float, per_s: float) -> Day:
    """Partitions have equal parts; the busiest worker has one more than others where they don't divide."""
    day = Day(Autoscaler(scaling, scaling.least))
    waiting, ready = np.zeros(partitions), scaling.least
    starts, held_until, gone_until = deque[int](), _BEFORE_S, _BEFORE_S
    used = deque[float](maxlen=CPU_S // STEP_S)
    for now in range(_BEFORE_S, DAY_S, STEP_S):
        while starts and starts[0] <= now:
            starts.popleft()
            ready, held_until = ready + 1, now + SHARED_S
        rate = load(now, mean)
        waiting += rate * STEP_S / partitions
        owner = np.arange(partitions) % ready
        shared_by = np.bincount(owner, minlength=ready)[owner]
        each = per_s * STEP_S / shared_by * (now >= held_until)
        if now < gone_until:  # the last one's: nobody has them yet
            each[: math.ceil(partitions / (ready + 1))] = 0
        learned = np.minimum(waiting, each)
        waiting = waiting - learned
        used.append(float(learned.sum()) * us / 1e6 / STEP_S / ready)
        if now % SYNC_S == 0:
            seen = float(waiting.sum()) + rate * (COMMIT_S / 2 + QUIET_S)
            seen = min(seen, partitions * scaling.targets["kafka"])  # allowIdleConsumers: false
            before = day.scaler.replicas
            wanted = day.scaler.look(now, sum(used) / len(used), ready, seen, "kafka")
            starts.extend([now + POD_S] * max(0, wanted - before))
            for _ in range(before - wanted):
                if starts:
                    starts.pop()
                else:
                    ready, gone_until = ready - 1, now + GONE_S
                    held_until = now  # what is left goes on
        if now >= 0:
            wait = QUIET_S + float((waiting * shared_by).max()) / per_s
            day.note(rate, float(waiting.sum()), wait)
    return day


def serving(scaling: Scaling, mean: float, ms: float) -> Day:
    """Requests over replicas of one core; latency as of a queue with exponential times, more than a core is refused."""
    day = Day(Autoscaler(scaling, scaling.least))
    ready, starts = scaling.least, deque[int]()
    used, asked = deque[float](maxlen=CPU_S // STEP_S), deque[float](maxlen=RATE_S // STEP_S)
    for now in range(_BEFORE_S, DAY_S, STEP_S):
        while starts and starts[0] <= now:
            starts.popleft()
            ready += 1
        rate = load(now, mean)
        busy = rate * ms / 1000 / ready
        used.append(min(1.0, busy))
        asked.append(rate)
        if now % SYNC_S == 0:
            before = day.scaler.replicas
            total = sum(asked) / len(asked)
            wanted = day.scaler.look(now, sum(used) / len(used), ready, total, "prometheus")
            starts.extend([now + POD_S] * max(0, wanted - before))
            for _ in range(before - wanted):
                if starts:
                    starts.pop()
                else:
                    ready -= 1
        if now >= 0:
            p99 = min(ANSWERED_S, ms / 1000 * math.log(100) / (1 - busy)) if busy < 1 else ANSWERED_S
            day.note(rate, max(0.0, rate - 1000 * ready / ms), p99)
    return day
