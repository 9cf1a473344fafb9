"""Imports that take long, such as ROS, plots and physics: only the command that needs them imports them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from armature.errors import SetupError
from armature.signals import received_signals


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Finish the imports before an interruption counts, since an interrupted import prints a traceback of its own.

    Raises:
        KeyboardInterrupt: a signal arrived meanwhile.
        SetupError: a package is not installed.
    """
    with received_signals() as signals:
        try:
            yield
        except ModuleNotFoundError as error:
            remedy = "install it: make setup; or source the setup file of the ROS installation"
            raise SetupError("import", str(error), remedy) from error
    if signals:
        raise KeyboardInterrupt
