"""Which threads go first: whoever waits for an acknowledgement, before whoever works in the background."""

import os
import sys
import threading

_NICE = 4


def step_back() -> None:
    """
    Let this thread, and those that it begins from now on, have the processor only when others do not want it.

    Linux alone gives threads a priority of their own; elsewhere this does nothing.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
