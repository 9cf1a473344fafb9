"""Checks of goals by the arm's model: their parameters, and the checks before a goal begins and ahead of it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from rclpy.node import Node
from trajectory_msgs.msg import JointTrajectory

from armature.core.control.goal import GoalMonitor, OnEnd, refusal_outcome
from armature.core.control.goal_plan import PlannedGoal
from armature.core.control.tracker import HORIZON, Tracker
from armature.core.kinematics.drive_ratings import ratings_from_urdf
from armature.core.kinematics.mechanics import Mechanics
from armature.core.model.arm import ArmModel
from armature.core.planning.goal_checks import CheckSettings, GoalCheck, GoalChecks
from armature.core.trajectory.integration import Rates
from armature.core.trajectory.trajectory import Trajectory
from armature.dynamixel.wiring.arm import Wiring
from armature.errors import ArmatureError, CommandRefused, ConfigError, listed
from armature.nodes.arm_controller.action_server import ActiveGoal, Begin
from armature.nodes.arm_controller.group_node import GroupNode
from armature.nodes.common.parameters.parameters import located, read
from armature.nodes.common.robot_files import drive_ratings, with_allowed_pairs

# What is checked of a goal before it begins: its first seconds, by no more samples than this (20 ms), and always
# as far as its first segment leads.
_FIRST_SECONDS, _FIRST_SAMPLES = 3.0, 300
_FEW = 5  # samples, of which the time is not looked at
# The rest is checked ahead of the motion, in slices between the renewals of set-points [s].
_SLICE, _PERIOD = 0.004, 0.01
# While the joints move, the switch to a goal is so far ahead once it is prepared [s].
_ON_ITS_WAY = 0.02
# Where preparing takes longer, it is put off by so many times what that has taken, while the last segment lasts,
# and no more is checked before it than must be.
_LONGER, _LONGEST = 1.5, HORIZON - 0.05
_WAITS = "the arm waits on its path: what lies ahead is not checked yet"
_STOPS = "the arm stops on its path before that"


@dataclass(frozen=True)
class CheckParameters:
    """What is checked of a goal."""

    tool_frame: str = ""  # "" for tool0, or where the URDF has none, the outermost link that an arm's joint moves
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
    mechanics = Mechanics(arm, joints, inertia, tool)
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


@dataclass
class _CheckedGoal:
    """A goal from its plan until all of it is checked."""

    planned: PlannedGoal
    tracker: Tracker  # that begins to follow it
    check: GoalCheck  # of its path
    has_waited: bool = False  # for its check, on its path


class CheckedGoals:
    """Lets an arm follow goals that are checked: their first seconds before they begin, the rest ahead of the arm.

    Args:
        node: the controller of the arm.
        checks: of the arm.
        clock: monotonic [s].
    """

    def __init__(self, node: GroupNode, checks: GoalChecks, clock: Callable[[], float] = time.monotonic) -> None:
        self._node = node
        self._control = node.control
        self._checks = checks
        self._clock = clock
        self._goal: _CheckedGoal | None = None
        self._timer = node.create_timer(_PERIOD, self._advance, clock=node.steady)
        self._timer.cancel()

    def prepare(self, goal: Trajectory | Rates, stamp: float | None, monitor: GoalMonitor) -> Begin:
        """Plan a goal, check its first seconds, and make its first segment; arguments as `GroupControl.follow`.

        Returns:
            What follows it, to be called at once.

        Raises:
            GoalRefused: it cannot be followed, or does not pass.
            CommandRefused: the arm takes no commands now.
        """
        made, first = self._prepare(goal, stamp)

        def begin(on_end: OnEnd) -> ActiveGoal:
            self._control.begin(made.tracker, made.check.checked, made.planned, monitor, on_end)
            self._node.begin_publishing(first)
            self._goal = made
            self._timer.reset()
            return ActiveGoal(self._cancel)

        return begin

    def _prepare(self, goal: Trajectory | Rates, stamp: float | None) -> tuple[_CheckedGoal, JointTrajectory]:
        """Prepare a goal in time for the switch to it: until then the joints go on as their last segment says."""
        delay, seconds = 0.0, _FIRST_SECONDS
        while True:
            begun = self._node.now()
            is_moving = self._control.state.motion.is_moving(begun)
            planned = self._control.plan(goal, stamp, begun, delay)
            made = self._prepare_planned(planned, seconds)
            took = self._node.now() - begun
            if not is_moving or took <= min(planned.begin - begun, _LONGEST) - _ON_ITS_WAY:
                return made
            if delay == _LONGEST:
                why = f"the arm moves, and to plan it takes {took:.2f} s here"
                raise CommandRefused("trajectory", why, "send it with fewer points, or while the arm rests")
            delay, seconds = min(max(_LONGER * took, 2.0 * delay), _LONGEST), 0.0

    def _prepare_planned(self, planned: PlannedGoal, seconds: float) -> tuple[_CheckedGoal, JointTrajectory]:
        tracker = self._control.prepare(planned)
        zero = tracker.path.duration - planned.motion.duration
        check = self._checks.begin(tracker.path, zero)
        check.advance(_FIRST_SAMPLES, zero + seconds)
        segment = tracker.segment(self._node.now())
        while check.checked < tracker.reach:
            check.advance(_FEW)
        first = self._node.compose(replace(segment, session=self._control.state.arm.session))
        return _CheckedGoal(planned, tracker, check), first

    def _cancel(self) -> None:
        self._control.cancel(self._node.now())
        self._node.publish_now()

    def _advance(self) -> None:
        goal, followed = self._goal, self._control.state.goals.followed
        if goal is None or followed is None or followed.is_cancelling:
            self._goal = None
            self._timer.cancel()
            return
        try:
            self._run_slice(goal.check)
        except ArmatureError as error:
            self._stop_before(error)
            return
        motion = self._control.state.motion
        motion.note_checked(goal.check.plan, goal.check.checked, self._node.now())
        if motion.is_waiting and not goal.has_waited:
            goal.has_waited = True
            self._node.reports.warn(_WAITS)
        if goal.check.checked == math.inf:
            self._goal = None

    def _run_slice(self, check: GoalCheck) -> None:
        end = self._clock() + _SLICE
        while not check.advance(_FEW) and self._clock() < end:
            pass

    def _stop_before(self, error: ArmatureError) -> None:
        """Stop on the path, which is checked as far as the arm goes."""
        self._goal = None
        outcome = refusal_outcome(error)
        self._control.abort(replace(outcome, message=f"{outcome.message}; {_STOPS}"), self._node.now())
        self._node.publish_now()
