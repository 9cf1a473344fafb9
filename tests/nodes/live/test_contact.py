"""An obstacle in the way of a goal, in real processes: the reason in state and result, and the way out."""

from __future__ import annotations

import math

import pytest
from builtin_interfaces.msg import Duration
from control_msgs.action import FollowJointTrajectory
from control_msgs.msg import JointTolerance
from rclpy.action import ActionClient
from rclpy.parameter import Parameter
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from armature.emulator.faults import console
from armature.nodes.arm_controller.arm_controller import ArmController
from armature.nodes.common import topics
from armature.nodes.emulator.console import ask

from ..emulated import SERVOS, URDF, emulator
from ..servo_graph import ServoGraph

pytestmark = [
    pytest.mark.process,
    pytest.mark.real_time,
    pytest.mark.usefixtures("nothing_left"),
]
Result = FollowJointTrajectory.Result


@pytest.fixture
def graph(tmp_path):
    """The servo interface as a process on emulated servos, the arm's controller and a client beside it."""
    with emulator(tmp_path / "bus"):
        graph = ServoGraph(tmp_path / "bus", tmp_path / "servo_interface.log")
        given = [Parameter(name, value=str(file)) for name, file in (("urdf", URDF), ("wiring", SERVOS))]
        controller = ArmController(context=graph.context, namespace=graph.namespace, parameter_overrides=given)
        graph.executor.add_node(controller)
        graph.client = ActionClient(graph.node, FollowJointTrajectory, topics.FOLLOW_JOINT_TRAJECTORY.name)
        graph.joints = controller.joints
        try:
            graph.start()
            graph.until(lambda: graph.state() == "DISABLED" and graph.client.server_is_ready())
            graph.enable()
            graph.until(
                lambda: (
                    controller.control.state.motion.setpoint(0.0) is not None
                    and controller.control.state.arm.measured
                )
            )
            graph.controller = controller
            yield graph
        finally:
            graph.client.destroy()
            graph.executor.remove_node(controller)
            controller.destroy_node()
            graph.close()


def follow(graph, waist, path=0.0):
    """Send the waist by so much [rad] within 1.5 s; returns the result."""
    begin = graph.controller.control.state.motion.setpoint(graph.controller.now()).position.tolist()
    target = [
        place + (waist if joint == "waist" else 0.0) for joint, place in zip(graph.joints, begin, strict=True)
    ]
    point = JointTrajectoryPoint(positions=target, time_from_start=Duration(sec=1, nanosec=500_000_000))
    goal = FollowJointTrajectory.Goal(trajectory=JointTrajectory(joint_names=list(graph.joints), points=[point]))
    if path:
        goal.path_tolerance = [JointTolerance(name=joint, position=path) for joint in graph.joints]
    sent = graph.client.send_goal_async(goal)
    graph.until(sent.done)
    answer = sent.result().get_result_async()
    graph.until(answer.done)
    return answer.result().result


@pytest.mark.parametrize("path", [0.0, 0.02], ids=["found by the servo interface", "found by the controller"])
def test_the_arm_backs_off_says_so_and_takes_what_leads_away(graph, path):
    console.read_reply(ask(graph.port, console.inject("stuck_joint", "waist", {}, math.inf)))
    blocked = follow(graph, -0.3, path)
    assert blocked.error_code == Result.PATH_TOLERANCE_VIOLATED
    assert blocked.error_string.startswith("blocked at waist, 0.0")
    graph.until(lambda: graph.state() == "ENABLED")
    values = graph.values()
    assert (values["torque"], values["cause"]) == ("on", "blocked")
    assert values["why"].startswith("blocked at waist, 0.0")
    assert values["blocked.waist"].startswith("below ")
    pressing = follow(graph, -0.3)
    assert "motion of waist, which is blocked below" in pressing.error_string
    console.read_reply(ask(graph.port, console.clear(None)))
    assert follow(graph, 0.2).error_code == Result.SUCCESSFUL
    graph.executor.remove_node(graph.controller)  # it is heard no more, in the session that went on
    graph.until(lambda: graph.values()["cause"] == "controller_gone")
