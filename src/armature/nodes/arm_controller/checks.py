"""Checks of goals by the arm's model before they start: their parameters, and long checks in slices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from armature.core.arrays import Array
from armature.core.control.goal import Code, End, GoalMonitor, OnEnd, Outcome, abort_outcome, refusal_outcome
from armature.core.control.group import GroupControl
from armature.core.kinematics.drive_ratings import ratings_from_urdf
from armature.core.kinematics.mechanics import Mechanics
from armature.core.model.arm import ArmModel
from armature.core.planning.goal_checks import CheckSettings, GoalCheck, GoalChecks
from armature.core.trajectory.integration import Rates
from armature.core.trajectory.trajectory import State, Trajectory
from armature.dynamixel.wiring.arm import Wiring
from armature.errors import (
    ArmatureError,
    CommandRefused,
    ConfigError,
    GoalRefused,
    InternalError,
    apart,
    listed,
    named,
)
from armature.nodes.arm_controller.action_server import ActiveGoal, Begin
from armature.nodes.arm_controller.group_node import GroupNode
from armature.nodes.common.parameters.parameters import located, read
from armature.nodes.common.parameters.wanted import within
from armature.nodes.common.robot_files import drive_ratings, with_allowed_pairs

# Samples in a slice. A goal that needs more than the first slice is checked in further ones, with time for
# set-points between them: a slice takes about 5 ms, and segments reach 200 ms ahead.
_FIRST_SLICE = 300
_SLICE = 60
_PERIOD = 0.01  # [s]
_JOIN_TIME = 0.5  # a path is joined within this time [s]


@dataclass(frozen=True)
class CheckParameters:
    """What is checked of a goal before it starts."""

    tool_frame: str = ""  # "" for tool0, or where the URDF has none, the outermost link that an arm's joint moves
    payload: float = field(default=0.0, metadata=within(0.0, 100.0, changes=True))  # at the tool [kg]
    checks__collision: bool = True  # of the arm with itself and the floor, on the whole path
    checks__torque: bool = True  # on the whole path, against what the servos can give at that speed
    checks__acceleration: bool = True  # of goals that give velocities, against limits.<joint>.acceleration
    checks__margin: float = CheckSettings.margin  # kept between parts [m]
    checks__turn: float = CheckSettings.turn  # of a joint between two checked places, at most [rad]
    checks__torque_share: float = CheckSettings.torque_share  # of what a servo can give
    checks__allowed_pairs: tuple[str, ...] = ()  # links that may touch, as "first second"; one may be floor


def make_checks(node: Node, arm: ArmModel, joints: tuple[str, ...], wiring: Wiring | None) -> GoalChecks:
    """The checks of an arm, by the node's parameters.

    Args:
        node: whose parameters they are.
        arm: the model of the URDF.
        joints: that goals move.
        wiring: its servos, whose ratings count; None for the URDF's effort limits.

    Raises:
        ConfigError: a parameter that cannot be used, or a URDF that MuJoCo cannot read.
    """
    with located(node):
        return _make_checks(read(node, CheckParameters), arm, joints, wiring)


def _make_checks(
    given: CheckParameters, arm: ArmModel, joints: tuple[str, ...], wiring: Wiring | None
) -> GoalChecks:
    settings = CheckSettings(
        given.checks__collision,
        given.checks__torque,
        given.checks__margin,
        given.checks__turn,
        given.checks__torque_share,
        given.checks__acceleration,
    )
    drives = ratings_from_urdf(arm) if wiring is None else drive_ratings(wiring)
    inertia = {joint: drive.rotor_inertia for joint, drive in drives.items()}
    tool = given.tool_frame or arm.tool
    _require_arms(arm, tool)
    arm = with_allowed_pairs(arm, given.checks__allowed_pairs)
    mechanics = Mechanics(arm, joints, inertia, tool, given.payload)
    return GoalChecks(mechanics, drives, settings)


def _require_arms(arm: ArmModel, tool: str) -> None:
    """Refuse a tool that is no frame, or that a joint of the gripper moves: the arm could not hold it still."""
    frames = [arm.root, *(joint.child for joint in arm.joints)]
    if tool not in frames:
        raise ConfigError("parameter tool_frame", tool, listed("frames", frames))
    leaders = [joint.name if joint.mimic is None else joint.mimic.joint for joint in arm.chain(tool)]
    moving = [name for name in leaders if name in arm.gripper]
    if moving:
        remedy = f"name a frame before it, or write group: arm for {moving[0]} in the wiring file"
        raise ConfigError("parameter tool_frame", tool, f"the gripper's {moving[0]} moves it; {remedy}")


class Payload:
    """Lets the parameter `payload` change while the arm rests, as after a grasp.

    Args:
        node: whose parameter it is.
        checks: of its goals; they and the loads of set-points take the new one.
    """

    def __init__(self, node: GroupNode, checks: GoalChecks) -> None:
        self._node = node
        self._checks = checks
        node.add_on_set_parameters_callback(node.guard(self._check, _unchanged))
        node.add_post_set_parameters_callback(node.guard(self._apply))

    def _check(self, changes: list[Parameter]) -> SetParametersResult:
        try:
            for change in _payloads(changes):
                self._require(change)
        except ArmatureError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _apply(self, changes: list[Parameter]) -> None:
        for mass in _payloads(changes):
            self._checks.mechanics.set_payload(mass)

    def _require(self, mass: float) -> None:
        what = f"payload of {mass:g} kg"
        if self._node.control.state.motion.is_moving(self._node.now()):
            raise CommandRefused(what, "the arm moves", "set it when the arm rests")
        measured = self._node.control.state.arm.measured
        if measured is not None and mass > self._checks.mechanics.payload and self._checks.settings.torque:
            self._require_torque(what, mass, measured.position)

    def _require_torque(self, what: str, mass: float, position: Array) -> None:
        """Refuse what the servos cannot hold where the arm is."""
        mechanics, torques = self._checks.mechanics, self._checks.torques
        before = mechanics.payload
        mechanics.set_payload(mass)
        try:
            needed = torques.loads(position[None])[0]
        finally:
            mechanics.set_payload(before)
        given = self._checks.settings.torque_share * torques.available(needed, np.zeros_like(needed))
        for joint, torque, most in zip(mechanics.joints, np.abs(needed), given, strict=True):
            if torque > most:
                would, shall = apart(torque, most, ".3f"), f"{most:.3f}"
                why = f"{named(joint)} would carry {would} N·m here, its servo shall give {shall} N·m"
                raise CommandRefused(what, why, "carry less, or reach less far first")


def _payloads(changes: list[Parameter]) -> list[float]:
    return [float(change.value) for change in changes if change.name == "payload"]


def _unchanged(error: InternalError, _changes: list[Parameter]) -> SetParametersResult:
    return SetParametersResult(successful=False, reason=str(error))


@dataclass
class _Waiting:
    """A goal whose check is not done."""

    check: GoalCheck
    session: str  # of enabling, in which it was asked for
    begin: State  # from which the goal is being checked
    goal: Trajectory | Rates
    stamp: float | None
    monitor: GoalMonitor
    on_end: OnEnd
    active: ActiveGoal


class CheckedGoals:
    """Lets a `GroupControl` follow goals that have passed the checks.

    Args:
        node: owner of the timer.
        control: follows the goals.
        checks: of the arm.
        now: ROS time [s].
        publish: publishes set-points now; called where a goal begins or ends outside its own callback.
    """

    def __init__(
        self,
        node: GroupNode,
        control: GroupControl,
        checks: GoalChecks,
        now: Callable[[], float],
        publish: Callable[[], object],
    ) -> None:
        self._control = control
        self._checks = checks
        self._now = now
        self._publish = publish
        self._waiting: _Waiting | None = None
        self._timer = node.create_timer(_PERIOD, self._advance, clock=node.steady)
        self._timer.cancel()

    def prepare(self, goal: Trajectory | Rates, stamp: float | None, monitor: GoalMonitor) -> Begin:
        """Plan and check a goal; a long check goes on after it has begun. Arguments as `GroupControl.follow`.

        Returns:
            What follows it, to be called at once.

        Raises:
            GoalRefused: it cannot be followed, or did not pass.
            CommandRefused: the arm takes no commands now.
        """
        planned = self._control.plan(goal, stamp, self._now())
        check = self._checks.begin(planned.motion)
        is_done = check.advance(_FIRST_SLICE)

        def begin(on_end: OnEnd) -> ActiveGoal:
            active = ActiveGoal(self._cancel, is_waiting=not is_done)
            if not is_done:
                self.drop("replaced by a newer goal")
                session, start = self._control.state.arm.session, planned.motion.sample(0.0)
                self._waiting = _Waiting(check, session, start, goal, stamp, monitor, on_end, active)
                self._timer.reset()
                return active
            if not self._control.state.motion.is_moving(planned.now):
                self._control.follow_planned(planned, monitor, on_end)
            else:  # the arm has gone on meanwhile, and the switch to it is near
                self._control.follow(goal, stamp, monitor, on_end, self._now())
            self.drop("replaced by a newer goal")
            return active

        return begin

    def drop(self, why: str) -> None:
        """End a goal that has not started yet, as aborted."""
        self._end(abort_outcome(why))

    def _cancel(self) -> None:
        self._control.cancel(self._now())
        self._publish()

    def _advance(self) -> None:
        waiting = self._waiting
        if waiting is None:
            self._timer.cancel()
            return
        if waiting.active.is_canceled:
            self._end(Outcome(End.CANCELED, Code.SUCCESSFUL, "canceled before it started"))
            return
        try:
            if waiting.check.advance(_SLICE):
                self._start(waiting)
        except ArmatureError as error:
            self._end(refusal_outcome(error))

    def _start(self, waiting: _Waiting) -> None:
        if waiting.session != self._control.state.arm.session:
            why = "it was asked for in an earlier session"
            raise CommandRefused("trajectory", why, "send it again")
        planned = self._control.plan(waiting.goal, waiting.stamp, self._now())
        self._check_approach(waiting, planned.motion)
        self._control.follow_planned(planned, waiting.monitor, waiting.on_end)
        self._waiting, waiting.active.is_waiting = None, False
        self._publish()

    def _check_approach(self, waiting: _Waiting, plan: Trajectory) -> None:
        """Check the approach to the goal's first point again, where the arm has moved meanwhile."""
        if _is_still_at(plan.sample(0.0), waiting.begin):
            return
        ahead = waiting.goal.times + plan.duration - waiting.goal.duration
        until = float(ahead[ahead > 0.0][0]) + _JOIN_TIME
        if not self._checks.begin(plan, until).advance(_FIRST_SLICE):
            allowed = "the arm has moved while a long goal was checked; send it while the arm rests"
            raise GoalRefused("way to the first point", round(until, 3), allowed)

    def _end(self, outcome: Outcome) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.on_end(outcome)


def _is_still_at(state: State, before: State) -> bool:
    """Whether a state is the same as one before, and nothing moves."""
    return state.is_resting and before.is_resting and bool((state.position == before.position).all())
