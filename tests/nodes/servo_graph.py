"""The servo interface as a real process, and a node beside it that asks and hears it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import rclpy
from builtin_interfaces.msg import Time
from rclpy.executors import SingleThreadedExecutor
from rosgraph_msgs.msg import Clock
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from armature.environment import graph_environment
from armature.nodes.common import topics
from armature.nodes.common.conversions import positions_of, to_duration, to_seconds, to_stamp, values_of
from armature.share import dds_profile

from .emulated import JOINTS, POSES, SERVOS, URDF

# A busy machine answers late, and may put a process aside for longer than the servos' watchdog waits.
PARAMETERS = {"latency": 0.03, "max_missed_reads": 20, "connect_timeout": 10.0, "faults.bus_watchdog.time": 2.0}


_numbers = count()
REBOOTS = tuple(topics.reboot(joint) for joint in JOINTS)


def command(port: Path, namespace: str = "/test", **parameters: object) -> list[str]:
    """Command line of the servo interface."""
    values = {"urdf": URDF, "wiring": SERVOS, "poses": POSES, "port": port, **PARAMETERS, **parameters}
    line = [sys.executable, "-m", "armature.nodes.servo_interface", "--ros-args", "-r", f"__ns:={namespace}"]
    for name, value in values.items():
        line += ["-p", f"{name}:={value}"]
    return line


def environment() -> dict[str, str]:
    """Of a process of the graph, in the test's domain."""
    return graph_environment(os.environ, dds_profile())


class ServoGraph:
    """Hears all that the servo interface says; `close` it."""

    def __init__(self, port: Path, log: Path) -> None:
        self.port = port
        self.log = log
        self.is_simulated = False  # its time
        self.processes: list[subprocess.Popen] = []
        # Another run on this machine may have hit on the same domain.
        self.namespace = f"/test_{os.getpid()}_{next(_numbers)}"
        self.states, self.joint_states, self.commanded, self.stops, self.diagnostics = [], [], [], [], []
        self._join()

    def _join(self) -> None:
        self.context = rclpy.Context()
        rclpy.init(context=self.context, domain_id=int(os.environ["ROS_DOMAIN_ID"]))
        self.node = rclpy.create_node("beside", context=self.context, namespace=self.namespace)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        for topic, heard in (
            (topics.STATE, self.states),
            (topics.JOINT_STATES, self.joint_states),
            (topics.COMMANDED, self.commanded),
            (topics.PROTECTIVE_STOP_STATE, self.stops),
            (topics.DIAGNOSTICS, self.diagnostics),
        ):
            topics.subscription(self.node, topic, heard.append)
        self.setpoints = topics.publisher(self.node, topics.SETPOINTS)
        self.clock = self.node.create_publisher(Clock, "/clock", 10)
        self.clients = {
            service.name: self.node.create_client(service.kind, service.name)
            for service in (
                topics.ENABLE,
                topics.PROTECTIVE_STOP,
                topics.CLEAR_FAULTS,
                topics.TORQUE_OFF,
                *REBOOTS,
            )
        }

    def start(self, **parameters: object) -> ServoGraph:
        """Start a servo interface and await its services."""
        self.join_anew_if_killed()
        with self.log.open("ab") as log:
            self.is_simulated = bool(parameters.get("use_sim_time"))
            given = {"state_folder": self.log.parent / "state", **parameters}
            line = command(self.port, self.namespace, **given)
            self.processes.append(subprocess.Popen(line, env=environment(), stdout=log, stderr=log))
        self.until(lambda: all(client.service_is_ready() for client in self.clients.values()), 40.0)
        return self

    def join_anew_if_killed(self) -> None:
        """Join as another participant, which has not met a killed one.

        DDS takes a killed participant for alive for 20 s, so who has met it takes its services for ready, and a
        request is lost that is sent before the next one was met.
        """
        if any(process.poll() == -signal.SIGKILL for process in self.processes):
            self._leave()
            self._join()

    def until(self, condition, seconds: float = 20.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"waited in vain; {self.states[-1:]}\n{self.log.read_text()}"
            self.executor.spin_once(timeout_sec=0.05)

    def state(self) -> str:
        return self.states[-1].message if self.states else ""

    def values(self) -> dict[str, str]:
        return values_of(self.states[-1])

    def ask(self, service: topics.Service, request: object = None, seconds: float = 30.0):
        future = self.clients[service.name].call_async(request or service.kind.Request())
        self.until(future.done, seconds)
        return future.result()

    def enable(self, on: bool = True):
        return self.ask(topics.ENABLE, SetBool.Request(data=on))

    def stop(self, on: bool = True):
        return self.ask(topics.PROTECTIVE_STOP, SetBool.Request(data=on))

    def clear(self):
        return self.ask(topics.CLEAR_FAULTS, Trigger.Request())

    def positions(self) -> dict[str, float]:
        """As read after this call; in simulated time, as heard after it."""
        heard, since = self.joint_states, 0.0 if self.is_simulated else time.time()
        count = len(heard)
        self.until(lambda: len(heard) > count and to_seconds(heard[-1].header.stamp) >= since)
        return positions_of(heard[-1])

    def move_waist(self, distance: float, seconds: float, stamp: Time | None = None) -> None:
        """Publish a motion of the waist over a distance [rad], from now on, until it has begun."""
        self.until(lambda: self.setpoints.get_subscription_count() > 0)
        before = len(self.states)
        self.publish_waist(distance, seconds, stamp)
        self.until(lambda: any(state.message == "MOVING" for state in self.states[before:]))

    def publish_waist(self, distance: float, seconds: float, stamp: Time | None = None) -> None:
        """Publish it, whoever hears it."""
        begin = positions_of(self.commanded[-1])["waist"]
        message = JointTrajectory(joint_names=["waist"])
        message.header.stamp = stamp or to_stamp(self.node.get_clock().now().nanoseconds)
        message.header.frame_id = self.values()["session"]
        for at, position in ((0.0, begin), (seconds, begin + distance)):
            point = JointTrajectoryPoint(positions=[position], velocities=[0.0], accelerations=[0.0])
            point.time_from_start = to_duration(at)
            message.points.append(point)
        self.setpoints.publish(message)

    def tick(self, seconds: float) -> None:
        """Publish a simulated time."""
        self.clock.publish(Clock(clock=to_stamp(round(seconds * 1e9))))

    @property
    def process(self) -> subprocess.Popen:
        return self.processes[-1]

    def child(self) -> int:
        """Process id of the bus process that serves the port."""
        for pid in self.children():
            return pid
        raise AssertionError("there is no bus process")

    def children(self) -> Iterator[int]:
        """Process ids of bus children for the port."""
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = entry.read_bytes().split(b"\0")
            except OSError:
                continue
            if b"armature.nodes.bus_process" in line and str(self.port).encode() in b" ".join(line):
                yield int(entry.parent.name)

    def end(self, number: int = signal.SIGINT, seconds: float = 30.0) -> int:
        """Signal the servo interface, and await its end; returns its exit code."""
        self.process.send_signal(number)
        self.until(lambda: self.process.poll() is not None, seconds)
        return self.process.returncode

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        with suppress(AssertionError):
            os.kill(self.child(), signal.SIGKILL)
        self._leave()

    def _leave(self) -> None:
        self.executor.shutdown(0)
        self.node.destroy_node()
        self.context.shutdown()
