"""Both controllers of the arm as their nodes run them, on virtual time: the graph without ROS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from armature.bench.simulation.virtual import ARM, JOINTS, WIRING, Bench
from armature.core.arrays import Array
from armature.core.control.goal import GoalMonitor, Outcome
from armature.core.control.grip import GripForceLimit, GripMonitor
from armature.core.control.group import GroupControl
from armature.core.control.group_state import GroupSettings, GroupState
from armature.core.control.tolerance import Tolerance, Tolerances, TrajectoryMonitor
from armature.core.kinematics.drive_ratings import DriveRatings
from armature.core.kinematics.mechanics import Mechanics
from armature.core.kinematics.twist_servo import TwistServo
from armature.core.planning.goal_checks import CheckSettings, GoalChecks
from armature.core.planning.moves import MoveSettings, Planner
from armature.core.planning.twist_motion import TwistMotion
from armature.core.steps import run_to_end
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.segments import LoopTime
from armature.core.trajectory.trajectory import State, Trajectory
from armature.dynamixel.motion.grip import HOLDING_SHARE, max_lead
from armature.dynamixel.tables.roles import Role
from armature.errors import ArmatureError, CommandRefused

FINGER = JOINTS[-1]
ARM_JOINTS = JOINTS[:-1]
_RENEWAL = 0.02  # of segments [s]
_PRESS_EVERY = 0.1  # of a held button [s]
_STANDING = 0.002  # [m/s]
_FINGER_ACCELERATION, _FINGER_JERK = 0.2, 2.0
_PATH, _GOAL, _GOAL_TIME = 0.2, 0.05, 1.0  # [rad], [rad], [s]


@cache
def _checks() -> GoalChecks:
    drives = {
        servo.joint: DriveRatings(
            servo.motors * servo.model.stall_torque * servo.reduction, servo.model.no_load_speed / servo.reduction
        )
        for servo in WIRING.servos
    }
    inertia = {joint: drive.rotor_inertia for joint, drive in drives.items()}
    mechanics = Mechanics(ARM, ARM_JOINTS, inertia, "tool0")
    return GoalChecks(mechanics, drives, CheckSettings())


@dataclass
class HeldButton:
    """A button that is held down: repeats its request until it is released."""

    press: Callable[[float], object]
    due: float = 0.0  # [s]


@dataclass
class Controller:
    """One group's control, and the segments that it sends."""

    control: GroupControl
    loads: Callable[[Trajectory], Array | None] = lambda _motion: None
    due: float = 0.0  # of the next segment [s]
    refused: list[str] = field(default_factory=list)  # segments that the loop did not take


