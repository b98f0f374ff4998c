"""Runs a command that dies with its parent: python tether.py PARENT_PID COMMAND [ARGUMENT…].

Run as a script, alone: it imports nothing of the project. The kernel sends SIGKILL when the *thread* that started
this process ends (prctl(2), PR_SET_PDEATHSIG), so a lasting thread must start it. The setting survives exec; other
systems than Linux know nothing of the kind, and there the next run's sweep does the work.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the setting was made
        sys.exit(1)
    try:
        os.execvp(command[0], command)  # noqa: S606
    except OSError as error:
        sys.exit(f"{command[0]} can't be run: {error.strerror}")


if __name__ == "__main__":
    main()
