"""The monitor process: subscribes to the graph, serves the page, commands through ROS interfaces only."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node

from armature.core.model.arm import ArmModel
from armature.description.page_files import page_files
from armature.environment import state_folder
from armature.monitor.api.control import Control
from armature.monitor.api.encode import edition_of, encode_snapshot
from armature.monitor.api.services import MonitorConfig
from armature.monitor.app import create_app
from armature.monitor.board import Board
from armature.monitor.http.address import is_loopback
from armature.monitor.http.server import MonitorServer
from armature.monitor.hub import StreamHub
from armature.nodes.common import conversions, topics
from armature.nodes.common.parameters.joint_limits import read_limits
from armature.nodes.common.parameters.parameters import read, refuse_unknown
from armature.nodes.common.robot_files import NamedPoses, read_given_arm
from armature.nodes.monitor.access_key import key_file, load_or_create_key
from armature.nodes.monitor.gateway import RosGateway
from armature.nodes.monitor.parameters import Parameters
from armature.nodes.monitor.subscriptions import LONGEST_SILENCE, OWN_STATUS, Subscriptions
from armature.signals import RUNNER_SIGNAL, Signals
from armature.web_address import page_url

_HEARTBEAT = 5.0  # [s]
# Browsers open connections in advance, and drop some of them.
_USUAL_DROPS = 10  # a second
# How long the servo interface may take to report that it is ending as well [s].
_ENDING_TIMEOUT = 2.0


class MonitorNode(Node):
    """Owns the board of the newest values, the web server, and the gateway for commands."""

    def __init__(self) -> None:
        super().__init__("monitor")
        # rclpy also destroys a node whose constructor failed: close only what was made.
        self._at_end = ExitStack()
        given = read(self, Parameters)
        refuse_unknown(self)
        arm, wiring = read_given_arm(given.urdf, given.wiring, with_collisions=False)
        self._poses = NamedPoses(given.poses, arm)
        arm = self._with_namespace(read_limits(self, arm, wiring).arm)
        self._board = Board((joint.name for joint in arm.driven), LONGEST_SILENCE)
        self._end_requested_at = 0.0  # monotonic [s]; 0: not requested
        self._gateway = RosGateway(self, self._board, arm, self._poses, given.jog__lease)
        self._at_end.callback(self._gateway.destroy)
        self._hub = StreamHub(given.viewers, _HEARTBEAT)
        self._key_file = None if is_loopback(given.host) else key_file(state_folder(os.environ))
        key = load_or_create_key(self._key_file) if self._key_file else None
        hosts = frozenset(name.lower() for name in (*given.trusted_hosts, given.host))
        meshes, missing = page_files(arm, Path(given.urdf))
        self._config = config = MonitorConfig(arm, self._poses, hosts, key, given.jog__lease, meshes, missing)
        self._control, self._edition = Control(self._gateway), edition_of(config)
        app = create_app(self._gateway, self._hub, Path(given.page_root), config, self._control)
        self._topics = Subscriptions(self, self._board)
        self.create_timer(1.0 / given.stream_rate, self._tick)
        self._diagnostics = topics.publisher(self, topics.DIAGNOSTICS)
        self._dropped = 0
        self._server = MonitorServer(app, self._hub, given.host, given.port)
        self._at_end.callback(self._server.stop)
        self._at_end.callback(self._gateway.close)
        self.create_timer(1.0, self._diagnose)
        self._announce(given.host)

    def advance_stop(self, signals: Signals) -> bool:
        """Outlive the servo interface where both are asked to end at once: STOP must work while the arm parks.

        The stand-alone runner, with a signal of its own, asks for the end once the servo interface has ended.
        """
        is_asked_alone = RUNNER_SIGNAL in signals or signals.asks_again(None)
        if is_asked_alone or not self.count_publishers(topics.STATE.name):
            return True
        self._end_requested_at = self._end_requested_at or time.monotonic()
        return not self._topics.is_arm_ending and time.monotonic() - self._end_requested_at > _ENDING_TIMEOUT

    def destroy_node(self) -> None:
        """End the server and whoever waits, then the node."""
        self._at_end.close()
        super().destroy_node()

    def _with_namespace(self, arm: ArmModel) -> ArmModel:
        """The arm with its namespace in its name: the page must show which arm its STOP stops."""
        namespace = self.get_namespace().strip("/")
        return replace(arm, name=f"{namespace}: {arm.name}") if namespace else arm

    def _tick(self) -> None:
        self._topics.read_joint_states()
        snapshot = self._board.at(time.monotonic())
        self._gateway.update(snapshot)
        if self._hub.viewers:
            viewers, capacity, driver = self._hub.viewers, self._hub.capacity, self._control.driver()
            self._hub.publish(encode_snapshot(snapshot, viewers, capacity, driver, self._edition))

    def _diagnose(self) -> None:
        if self._poses.refresh():  # a page shows them once it is loaded again, which it does by itself
            self._edition = edition_of(self._config)
        traffic = self._server.traffic
        now_dropped, self._dropped = traffic.dropped - self._dropped, traffic.dropped
        values: dict[str, object] = {"viewers": self._hub.viewers, "connections": traffic.open}
        values |= {"dropped": traffic.dropped}
        level, text = DiagnosticStatus.OK, "serving"
        if now_dropped > _USUAL_DROPS:
            level, text = DiagnosticStatus.WARN, f"{now_dropped} connections a second send no request"
            values |= {"done": "they are dropped", "remedy": "find the program that opens them; STOP works"}
        message = DiagnosticArray(status=[conversions.diagnostic(OWN_STATUS, level, text, values)])
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(message)

    def _announce(self, host: str) -> None:
        # Only where the key is: others may read this log.
        if self._key_file is not None:
            _print(f"access key in {self._key_file}")
        _print(f"ready {page_url(host, self._server.port)}")


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201
