"""What a node shows of its parameters is what is in force."""

from __future__ import annotations

import re

import pytest
import rclpy
from rclpy.parameter import Parameter

from armature.nodes.common.parameters.parameters import refuse_unknown
from armature.nodes.servo_interface.parameters import ServoConfiguration

from ...emulated import POSES, ROOT, SERVOS, URDF


@pytest.fixture
def node():
    context = rclpy.Context()
    rclpy.init(context=context)
    files = {"urdf": str(URDF), "wiring": str(SERVOS), "poses": str(POSES), "port": "/dev/null"}
    given = [Parameter(name, value=value) for name, value in files.items()]
    node = rclpy.create_node("test", context=context, parameter_overrides=given)
    yield node
    node.destroy_node()
    context.shutdown()


@pytest.mark.parametrize(
    ("name", "value"),
    [("faults.temperature.policy", "banana"), ("rate", 1e5), ("elbow.position_p_gain", 16383), ("port", "/dev/x")],
)
def test_a_change_that_would_not_be_in_force_is_refused(node, name, value):
    ServoConfiguration.of(node)
    before = node.get_parameter(name).value
    (result,) = node.set_parameters([Parameter(name, value=value)])
    assert not result.successful
    assert "read-only" in result.reason
    assert node.get_parameter(name).value == before
    assert "restart the process" in node.describe_parameter(name).description


def test_the_source_of_time_cannot_be_changed_while_a_node_runs(node):
    ServoConfiguration.of(node)
    refuse_unknown(node)
    (result,) = node.set_parameters([Parameter("use_sim_time", value=True)])
    assert not result.successful
    assert "read at the start" in result.reason
    assert not node.get_clock().ros_time_is_active


def test_a_parameter_describes_itself_by_what_is_said_of_its_field(node):
    ServoConfiguration.of(node)
    rate = node.describe_parameter("rate")
    assert rate.description == "of the bus loop [Hz]; read at the start; restart the process to change it"
    assert (rate.floating_point_range[0].from_value, rate.floating_point_range[0].to_value) == (2.0, 400.0)
    assert "how long a joint may be farther" in node.describe_parameter("faults.following_error.time").description
    assert node.describe_parameter("faults.park_time").floating_point_range[0].to_value == 45.0
    assert "back_off" in node.describe_parameter("faults.load.policy").description


def test_every_parameter_of_a_node_has_a_meaning(node):
    ServoConfiguration.of(node)
    names = [name for name in node._parameters if not name.startswith(("use_sim_time", "start_type"))]
    assert len(names) > 80
    assert [
        n for n in names if not re.match(r"[^;]*[a-z]{2}.*; read", node.describe_parameter(n).description)
    ] == []


def test_no_node_declares_parameters_in_another_way():
    sources = (ROOT / "src" / "armature").rglob("*.py")
    assert [file.name for file in sources if "declare_parameter" in file.read_text("utf-8")] == ["parameters.py"]
