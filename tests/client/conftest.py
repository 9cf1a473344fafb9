from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.parameter import Parameter
from std_srvs.srv import SetBool

from armature import Arm
from armature.nodes.common import topics
from armature.nodes.common.conversions import diagnostic
from armature.nodes.state_publisher.node import StatePublisher

from ..nodes.motion_graph import MotionGraph
from ..nodes.virtual_time import SIMULATED

POSES = """
park: {waist: 0 rad, elbow: 0 rad}
aside: {waist: 0.5 rad, elbow: -0.3 rad}
"""
PATIENCE = 60.0  # of an arm [s]: these tests take what other programs leave of the machine


class ClientGraph:
    """Controllers, a stand-in of the servo interface, and an arm whose calls run while their time passes."""

    def __init__(self, motion):
        self.motion = motion
        self.asked = []  # services, and with what
        self.refusal = ""  # of the next request
        node = motion.node
        for service in (topics.ENABLE, topics.PROTECTIVE_STOP, topics.CLEAR_FAULTS, topics.TORQUE_OFF):
            node.create_service(service.kind, service.name, self._answer(service))
        node.create_service(SetBool, topics.free("elbow").name, self._answer(topics.free("elbow")))
        self._diagnostics = topics.publisher(node, topics.DIAGNOSTICS)

    def say_alive(self):
        status = diagnostic("servo_interface: bus", DiagnosticStatus.OK, "ok", {})
        self._diagnostics.publish(DiagnosticArray(status=[status]))

    def is_at_rest(self):
        """As a motion counts as ended [rad/s, m/s]."""
        return max(map(abs, self.motion.servos.velocity.values())) < 1e-3

    def do(self, act):
        """Let an arm do something in another thread, as time passes here; returns its result."""
        with ThreadPoolExecutor(1) as worker:
            done = worker.submit(act)
            self.motion.attend(done.done, 3.0 * PATIENCE)
            return done.result()

    def arm(self):
        return self.do(Arm)

    def _answer(self, service):
        def answer(request, response):
            on = getattr(request, "data", None)
            self.asked.append((service, on))
            response.success, response.message = not self.refusal, self.refusal or "done"
            if service is topics.ENABLE and response.success:
                self.motion.servos.be(*(("ENABLED", f"s{len(self.asked)}") if on else ("DISABLED",)))
            return response

        return answer


@pytest.fixture(scope="module")
def _motion(tmp_path_factory, module_domain):
    threads = set(threading.enumerate())
    folder = tmp_path_factory.mktemp("motion")
    (folder / "poses.yaml").write_text(POSES)
    motion = MotionGraph(folder, arm_parameters={"poses": str(folder / "poses.yaml")}).enable_servos()
    given = [SIMULATED, Parameter("urdf", value=str(motion.urdf))]
    motion.controllers.append(motion._add(StatePublisher(context=motion.context, parameter_overrides=given)))
    yield motion
    motion.close()
    assert set(threading.enumerate()) <= threads


@pytest.fixture(scope="module")
def _graph(_motion):
    return ClientGraph(_motion)


@pytest.fixture
def graph(_graph, own_domain, monkeypatch, module_domain):
    """The graph, enabled and at home."""
    monkeypatch.setenv("ROS_DOMAIN_ID", str(module_domain))
    monkeypatch.setattr("armature.client.connection.TIMEOUT", PATIENCE)
    monkeypatch.setattr("armature.client.connection.ABSENT_TIME", PATIENCE)  # the graph is a part of this process
    _graph.asked.clear()
    _graph.refusal = ""
    _graph.motion.servos.be("ENABLED", "s0")
    return _graph


@pytest.fixture(scope="module")
def _arm(_graph, module_domain):
    """One for all tests of a file; that its thread ends with it is seen by the graph, which ends behind it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROS_DOMAIN_ID", str(module_domain))
        patch.setattr("armature.client.connection.TIMEOUT", PATIENCE)
        patch.setattr("armature.client.connection.ABSENT_TIME", PATIENCE)
        arm = _graph.arm()
    yield arm
    _graph.do(arm.close)


@pytest.fixture
def arm(graph, _arm):
    """Of the graph; it has heard that this is enabled."""
    graph.motion.attend(lambda: _arm._session.readings.reported.name == "ENABLED")
    return _arm
