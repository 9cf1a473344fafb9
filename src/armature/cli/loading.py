"""Loading what takes long, as ROS, plots and physics do: it is imported only where it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from armature.signals import received_signals


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Import to the end, since a library that is cut off while it loads says so in words of its own.

    Raises:
        KeyboardInterrupt: a signal came meanwhile.
    """
    with received_signals() as signals:
        yield
    if signals:
        raise KeyboardInterrupt
