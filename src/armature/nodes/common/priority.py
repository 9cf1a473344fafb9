"""Priority and memory of processes with deadlines, as far as the machine permits."""

from __future__ import annotations

import ctypes
import gc
import os
import time

# Any real-time priority precedes all ordinary processes; this is far below the kernel's own threads (50).
_PRIORITY = 10
# Of processes that send motions to the bus; it precedes ordinary processes (0) without starving them.
_NICE = -10
# mlock(2): what is mapped now and later, each page from its first use on, so that only what is used is locked.
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4


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


def raise_priority() -> bool:
    """Ask for precedence of this process over ordinary ones, such as a recorder or a page's server.

    Returns:
        Whether it was permitted (as root, or with a nice limit for the user, see limits.conf(5)).
    """
    try:
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)
    except PermissionError:
        return False
    return True


def lock_memory() -> str:
    """Keep this process's memory from being swapped out, which would stall it for many cycles.

    Returns:
        Why it was not permitted (it is as root, or with a memlock limit for the user); empty where it was.
    """
    library = ctypes.CDLL(None, use_errno=True)
    if library.mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT) == 0:
        return ""
    return os.strerror(ctypes.get_errno())


def freeze_gc() -> None:
    """Exempt all present objects from garbage collection, which would scan them for many milliseconds."""
    gc.collect()
    gc.freeze()
    gc.enable()  # the package has turned it off for the start


def disable_gc() -> None:
    """Turn automatic garbage collection off, and exempt all present objects from it.

    Later ones are collected by `collect_garbage` alone, at a moment that suits.
    """
    freeze_gc()
    gc.disable()


def collect_garbage() -> float:
    """Collect garbage; after `disable_gc` that takes some 0.1 ms. Returns how long it took [s]."""
    begun = time.perf_counter()
    gc.collect()
    return time.perf_counter() - begun
