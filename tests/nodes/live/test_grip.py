"""A limit of the gripper's effort, from a client of its action to the servo and back, in real processes."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager

import pytest
from control_msgs.action import ParallelGripperCommand
from rclpy.action import ActionClient
from rclpy.parameter import Parameter
from sensor_msgs.msg import JointState

from armature.bench.simulation.virtual import ARM
from armature.dynamixel.tables.registry import servo_model
from armature.emulator.faults import console
from armature.nodes.arm_controller.gripper_controller import GripperController
from armature.nodes.common import topics
from armature.nodes.emulator.console import ask

from ...confirmed import confirmed
from ..emulated import POSES, SERVOS, URDF, emulator
from ..servo_graph import ServoGraph

pytestmark = [
    pytest.mark.process,
    pytest.mark.real_time,
    pytest.mark.usefixtures("nothing_left"),
]
MODEL = servo_model("XM430-W350")
GRIPPER = f"""model: {MODEL.name}
    mode: current-based position
    current_limit: 0.5 A
    torque_constant: {MODEL.stall_torque / MODEL.stall_current} N·m/A
    """
# Current-based position control has no damping of its own in the emulator.
GAINS = {"gripper.position_p_gain": 400, "gripper.position_d_gain": 3_000}
TOLERANCE = 1.0  # [N], two steps of the current and more


@pytest.fixture
def wiring(tmp_path):
    """The arm's, with a gripper whose servo limits its current."""
    head, _, tail = SERVOS.read_text("utf-8").partition("    id: 7\n    model: XL430-W250\n    ")
    file = tmp_path / "servos.yaml"
    file.write_text(confirmed(f"{head}    id: 7\n    {GRIPPER}{tail}", ARM), "utf-8")
    return file


@pytest.fixture
def graph(tmp_path, wiring):
    with gripping(tmp_path, wiring, GAINS) as graph:
        yield graph


@contextmanager
def gripping(tmp_path, wiring, gains):
    """The servo interface as a process on emulated servos, the gripper's controller and a client beside it."""
    with emulator(tmp_path / "bus", robot=(URDF, wiring, POSES)):
        graph = ServoGraph(tmp_path / "bus", tmp_path / "servo_interface.log")
        own = {
            "urdf": str(URDF),
            "wiring": str(wiring),
            "gripper.position_p_gain": gains["gripper.position_p_gain"],
        }
        given = [Parameter(name, value=value) for name, value in own.items()]
        options = {"context": graph.context, "namespace": graph.namespace, "parameter_overrides": given}
        controller = GripperController(**options)
        graph.executor.add_node(controller)
        graph.client = ActionClient(graph.node, ParallelGripperCommand, topics.GRIPPER_COMMAND.name)
        try:
            graph.start(wiring=wiring, **gains)
            graph.until(lambda: graph.state() == "DISABLED" and graph.client.server_is_ready())
            graph.enable()
            graph.until(
                lambda: (
                    controller.control.state.motion.setpoint(0.0) is not None
                    and controller.control.state.arm.measured
                )
            )
            yield graph
        finally:
            graph.client.destroy()
            graph.executor.remove_node(controller)
            controller.destroy_node()
            graph.close()


def grip(graph, position, *effort):
    """Send the gripper somewhere [m] with a limit of its effort [N]; returns the result."""
    goal = ParallelGripperCommand.Goal(command=JointState(position=[position], effort=effort))
    sent = graph.client.send_goal_async(goal)
    graph.until(sent.done)
    answer = sent.result().get_result_async()
    graph.until(answer.done)
    return answer.result().result


def test_what_is_between_the_fingers_is_held_as_hard_as_the_command_allows(graph):
    opened = grip(graph, 0.02)
    assert (opened.reached_goal, opened.stalled) == (True, False)
    console.read_reply(ask(graph.port, console.inject("stuck_joint", "gripper", {}, math.inf)))
    for limit in (10.0, 30.0, 15.0):
        held = grip(graph, 0.0, limit)
        assert (held.reached_goal, held.stalled) == (False, True)
        assert held.state.effort[0] == pytest.approx(-limit, abs=TOLERANCE)
    assert grip(graph, 0.0).state.effort[0] < -60.0  # the wiring file's 0.5 A
    refused = grip(graph, 0.0, -1.0)
    assert (refused.reached_goal, refused.stalled) == (False, False)
    assert graph.state() == "ENABLED"


def test_a_servo_that_cannot_limit_its_current_holds_what_stops_it_without_an_overload(tmp_path):
    with gripping(tmp_path, SERVOS, {"gripper.position_p_gain": 1280}) as graph:
        assert grip(graph, 0.02).reached_goal
        console.read_reply(ask(graph.port, console.inject("stuck_joint", "gripper", {}, math.inf)))
        held = grip(graph, 0.0)
        assert (held.reached_goal, held.stalled) == (False, True)
        end = time.monotonic() + 4.0  # more than twice of what the servo would bear at its stall torque
        graph.until(lambda: time.monotonic() > end)
        assert graph.state() == "ENABLED"
