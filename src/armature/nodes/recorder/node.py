"""The recorder: /recorder/start, /recorder/stop, /recorder/snapshot; see armature.recording."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node

from armature.environment import ros_distro
from armature.errors import ArmatureError, RecordingError
from armature.nodes.common import topics
from armature.nodes.common.answers import run_guarded
from armature.nodes.common.conversions import diagnostic
from armature.nodes.common.parameters.parameters import read, refuse_unknown
from armature.nodes.recorder.parameters import FOLDER, Settings
from armature.nodes.recorder.subscriptions import RawSubscriptions
from armature.recording.bag.recover import finish_bag, unfinished_bags
from armature.recording.recorder.limits import RecorderLimits
from armature.recording.recorder.recorder import Recorder
from armature.recording.recorder.session import Session

_DRAIN_PERIOD = 0.1  # [s]
_FLUSH_PERIOD = 1.0  # [s]
_REPORT_PERIOD = 0.5  # [s]; the monitor takes the recorder for silent after three of them


class _WriterThread(Thread):
    """Writes a session's messages, so that a slow disk does not delay the executor."""

    def __init__(self, session: Session) -> None:
        super().__init__(name="bag writer")
        self._session = session
        self._end = Event()
        self.start()

    def run(self) -> None:
        due = time.monotonic() + _FLUSH_PERIOD
        while not self._end.wait(_DRAIN_PERIOD):
            self._session.drain()
            if time.monotonic() >= due:
                self._session.flush()
                due = time.monotonic() + _FLUSH_PERIOD
        self._session.close()

    def stop(self) -> None:
        """End the thread; returns when the bag is closed."""
        self._end.set()
        self.join()


class RecorderNode(Node):
    """Owns the recorder, its subscriptions and the thread that writes the bag."""

    def __init__(self, **options: Any) -> None:
        super().__init__("recorder", **options)
        self._writer: _WriterThread | None = None
        self._recovery: Thread | None = None
        # Each arm's bags beside those of others.
        settings = read(self, Settings, folder=FOLDER + self.get_namespace().rstrip("/"))
        limits = read(self, RecorderLimits)
        refuse_unknown(self)
        root = Path(settings.folder).expanduser()
        self._recorder = Recorder(root, limits, ros_distro(os.environ), os.getppid())
        self._failure = ""
        self._gap = ""  # what is missing before the present recording
        self._topics = RawSubscriptions(self, settings.topics, self._recorder)
        self._diagnostics = topics.publisher(self, topics.DIAGNOSTICS)
        for service, answer in (
            (topics.RECORDER_START, self._start),
            (topics.RECORDER_STOP, self._stop),
            (topics.RECORDER_SNAPSHOT, self._snapshot),
        ):
            self.create_service(service.kind, service.name, _service_callback(answer))
        self.create_timer(1.0, self._check_each_second)
        self.create_timer(_REPORT_PERIOD, self._report)
        self._resume_interrupted()
        self._recovery = Thread(target=self._recover_bags, name="bag recovery", daemon=True)
        self._recovery.start()

    def destroy_node(self) -> None:
        """Close the bag, then end."""
        if self._writer is not None:
            self._end(self._recorder.mark_interrupted)
        if self._recovery is not None:
            self._recovery.join(timeout=10.0)  # an unfinished recovery is repeated at the next start
        super().destroy_node()

    def _start(self) -> str:
        session = self._recorder.begin(time.time_ns())
        self._failure = self._gap = ""
        self._writer = _WriterThread(session)
        return str(session.bag)

    def _resume_interrupted(self) -> None:
        """Resume a recording that an earlier recorder did not finish, in a new bag."""
        now = time.time_ns()
        try:
            interrupted = self._recorder.find_interrupted()
            if interrupted is None:
                return
            self._writer = _WriterThread(self._recorder.begin(now, continues=interrupted.bag.name))
        except RecordingError as error:
            self._failure = f"the interrupted recording cannot be resumed: {error}"
            self.get_logger().error(self._failure)
            return
        seconds = (now - interrupted.end) * 1e-9
        span = f"{_time_of_day(interrupted.end)} to {_time_of_day(now)} UTC ({seconds:.1f} s)"
        self._gap = f"nothing was recorded from {span}, without a recorder; before that: {interrupted.bag}"
        self.get_logger().warning(f"recording resumed: {self._gap}")

    def _stop(self) -> str:
        session = self._end(self._recorder.mark_stopped)
        if self._failure:
            why = f"the recording ended early: {session.failure}" if session.failure else self._failure
            raise RecordingError(str(session.bag), why)
        return str(session.bag)

    def _end(self, mark: Callable[[Session], None], why: str = "") -> Session:
        """End the active recording, and mark on disk whether the next recorder resumes it.

        Args:
            mark: the recorder's `mark_stopped` or `mark_interrupted`.
            why: what made it fail, or "".
        """
        session = self._recorder.end()
        if self._writer is not None:
            self._writer.stop()
            self._writer = None
        self._failure, self._gap = why or session.failure, ""
        try:
            mark(session)
        except RecordingError as error:
            self._failure = self._failure or str(error)
        if self._failure:
            self.get_logger().error(f"recording stopped: {self._failure}")
        return session

    def _snapshot(self) -> str:
        return str(self._recorder.snapshot(time.time_ns()))

    def _recover_bags(self) -> None:
        for bag in unfinished_bags(self._recorder.root):
            try:
                done = run_guarded(partial(finish_bag, bag))
                self.get_logger().warning(f"recovered {bag}, whose recorder died: {done.messages} messages")
            except ArmatureError as error:
                self.get_logger().error(str(error))

    def _check_each_second(self) -> None:
        self._topics.update()
        if self._recorder.session is not None:
            self._check_recording(self._recorder.session)

    def _check_recording(self, session: Session) -> None:
        """End a recording that failed, or that leaves too little space on the disk."""
        try:
            self._recorder.check_space()
            why = session.failure
        except RecordingError as error:
            why = str(error)
        if why:
            self._end(self._recorder.mark_stopped, why)

    def _report(self) -> None:
        message = DiagnosticArray(status=[self._status()])
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(message)

    def _status(self) -> DiagnosticStatus:
        session = self._recorder.session
        values: dict[str, object] = {"folder": self._recorder.root, "free_bytes": self._free_bytes()}
        level, text = DiagnosticStatus.OK, "idle"
        if session is not None:
            progress = session.progress()
            values |= {"path": progress.bag, "messages": progress.messages, "bytes": progress.bytes}
            values |= {"dropped": progress.dropped}
            level = DiagnosticStatus.WARN if progress.dropped or self._gap else level
            text = f"recording resumed: {self._gap}" if self._gap else "recording"
        if self._failure:
            level, text = DiagnosticStatus.ERROR, f"failed: {self._failure}"
        return diagnostic("recorder", level, text, values)

    def _free_bytes(self) -> int | str:
        try:
            return self._recorder.free_space()
        except RecordingError:  # reported when a recording is started
            return "unknown"


def _time_of_day(nanoseconds: int) -> str:
    """The time of day in UTC; the bag's name has the date."""
    return f"{datetime.fromtimestamp(nanoseconds * 1e-9, timezone.utc):%H:%M:%S.%f}"[:-3]


def _service_callback(handler: Callable[[], str]) -> Callable[[Any, Any], Any]:
    def answer(_request: Any, response: Any) -> Any:
        try:
            response.message, response.success = handler(), True
        except ArmatureError as error:
            response.message, response.success = str(error), False
        return response

    return answer
