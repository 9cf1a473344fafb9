"""What the monitor knows of the robot and may request of it; the web side sees nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class JointView:
    """What the page shows of one joint; None stands for a value that could not be read."""

    name: str
    age: float | None = None  # [s] since the position was read; None: never read
    position: float | None = None  # [rad] or [m]
    velocity: float | None = None  # [rad/s] or [m/s]
    effort: float | None = None  # [N·m] or [N]
    commanded: float | None = None  # [rad] or [m]
    current: float | None = None  # [A]
    load: float | None = None  # [%] of the largest torque
    temperature: float | None = None  # [°C]
    voltage: float | None = None  # [V]
    torque_enabled: bool | None = None
    hardware_error: int | None = None  # bits of the Hardware Error Status register


@dataclass(frozen=True)
class ServoInterfaceState:
    """The state that the servo interface reports, or DISCONNECTED where it is silent."""

    # STARTING, DISABLED, HOLDING, ENABLED, MOVING, PARKING, FAULT, PROTECTIVE_STOP, DISCONNECTED; or, without a
    # servo interface, CALIBRATING.
    name: str
    reason: str = ""
    age: float | None = None  # [s] since its last message; None: none was received
    values: Mapping[str, str] = field(default_factory=dict)  # torque, session, …


@dataclass(frozen=True)
class DiagnosticProblem:
    """A diagnostic status that is not OK."""

    name: str
    level: str  # WARN, ERROR or STALE
    message: str
    age: float  # [s] since it was last reported
    values: Mapping[str, str] = field(default_factory=dict)
    process: str = field(init=False)  # whose status it is
    part: str = field(init=False)  # of the process: a servo, by its joint, or a bus; empty for the whole

    def __post_init__(self) -> None:
        process, _, part = self.name.partition(": ")
        object.__setattr__(self, "process", process)
        object.__setattr__(self, "part", part)


@dataclass(frozen=True)
class Controller:
    """What the arm controller reports."""

    age: float | None = None  # [s]; None: none was received
    following_error: Mapping[str, float] = field(default_factory=dict)  # [rad] by joint


@dataclass(frozen=True)
class MotionStatus:
    """The last motion that this monitor requested, and its outcome."""

    goal: str
    outcome: str  # running, succeeded, aborted, canceled or unknown
    message: str = ""


@dataclass(frozen=True)
class Recording:
    """What the recorder reports; active is None where it is silent."""

    active: bool | None = None
    path: str = ""
    elapsed: float | None = None  # [s]; None: it began before this monitor was started
    message: str = ""
    values: Mapping[str, str] = field(default_factory=dict)  # messages, bytes, dropped, free_bytes


@dataclass(frozen=True)
class Source:
    """A topic that the monitor subscribes to."""

    topic: str
    age: float | None  # [s] since the last message; None: none was received
    alive: bool


@dataclass(frozen=True)
class Snapshot:
    """Everything that the page shows, at one moment."""

    state: ServoInterfaceState
    joints: tuple[JointView, ...] = ()
    protective_stop: bool | None = None
    faults: tuple[DiagnosticProblem, ...] = ()
    controller: Controller = Controller()
    motion: MotionStatus | None = None
    recording: Recording = Recording()
    sources: tuple[Source, ...] = ()
    time: float | None = None  # monotonic, of this moment [s]


@dataclass(frozen=True)
class CommandResult:
    """The robot's answer to a command."""

    accepted: bool
    message: str


class Gateway(Protocol):
    """The robot, as the web side may use it. Every method may be called from any thread.

    A command waits for the robot's own answer, and raises ProcessError where none comes in time.
    """

    def snapshot(self) -> Snapshot:
        """The newest values."""

    def protective_stop(self, engage: bool) -> CommandResult:
        """Stop every joint within its limits and latch the stop, or release it."""

    def enable(self, on: bool) -> CommandResult:
        """Torque on at the measured position, or park and torque off."""

    def stop_motion(self) -> CommandResult:
        """End the motion under way: decelerate within limits and hold; the arm stays enabled."""

    def jog(self, velocities: Mapping[str, float]) -> CommandResult:
        """Move joints at a velocity [rad/s] for one lease; zero ends it at once."""

    def move_to_pose(self, name: str) -> CommandResult:
        """Move to a named pose; returns when the goal is accepted or refused."""

    def move_gripper(self, position: float | Mapping[str, float]) -> CommandResult:
        """Move the gripper; returns when the goal is accepted or refused.

        Args:
            position: [m] or [rad]; by joint where they move differently.
        """

    def record(self, on: bool) -> CommandResult:
        """Start or stop a recording."""

    def clear_faults(self) -> CommandResult:
        """Recover from the present faults."""

    def torque_off(self) -> CommandResult:
        """Cut all torque at once; the arm sinks unless something holds it."""