class Controllers:
    """The controllers of the arm on a bench, and the requests of a client."""

    def __init__(self, bench: Bench, path: float = _PATH) -> None:
        """Args: in each of whose cycles they do their part, and the path tolerance [rad], 0 for none."""
        self._bench = bench
        self.held: HeldButton | None = None
        self.ends: list[Outcome] = []
        self.are_alive = True  # else their process is dead
        self._serial = 1_000
        self._path = path
        torques = _checks().torques
        self.arm = Controller(
            self._group(ARM_JOINTS, dict.fromkeys(ARM_JOINTS, (4.0, 40.0)), 0.05),
            lambda motion: torques.loads(motion.positions),
        )
        self.gripper = Controller(self._group((FINGER,), {FINGER: (_FINGER_ACCELERATION, _FINGER_JERK)}, 0.002))
        servo = next(servo for servo in WIRING.servos if servo.joint == FINGER)
        gain = bench.settings.registers.get(FINGER, {}).get(Role.POSITION_P_GAIN, 0)
        most = np.array([max_lead(servo, HOLDING_SHARE, gain)])
        self._squeeze = GripForceLimit(self.gripper.control.state.limits, most, _STANDING)
        self._servo = TwistServo(_checks().mechanics, self.arm.control.state.limits, "tool0")
        bench.after_cycle.append(self._run_cycle)

    def _group(
        self, joints: tuple[str, ...], bounds: Mapping[str, tuple[float, float]], start: float
    ) -> GroupControl:
        limits = GroupLimits.of(
            ARM, joints, {j: a for j, (a, _) in bounds.items()}, {j: k for j, (_, k) in bounds.items()}
        )
        count = len(joints)
        control = GroupControl(GroupState(limits, GroupSettings(np.full(count, start), np.zeros(count))))
        control.state.hooks.report_not_following = self._let_back_off
        return control

    # Requests of a client

    def follow(self, way: Mapping[str, float], seconds: float) -> None:
        """Send a goal: joints by so much [rad], in so many seconds; the others stay.

        Raises:
            ArmatureError: it is refused.
        """
        control = self.arm.control
        begin = self._setpoint()
        end = begin + np.array([way.get(joint, 0.0) for joint in ARM_JOINTS])
        rest = np.zeros((2, len(ARM_JOINTS)))
        goal = Trajectory(ARM_JOINTS, np.array([0.001, seconds]), np.array([begin, end]), rest)
        control.follow(goal, None, self._monitor(), self.ends.append, self._bench.now)

    def move(self, way: Mapping[str, float]) -> None:
        """Send a move by so much [rad]; errors as `follow`."""
        control, begin = self.arm.control, self._setpoint()
        target = {joint: float(begin[i]) + way[joint] for i, joint in enumerate(ARM_JOINTS) if joint in way}
        motion = run_to_end(Planner(_checks(), control.state.limits, MoveSettings()).joints(begin, [target]))
        control.follow(motion, None, self._monitor(), self.ends.append, self._bench.now)

    def jog(self, velocities: Mapping[str, float]) -> None:
        """Hold a jog button down [rad/s]; errors as `follow`, at its first press."""
        self.hold(lambda now: self.arm.control.jog(velocities, 0.0, now))

    def twist(self, linear: tuple[float, float, float]) -> None:
        """Hold a button for the tool's velocity down [m/s]; errors as `follow`, at its first press."""
        velocity = np.array([*linear, 0.0, 0.0, 0.0])
        limits = self.arm.control.state.limits

        def build(state: State, lease: float) -> Trajectory:
            return TwistMotion(self._servo, limits, state, velocity, in_tool=False).build(1.0, lease)

        self.hold(lambda now: self.arm.control.follow_for_lease(build, 0.0, now))

    def grip(self, position: float) -> None:
        """Send the fingers to a position [m]; errors as `follow`."""
        control, target = self.gripper.control, np.array([position])
        monitor = GripMonitor(target, 0.003, _STANDING, 0.5, allow_stalling=True)
        control.move(target, control.state.limits.velocity, monitor, self.ends.append, self._bench.now)

    def release(self) -> None:
        """Release the button."""
        self.held = None

    def hold(self, press: Callable[[float], object]) -> None:
        """Hold a button down that asks so at a time [s]."""
        press(self._bench.now)
        self.held = HeldButton(press, self._bench.now + _PRESS_EVERY)

    def _setpoint(self) -> Array:
        setpoints = self._bench.loop.state.setpoints(self._bench.now)
        return np.array([setpoints[joint].position for joint in ARM_JOINTS])

    def _monitor(self) -> GoalMonitor:
        goal = Tolerance(position=_GOAL if self._path else 0.0)
        count = len(ARM_JOINTS)
        tolerances = Tolerances((Tolerance(position=self._path),) * count, (goal,) * count, _GOAL_TIME)
        return TrajectoryMonitor(tolerances, self.arm.control.state.limits)

    # Time

    def _run_cycle(self) -> None:
        """Run the controllers' part of a cycle."""
        if not self.are_alive:
            return
        for controller in (self.arm, self.gripper):
            self.update_control(controller.control)
        self._press()
        self._limit_grip()
        for controller in (self.arm, self.gripper):
            self._send(controller)

    def update_control(self, control: GroupControl) -> None:
        """Update a control with what the servo interface publishes."""
        loop, now = self._bench.loop, self._bench.now
        control.state.note_state(
            self._bench.mode().name, loop.state.session, loop.state.why, loop.state.blocks, now
        )
        setpoints = loop.state.setpoints(now)
        places = {joint: setpoint.position for joint, setpoint in setpoints.items()}
        rests = not any(setpoints[joint].velocity for joint in control.state.limits.joints if joint in setpoints)
        control.state.note_commanded(now, places, loop.state.session, now, rests=rests)
        read = {joint: axis for joint, axis in loop.state.axes.items() if axis.ticks is not None}
        velocities = {joint: axis.velocity for joint, axis in read.items()}
        control.state.note_reading(now, {joint: axis.position for joint, axis in read.items()}, velocities, now)
        control.state.update(now)

    def _press(self) -> None:
        held = self.held
        if held is not None and self._bench.now >= held.due:
            held.due = self._bench.now + _PRESS_EVERY
            try:
                held.press(self._bench.now)
            except ArmatureError as error:
                self.arm.refused.append(str(error))

    def _limit_grip(self) -> None:
        control = self.gripper.control
        desired, measured = control.state.motion.setpoint(self._bench.now), control.state.arm.measured
        if desired is None or measured is None or control.state.arm.read_at != self._bench.now:
            return
        target = self._squeeze.set_back(self._bench.now, desired, measured)
        if target is not None:
            with suppress(ArmatureError):
                control.limit_grip(target, self._bench.now)

    def _send(self, controller: Controller) -> None:
        if self._bench.now < controller.due:
            return
        segment = controller.control.state.segment(self._bench.now)
        if segment is None:
            return
        controller.due = self._bench.now + _RENEWAL
        self._serial += 1
        sent = replace(segment, serial=self._serial, loads=controller.loads(segment.trajectory))
        try:
            self._bench.loop.follow(sent.begin_at(LoopTime(sent.begin)), self._bench.now)
        except ArmatureError as error:
            controller.refused.append(str(error))

    def _let_back_off(self, joints: tuple[str, ...]) -> None:
        with suppress(CommandRefused):  # the loop has found it first
            self._bench.loop.back_off(self.arm.control.state.arm.session, joints, self._bench.now)
