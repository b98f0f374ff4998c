"""Ports on loopback: chosen once, remembered, and chosen anew only when another program has taken one."""

import json
import secrets
import socket
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from contracts.errors import Misconfigured
from moodstream.local.home import Say

LOOPBACK: Final = "127.0.0.1"
_RANGE: Final = range(20_000, 32_000)
"""Below the ports that the kernel gives to outgoing connections, so that nobody gets ours by chance."""
_given: Final[set[int]] = set()
"""What this process chose: it's free until its server is up."""


def choose_ports(file: Path, names: Iterable[str], say: Say) -> dict[str, int]:
    """A free port for each name, the remembered one where it's still free; the choice is written to `file`."""
    remembered = read_ports(file)
    chosen: dict[str, int] = {}
    for name in names:
        port = remembered.get(name)
        if port is None or not is_free(port):
            taken = port
            port = free_port({*remembered.values(), *chosen.values()})
            if taken is not None:
                say(f"port {taken} of {name} is taken by another program: {port} from now on")
        chosen[name] = port
    _write(file, {**remembered, **chosen})
    return chosen


def is_free(port: int) -> bool:
    """Whether this machine's loopback lets us listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def is_open(port: int, host: str = LOOPBACK, timeout_s: float = 1.0) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection((host, port), timeout_s).close()
    except OSError:
        return False
    return True


def free_port(taken: set[int]) -> int:
    """A free port, not among `taken` and not given before. Raises `Misconfigured` when a thousand tries find none."""
    for _ in range(1000):
        port = _RANGE.start + secrets.randbelow(len(_RANGE))
        if port not in taken | _given and is_free(port):
            _given.add(port)
            return port
    raise Misconfigured(f"no free port between {_RANGE.start} and {_RANGE.stop} on {LOOPBACK}: stop what holds them")


def taken_ports(ports: dict[str, int]) -> list[str]:
    """The names of those on which somebody listens now."""
    return [name for name, port in ports.items() if not is_free(port)]


def wait_until_free(ports: dict[str, int], within_s: float) -> None:
    """Wait so long at most for those who are about to let go of them."""
    deadline = time.monotonic() + within_s
    while taken_ports(ports) and time.monotonic() < deadline:
        time.sleep(0.05)


def read_ports(file: Path) -> dict[str, int]:
    """The remembered ports by name; none when there is no such file or it's damaged."""
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return {str(name): port for name, port in found.items() if isinstance(port, int)} if isinstance(found, dict) else {}


def _write(file: Path, ports: dict[str, int]) -> None:
    new = file.with_suffix(".new")
    new.write_text(json.dumps(ports, indent=1) + "\n")
    new.replace(file)
