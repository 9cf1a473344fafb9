"""The monitor process: listens to the graph, serves the page, commands only through ROS interfaces."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from control_msgs.msg import DynamicJointState, JointTrajectoryControllerState
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool

from armature.core.jog_limits import LEASE
from armature.core.model.arm import ArmModel
from armature.core.model.poses import read_poses
from armature.environment import state_folder
from armature.graph import page_url
from armature.monitor.api.control import Control
from armature.monitor.api.encode import edition_of, encode_snapshot
from armature.monitor.api.services import MonitorConfig
from armature.monitor.app import create_app
from armature.monitor.board import Board, Status
from armature.monitor.gateway import Recording
from armature.monitor.http.address import is_loopback
from armature.monitor.http.server import MonitorServer
from armature.monitor.hub import StreamHub
from armature.nodes.common import conversions, parameters, topics
from armature.nodes.common.joint_limits import read_limits
from armature.nodes.monitor.access_key import keep_key, key_file
from armature.nodes.monitor.gateway import RosGateway
from armature.signals import RUNNER_SIGNAL, Signals

_HEARTBEAT = 5.0  # [s]
_OWN = "monitor"  # its own status in the diagnostics
# Browsers open connections ahead of need, and drop some themselves.
_USUAL_DROPS = 10  # a second
# How long the servo interface may take to say that it was asked to end as well [s].
_TOGETHER = 2.0
_LONGEST_SILENCE = {  # [s], by topic; the page shows a longer one
    topics.JOINT_STATES.name: 0.5,
    topics.DYNAMIC_JOINT_STATES.name: 1.0,
    topics.COMMANDED.name: 0.5,
    topics.CONTROLLER_STATE.name: 1.0,
    topics.DIAGNOSTICS.name: 2.5,
}


@dataclass(frozen=True)
class Parameters:
    """Parameters of the monitor."""

    urdf: str  # file of the robot's description
    poses: str  # file of the named poses
    page_root: str  # folder of the built page
    host: str = "127.0.0.1"  # address that it listens at; any other than this machine's asks for the access key
    port: int = 8080  # of HTTP
    trusted_hosts: tuple[str, ...] = ("localhost",)  # names under which the page may be asked for
    viewers: int = 32  # streams at a time, at most
    stream_rate: float = 20.0  # of the frames to each page [Hz]
    jog__lease: float = LEASE  # for which a jog counts, as the controller has it [s]


class Monitor(Node):
    """Listens, shows, and passes commands on."""

    def __init__(self) -> None:
        super().__init__("monitor")
        # rclpy destroys a node that could not be made, too: only what there is must be closed.
        self._at_end = ExitStack()
        given = parameters.read(self, Parameters)
        parameters.refuse_unknown(self)
        urdf = parameters.read_file("urdf", given.urdf)
        arm = ArmModel.from_urdf(urdf, given.urdf)
        poses = read_poses(parameters.read_file("poses", given.poses), arm, given.poses)
        arm = self._named(read_limits(self, arm).arm)
        self._board = Board((joint.name for joint in arm.driven), _LONGEST_SILENCE)
        self._joint_states: bytes | None = None
        self._does_arm_end = False  # whether the servo interface was asked to end
        self._asked_at = 0.0  # whether this process was, and when; monotonic [s]
        self._gateway = RosGateway(self, self._board, arm, poses, given.jog__lease)
        self._at_end.callback(self._gateway.destroy)
        self._hub = StreamHub(given.viewers, _HEARTBEAT)
        self._key_file = None if is_loopback(given.host) else key_file(state_folder(os.environ))
        key = keep_key(self._key_file) if self._key_file else None
        hosts = frozenset(name.lower() for name in (*given.trusted_hosts, given.host))
        config = MonitorConfig(arm, urdf, poses, hosts, key, jog_lease=given.jog__lease)
        self._control, self._edition = Control(self._gateway), edition_of(config)
        app = create_app(self._gateway, self._hub, Path(given.page_root), config, self._control)
        self._subscribe()
        self.create_timer(1.0 / given.stream_rate, self._tick)
        self._diagnostics = topics.publisher(self, topics.DIAGNOSTICS)
        self._dropped = 0
        self._server = MonitorServer(app, self._hub, given.host, given.port)
        self.create_timer(1.0, self._diagnose)
        self._at_end.callback(self._server.stop)
        self._at_end.callback(self._gateway.close)
        self._announce(given.host)

    def stopping(self, signals: Signals) -> bool:
        """Outlive the servo interface where both are asked to end at once: STOP must work while the arm parks.

        The stand-alone runner, with a signal of its own, asks for the end once the servo interface has ended.
        """
        is_asked_alone = RUNNER_SIGNAL in signals or signals.asks_again(None)
        if is_asked_alone or not self.count_publishers(topics.STATE.name):
            return True
        self._asked_at = self._asked_at or time.monotonic()
        return not self._does_arm_end and time.monotonic() - self._asked_at > _TOGETHER

    def destroy_node(self) -> None:
        """End the server and whoever waits, then the node."""
        self._at_end.close()
        super().destroy_node()

    def _named(self, arm: ArmModel) -> ArmModel:
        """Whose STOP it is must be seen on the page."""
        namespace = self.get_namespace().strip("/")
        return replace(arm, name=f"{namespace}: {arm.name}") if namespace else arm

    def _subscribe(self) -> None:
        # Joint states come five times as often as they are shown: only the newest is unpacked.
        topics.subscription(self, topics.JOINT_STATES, self._keep_joint_states, raw=True)
        topics.subscription(self, topics.DYNAMIC_JOINT_STATES, self._on_dynamic)
        topics.subscription(self, topics.COMMANDED, self._on_commanded)
        topics.subscription(self, topics.STATE, self._on_state)
        topics.subscription(self, topics.PROTECTIVE_STOP_STATE, self._on_protective_stop)
        topics.subscription(self, topics.DIAGNOSTICS, self._on_diagnostics)
        topics.subscription(self, topics.CONTROLLER_STATE, self._on_controller)

    def _tick(self) -> None:
        self._read_joint_states()
        snapshot = self._board.at(time.monotonic())
        self._gateway.show(snapshot)
        if self._hub.viewers:
            viewers, capacity, driver = self._hub.viewers, self._hub.capacity, self._control.driver()
            self._hub.publish(encode_snapshot(snapshot, viewers, capacity, driver, self._edition))

    def _diagnose(self) -> None:
        traffic = self._server.traffic
        now_dropped, self._dropped = traffic.dropped - self._dropped, traffic.dropped
        values: dict[str, object] = {"viewers": self._hub.viewers, "connections": traffic.open}
        values |= {"dropped": traffic.dropped}
        level, text = DiagnosticStatus.OK, "serving"
        if now_dropped > _USUAL_DROPS:
            level, text = DiagnosticStatus.WARN, f"{now_dropped} connections a second ask for nothing"
            values |= {"done": "they are dropped", "remedy": "find the program that opens them; STOP works"}
        message = DiagnosticArray(status=[conversions.diagnostic(_OWN, level, text, values)])
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(message)

    def _keep_joint_states(self, message: bytes) -> None:
        self._joint_states = message
        self._board.heard(topics.JOINT_STATES.name, time.monotonic(), servo_interface=True)

    def _read_joint_states(self) -> None:
        if self._joint_states is None:
            return
        message = deserialize_message(self._joint_states, JointState)
        self._joint_states = None
        self._board.readings.joint_states(time.monotonic(), _by_joint(message))

    def _on_dynamic(self, message: DynamicJointState) -> None:
        now = time.monotonic()
        self._board.heard(topics.DYNAMIC_JOINT_STATES.name, now, servo_interface=True)
        values = (dict(zip(item.interface_names, item.values, strict=False)) for item in message.interface_values)
        self._board.readings.dynamic_joint_states(now, dict(zip(message.joint_names, values, strict=False)))

    def _on_commanded(self, message: JointState) -> None:
        now = time.monotonic()
        self._board.heard(topics.COMMANDED.name, now, servo_interface=True)
        self._board.readings.commanded(now, conversions.positions_of(message))

    def _on_state(self, message: DiagnosticStatus) -> None:
        values = conversions.values_of(message)
        self._does_arm_end = "ending" in values
        self._board.servo_interface(time.monotonic(), message.message, values)

    def _on_protective_stop(self, message: Bool) -> None:
        self._board.protective_stop = bool(message.data)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        now = time.monotonic()
        statuses = [_status_of(status) for status in message.status]
        if any(status.name != _OWN for status in statuses):
            self._board.heard(topics.DIAGNOSTICS.name, now)
        told_by_servos = any(status.name.startswith("servo_interface") for status in statuses)
        self._board.statuses(now, statuses, servo_interface=told_by_servos)
        for status in statuses:
            if status.name.startswith("recorder"):
                self._board.recorder(now, _recording_of(status))

    def _on_controller(self, message: JointTrajectoryControllerState) -> None:
        now = time.monotonic()
        self._board.heard(topics.CONTROLLER_STATE.name, now)
        self._board.controller(now, dict(zip(message.joint_names, message.error.positions, strict=False)))

    def _announce(self, host: str) -> None:
        # Where the key is, not the key: others may read this log.
        if self._key_file is not None:
            _print(f"access key in {self._key_file}")
        _print(f"ready {page_url(host, self._server.port)}")


def _by_joint(message: JointState) -> dict[str, dict[str, float]]:
    columns = {"position": message.position, "velocity": message.velocity, "effort": message.effort}
    complete = {name: column for name, column in columns.items() if len(column) == len(message.name)}
    return {
        joint: {name: column[index] for name, column in complete.items()}
        for index, joint in enumerate(message.name)
    }


def _status_of(status: DiagnosticStatus) -> Status:
    # rclpy gives the level, a byte in the definition, as bytes of length one.
    return Status(status.name, status.level[0], status.message, conversions.values_of(status))


def _recording_of(status: Status) -> Recording:
    path = status.values.get("path", "")
    return Recording(active=bool(path), path=path, message=status.message, values=status.values)


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201
