"""An arm as an object: `with Arm() as arm: arm.enable(); arm.move("home")`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType

from armature.client import ending, goals
from armature.client.description import ToolPose
from armature.client.goals import Waypoint
from armature.client.guide import Guided
from armature.client.motion import Motion
from armature.client.readings import JointValues
from armature.client.session import Session, closed, recover, set_payload
from armature.client.state import ArmFault, ArmState
from armature.client.stream import REST_TIME, Jog, twist_messages
from armature.errors import ConfigError, GoalRefused
from armature.graph import NAMESPACES, is_namespace
from armature.nodes.common import topics

_TAKES = 1.0  # until the arm takes commands once it is enabled [s]


class Arm:
    """An arm of a running graph; use it in a with-block.

    When the block ends, whatever ends it (its last line, an exception, Ctrl-C, SIGTERM), a motion under way is
    cancelled: the arm slows down within its limits and holds, with torque on; only `disable` parks it.

    Units are metres, radians, seconds and newtons. A motion takes at least `seconds`, or is as fast as the limits
    allow. It returns at its end, or with `wait=False` once it has begun: wait for it, or cancel it. After
    `timeout` seconds it is cancelled. Every error is an ArmatureError: CommandRefused where the state does not
    allow it, GoalRefused for a number that makes no sense, MotionFailed where a motion was refused or ended before
    its goal, MotionTimeout, NotRead for a joint that was not read, ProcessError where the graph does not answer.
    """

    def __init__(self, namespace: str = "") -> None:
        """Join the graph that runs in this ROS_DOMAIN_ID.

        Args:
            namespace: of the arm, where there are several.
        """
        if not isinstance(namespace, str) or not is_namespace(namespace):
            raise ConfigError("namespace", namespace, NAMESPACES)
        self._session: Session | None = None
        ending.register(self)
        try:
            self._session = Session(namespace.strip("/"))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Arm:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()
        if kind is None and self._session is not None:
            self._session.require_begun()

    def close(self) -> None:
        """Cancel what moves, wait until the arm rests, and leave the graph; the end of a with-block does it."""
        if self._session is not None:
            self._session.close()
        ending.forget(self)

    def abandon(self) -> None:
        """Count as closed: what moves is its parent's, for a child process, which has none of its threads."""
        self._session = None

    def enable(self) -> None:
        """Turn torque on where the arm stands, and take commands; nothing moves."""
        if not self.state.takes_commands:
            self._joined.ask(topics.ENABLE, True, topics.PARK_TIMEOUT)
            # The state is published apart from the answer: a motion that follows at once must not be refused.
            self._joined.readings.wait_for(lambda state: state.takes_commands, _TAKES)

    def disable(self) -> None:
        """Stop, park if the way is free, and turn torque off."""
        self._joined.ask(topics.ENABLE, False, topics.PARK_TIMEOUT)

    def move(
        self,
        *targets: str | Waypoint | Sequence[str] | Sequence[Waypoint],
        seconds: float = 0.0,
        wait: bool = True,
        timeout: float | None = None,
        **joints: float,
    ) -> Motion:
        """Move to a pose by its name, to joints as in `move(elbow=0.5)`, or to several one after the other.

        Args:
            targets: names of poses, or positions by joint; the gripper's, and what is left out, stay.
            seconds: shortest duration.
            wait: False returns the motion once it has begun.
            timeout: longest wait for its end, after which it is cancelled.
            joints: positions.
        """
        of_arm = self._joined.description.of_arm
        goal = goals.targets_goal([*targets, *([joints] if joints else [])], seconds, of_arm)
        return self._joined.motions.go(topics.MOVE_JOINTS, goal, "move", wait, timeout)

    def move_to(
        self,
        x: float,
        y: float,
        z: float,
        roll: float | None = None,
        pitch: float | None = None,
        yaw: float | None = None,
        *,
        seconds: float = 0.0,
        wait: bool = True,
        timeout: float | None = None,
    ) -> Motion:
        """Move the tool to a place seen from the arm's root; without roll, pitch and yaw any will do."""
        goal = goals.poses_goal([[x, y, z, *goals.rotation(roll, pitch, yaw)]], "", seconds)
        return self._joined.motions.go(topics.MOVE_TO, goal, "move_to", wait, timeout)

    def line(
        self,
        x: float = 0.0,
        y: float = 0.0,
        z: float = 0.0,
        roll: float = 0.0,
        pitch: float = 0.0,
        yaw: float = 0.0,
        *,
        frame: str = "base",
        seconds: float = 0.0,
        wait: bool = True,
        timeout: float | None = None,
    ) -> Motion:
        """Move the tool straight on, along the axes of the base or of the tool, and turn it meanwhile."""
        goal = goals.poses_goal([[x, y, z, roll, pitch, yaw]], goals.along(frame), seconds)
        return self._joined.motions.go(topics.MOVE_LINE, goal, "line", wait, timeout)

    def arc(
        self,
        through: Sequence[float],
        end: Sequence[float],
        *,
        frame: str = "base",
        seconds: float = 0.0,
        wait: bool = True,
        timeout: float | None = None,
    ) -> Motion:
        """Move the tool on an arc through one place to another: x, y, z from where it begins, as in `line`."""
        goal = goals.poses_goal([through, end], goals.along(frame), seconds)
        return self._joined.motions.go(topics.MOVE_ARC, goal, "arc", wait, timeout)

    def follow(
        self,
        rows: Sequence[Sequence[float]] | Sequence[Waypoint],
        times: Sequence[float],
        *,
        velocities: Sequence[Sequence[float]] = (),
        joints: Sequence[str] = (),
        wait: bool = True,
        timeout: float | None = None,
    ) -> Motion:
        """Follow a trajectory of one's own.

        Args:
            rows: positions: by joint, as in `move`, or in the order of `joints`; other joints stay.
            times: of the rows, from now on.
            velocities: at the rows; without them the way from row to row is straight.
            joints: names of the columns; unless given, those of the arm in their order.
            wait: False returns the motion once it has begun.
            timeout: longest wait for its end, after which it is cancelled.
        """
        description = self._joined.description
        rows = goals.rows_of_arm(rows, description.of_arm)
        goal = goals.trajectory_goal(joints or goals.joints_of(rows) or self.joints, times, rows, velocities)
        goals.hold_others(goal, description.held())
        return self._joined.motions.go(topics.FOLLOW_JOINT_TRAJECTORY, goal, "follow", wait, timeout)

    def gripper(
        self, position: float | Waypoint, effort: float = 0.0, *, wait: bool = True, timeout: float | None = None
    ) -> Motion:
        """Open or close the gripper, with an effort at most; what stops it is held (`end.is_stalled`)."""
        goal = goals.gripper_goal(position, effort)
        return self._joined.motions.go(topics.GRIPPER_COMMAND, goal, "gripper", wait, timeout)

    def jog(self, velocities: Waypoint | None = None, *, seconds: float | None = None, **joints: float) -> Jog:
        """Move joints at velocities for `seconds`, or while a with-block lasts: `with arm.jog(elbow=0.1): ...`.

        Without either nothing moves, and the end of the arm's with-block says so.
        """
        if not isinstance(velocities, Mapping | None):
            raise GoalRefused("jog", velocities, "name the joints, as in jog(waist=0.2)")
        make = self._joined.description.jog_messages
        return self._joined.jog("jog", make, {**(velocities or {}), **joints}, seconds)

    def twist(
        self,
        x: float = 0.0,
        y: float = 0.0,
        z: float = 0.0,
        roll: float = 0.0,
        pitch: float = 0.0,
        yaw: float = 0.0,
        *,
        frame: str = "base",
        seconds: float | None = None,
    ) -> Jog:
        """Move the tool at a velocity, along and about the axes of the base or of the tool; else as `jog`."""
        axes = self._joined.description.axes(frame)
        velocity = {"x": x, "y": y, "z": z, "roll": roll, "pitch": pitch, "yaw": yaw}
        return self._joined.jog("twist", lambda **given: twist_messages(axes, given), velocity, seconds)

    def free(self, *joints: str) -> Guided:
        """Let joints be guided by hand while a with-block lasts; one that is not compliant falls unless held."""
        return self._joined.free(joints)

    def stop(self) -> None:
        """Slow down within the limits and hold, the gripper too; motions under way end."""
        self._joined.stop()
        self._joined.readings.wait_for_rest(REST_TIME)

    def pause(self) -> None:
        """Stop on the path; the motion goes on by `resume`."""
        self._joined.ask(topics.PAUSE, True)
        self._joined.readings.wait_for_rest(REST_TIME)

    def resume(self) -> None:
        """Go on with a motion that was paused."""
        self._joined.ask(topics.PAUSE, False)

    def speed(self, factor: float) -> None:
        """Scale the speed of all motions, by 0 to 2 as far as the limits allow, until it is set again."""
        self._joined.scale_speed(factor)

    def payload(self, mass: float, at: Sequence[float] = (0.0, 0.0, 0.0)) -> None:
        """Tell what the tool carries [kg], and where its centre is in the frame of the tool, until told anew."""
        set_payload(self._joined.connection, mass, at)

    def protective_stop(self) -> None:
        """Stop within the limits and hold, until `release`; it is no emergency stop in the sense of ISO 13850."""
        self._joined.ask(topics.PROTECTIVE_STOP, True)

    def release(self) -> None:
        """Release the protective stop, if there is one; the arm holds, and takes commands once it is enabled."""
        self._joined.ask(topics.PROTECTIVE_STOP, False)

    def clear(self) -> None:
        """Recover every joint whose fault's cause is gone, to its end; CommandRefused names what is left."""
        recover(self._joined.connection, self._joined.readings)

    def torque_off(self) -> None:
        """Turn torque off now: the arm falls unless something holds it."""
        self._joined.ask(topics.TORQUE_OFF)

    @property
    def state(self) -> ArmState:
        """What the arm does and why, and what is wrong with it."""
        return self._joined.readings.state()

    @property
    def faults(self) -> tuple[ArmFault, ...]:
        """What is wrong with its servos."""
        return self.state.faults

    @property
    def positions(self) -> JointValues:
        """By joint; one that was not read within half a second is absent, and NotRead if it is asked for."""
        return self._joined.readings.joints("position")

    @property
    def velocities(self) -> JointValues:
        """By joint, as `positions`."""
        return self._joined.readings.joints("velocity")

    @property
    def efforts(self) -> JointValues:
        """By joint, as `positions`; absent too where no torque constant is known."""
        return self._joined.readings.joints("effort")

    @property
    def tool_pose(self) -> ToolPose:
        """Where the tool is, seen from the arm's root."""
        return self._joined.description.tool_pose()

    @property
    def joints(self) -> tuple[str, ...]:
        """Names of the arm's joints, without the gripper's."""
        return self._joined.description.joints()

    @property
    def poses(self) -> tuple[str, ...]:
        """Names of the poses that `move` takes."""
        return self._joined.description.poses()

    @property
    def _joined(self) -> Session:
        if self._session is None:
            raise closed()
        return self._session.opened()
