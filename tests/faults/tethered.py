"""Imported by the process that forks the workers, and by nobody else: from then on it dies with the harness."""

import ctypes
import signal
from typing import Final

_PR_SET_PDEATHSIG: Final = 1

ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
