"""The one thread in which all arms of a program call rclpy."""

from __future__ import annotations

import atexit
import os
import threading
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import rclpy
from rclpy.experimental import EventsExecutor
from rclpy.signals import SignalHandlerOptions

from armature.environment import discovery_environment
from armature.errors import ArmatureError, ConfigError, ProcessError
from armature.nodes.common.answers import run_guarded
from armature.share import dds_profile

# EventsExecutor.spin() never returns in the PyPI wheels, so it is driven by finite waits.
_SPIN_TIMEOUT = 0.2  # [s]
_LAST_DOMAIN = 232  # its ports are the last ones (DDSI-RTPS, "Port Number Expressions")
_END_TIMEOUT = 5.0  # of the thread [s]


class Spinning:
    """rclpy's context and executor, and the thread that runs them; nothing of rclpy is interrupted by a signal."""

    def __init__(self) -> None:
        """Begins with `begin`."""
        self.context: Any = rclpy.Context()
        self.executor: Any = None
        self._begun: Future[None] = Future()
        self._is_ending = False
        self._thread = threading.Thread(target=self._run, name="armature", daemon=True)

    def begin(self) -> None:
        """Start the thread.

        Raises:
            ConfigError: ROS_DOMAIN_ID is none.
            ProcessError: ROS does not start.
        """
        domain = os.environ.get("ROS_DOMAIN_ID", "0") or "0"
        if not domain.isdecimal() or int(domain) > _LAST_DOMAIN:  # DDS would end the program
            raise ConfigError("ROS_DOMAIN_ID", domain, f"give the graph's, from 0 to {_LAST_DOMAIN}")
        os.environ.update(discovery_environment(os.environ, dds_profile()))
        self._thread.start()
        self._begun.result()

    def end(self) -> None:
        """End the thread, and rclpy."""
        self._is_ending = True
        if self.executor is not None:
            self.executor.create_task(lambda: None)  # which ends its wait
        if self._thread.is_alive():
            self._thread.join(_END_TIMEOUT)

    def _run(self) -> None:
        try:
            rclpy.init(args=[], context=self.context, signal_handler_options=SignalHandlerOptions.NO)
        except RuntimeError as error:  # rcl's own
            remedy = "check ROS_DOMAIN_ID, and the profile of DDS if you have set one"
            self._begun.set_exception(ProcessError("ROS", str(error).partition(", at ")[0], remedy))
            return
        executor = EventsExecutor(context=self.context)
        self.executor = executor
        self._begun.set_result(None)
        while self.context.ok() and not self._is_ending:
            with suppress(ArmatureError):  # a callback's error, which is printed: the others go on
                run_guarded(lambda: executor.spin_once(timeout_sec=_SPIN_TIMEOUT))
        executor.shutdown(0)
        self.context.try_shutdown()


_lock = threading.Lock()
_shared: list[Spinning] = []  # one at most
_users: list[object] = []


def acquire(user: object) -> Spinning:
    """The thread of this program, which runs from its first user to its last.

    Raises:
        ConfigError: ROS_DOMAIN_ID is none.
        ProcessError: ROS does not start.
    """
    with _lock:
        _users.append(user)
        if not _shared:
            _shared.append(Spinning())
            try:
                _shared[0].begin()
            except BaseException:
                end()
                raise
        return _shared[0]


def release(user: object) -> None:
    """End the thread, where nobody else uses it; whoever has released it already changes nothing."""
    with _lock:
        if user in _users:
            _users.remove(user)
        if not _users:
            end()


def end() -> None:
    """End the thread, whoever uses it."""
    while _shared:
        _shared.pop().end()


def _forget() -> None:
    """A child process has none of its parent's threads."""
    _shared.clear()
    _users.clear()


os.register_at_fork(after_in_child=_forget)
atexit.register(end)
