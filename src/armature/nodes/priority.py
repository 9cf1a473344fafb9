"""Real-time priority for the two processes that time matters to, where the machine permits it."""

from __future__ import annotations

import os

# Any real-time priority goes before all ordinary processes; this is far below the kernel's own threads (50).
_PRIORITY = 10


def prefer_real_time() -> bool:
    """Ask for real-time scheduling of this process.

    Returns:
        Whether it was permitted (as root, or with an rtprio limit for the user, see limits.conf(5)).
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(_PRIORITY))
    except PermissionError:
        return False
    return True
