"""What the graph knows of its arm: joints, named poses, frames, and where the tool is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from control_msgs.msg import JointTrajectoryControllerState
from geometry_msgs.msg import TransformStamped
from rclpy.serialization import deserialize_message
from std_msgs.msg import String
from tf2_msgs.msg import TFMessage

from armature.client.connection import SEE_STATUS, Connection, get_parameters
from armature.client.goals import ALONG_TOOL, Waypoint, along
from armature.client.motion import CONTROLLER
from armature.client.readings import FIRST, LATELY, Readings
from armature.client.stream import Messages, jog_messages
from armature.core.kinematics.kinematics import Pose, compose
from armature.core.kinematics.rotations import to_rpy
from armature.core.model.document import read_document
from armature.core.model.urdf import read_urdf
from armature.description.files import read_text
from armature.errors import GoalRefused, NotRead, listed
from armature.nodes.common import topics
from armature.nodes.common.robot_files import own_poses_file

_HERE = Pose((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))


class ToolPose(NamedTuple):
    """A place and orientation of the tool in the frame of the arm's root."""

    x: float  # [m]
    y: float
    z: float
    roll: float  # about the root's axes x, then y, then z [rad]
    pitch: float
    yaw: float


class Description:
    """Asks the graph, once it is asked itself."""

    def __init__(self, connection: Connection, readings: Readings, namespace: str) -> None:
        """Args: connection: to the graph; readings: of the arm; namespace: of the arm, before its frames."""
        self._connection = connection
        self._readings = readings
        self._prefix = f"{namespace}/" if namespace else ""
        self._joints: tuple[str, ...] = ()
        self._frames: tuple[str, str] | None = None  # of root and tool
        self._fixed: dict[str, TransformStamped] | None = None  # frames that do not move, by child

    def joints(self) -> tuple[str, ...]:
        """The joints of the arm, without the gripper's.

        Raises:
            NotRead: the controller does not publish them, as it has read none.
        """
        if not self._joints:
            newest = self._readings.recent(topics.CONTROLLER_STATE)
            if not newest:
                why = f"{CONTROLLER} publishes no state"
                raise NotRead("the list of joints", why, self._connection.told(SEE_STATUS))
            message = deserialize_message(newest[-1], JointTrajectoryControllerState)
            self._joints = tuple(message.joint_names)
        return self._joints

    def of_arm(self, positions: Waypoint) -> Waypoint:
        """Positions without those of the gripper's joints.

        Raises:
            GoalRefused: the gripper's are all that there is.
        """
        try:
            others = set(positions) - set(self.joints())
        except NotRead:  # whoever moves it says why there is no controller
            return positions
        if not others:
            return positions
        known = {*self._readings.reported.joints, *self._readings.joints("position")}
        left = {joint: at for joint, at in positions.items() if joint not in others & known}
        if not left:
            raise GoalRefused("move", list(positions), "that is the gripper's: arm.gripper moves it")
        return left

    def held(self) -> Waypoint:
        """Where the arm's joints are sent now; those that are sent nowhere are absent."""
        sent = self._readings.commanded()
        return {joint: sent[joint] for joint in self.joints() if joint in sent}

    def jog_messages(self, **velocities: float) -> tuple[Messages, Messages]:
        """Messages that move joints, and what ends them; see `stream.jog_messages`.

        Raises:
            GoalRefused: no joint is named, the arm has no such joint, or what is no number.
            NotRead: see `joints`.
        """
        if not velocities:
            raise GoalRefused("jog", None, "name the joints, as in jog(waist=0.2)")
        known = self._readings.reported.joints
        for joint in velocities:
            if known and joint not in known:
                raise GoalRefused("jog", joint, listed("joints", known))
        return jog_messages(self.joints(), velocities)

    def axes(self, frame: str) -> str:
        """The frame along whose axes a twist is given.

        Args:
            frame: base or tool.

        Raises:
            GoalRefused: another one.
        """
        return self._root_and_tool()[1] if along(frame) == ALONG_TOOL else ""

    def poses(self) -> tuple[str, ...]:
        """Names of the poses of the arm's file.

        Raises:
            ConfigError: the file cannot be read, as from another computer.
        """
        path = self._parameter("poses")
        if not path:
            return ()
        own = own_poses_file(path)
        files = [path, str(own)] if own is not None and own.exists() else [path]
        return tuple(dict.fromkeys(name for file in files for name in _names_in(file)))

    def tool_pose(self) -> ToolPose:
        """Where the tool is.

        Raises:
            NotRead: a joint on the way to it was not read lately.
        """
        root, frame = self._root_and_tool()
        links, pose = self._transforms(), _HERE
        while frame != root:
            if frame not in links:
                why = f"the joint behind the frame {frame!r} was not read within {LATELY:g} s"
                raise NotRead("the pose of the tool", why, self._connection.told(SEE_STATUS))
            link = links[frame]
            pose, frame = compose(_pose_of(link), pose), link.header.frame_id
        return ToolPose(*pose.translation, *to_rpy(pose.rotation))

    def _parameter(self, name: str) -> str:
        return str(get_parameters(self._connection, CONTROLLER, [name])[name] or "")

    def _root_and_tool(self) -> tuple[str, str]:
        if self._frames is None:
            arm = read_urdf(self._text())
            tool = self._parameter("tool_frame") or arm.tool
            self._frames = (f"{self._prefix}{arm.root}", f"{self._prefix}{tool}")
        return self._frames

    def _text(self) -> str:
        received: list[str] = []

        def note(message: String) -> None:
            received.append(message.data)

        self._connection.subscribe(topics.ROBOT_DESCRIPTION, note)
        self._connection.require(lambda: bool(received), "state_publisher", "it publishes no description")
        return received[-1]

    def _transforms(self) -> dict[str, TransformStamped]:
        """The newest transforms, by child frame; of moving ones those that were read lately."""
        if self._fixed is None:
            self._fixed = {}
            self._connection.subscribe(topics.TF_STATIC, self._note_fixed)
            self._connection.wait_until(lambda: bool(self._fixed), FIRST)
        found = dict(self._fixed)
        for data in self._readings.recent(topics.TF):
            found |= {each.child_frame_id: each for each in deserialize_message(data, TFMessage).transforms}
        return found

    def _note_fixed(self, message: TFMessage) -> None:
        assert self._fixed is not None  # it is subscribed to behind that
        self._fixed |= {each.child_frame_id: each for each in message.transforms}


def _pose_of(message: TransformStamped) -> Pose:
    moved, turned = message.transform.translation, message.transform.rotation
    return Pose((moved.x, moved.y, moved.z), (turned.x, turned.y, turned.z, turned.w))


def _names_in(file: str) -> tuple[str, ...]:
    content = read_document(read_text("poses", file, "run this on the computer of the graph"), file)
    return tuple(map(str, content)) if isinstance(content, Mapping) else ()
