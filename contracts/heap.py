"""Python's search for cycles, told what a process that runs for long knows of itself."""

import gc
from typing import Final

_NEW: Final = 20_000
"""Objects after which new ones are searched. Python's own 700 are a micro-batch's, all of them still in use."""


def settle() -> None:
    """What there is by now stays: it's never searched again, and what comes is searched less often.

    Call it once, when all is loaded. A search of everything holds up all else for some 50 ms.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW, *gc.get_threshold()[1:])
