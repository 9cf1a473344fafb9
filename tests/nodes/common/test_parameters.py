"""What a node shows of its parameters is what is in force."""

from __future__ import annotations

import pytest
import rclpy
from rclpy.parameter import Parameter

from armature.nodes.servo_interface.parameters import ServoConfiguration

from ..emulated import POSES, ROOT, SERVOS, URDF

# The wheels' lark imports a deprecated module of CPython when rclpy first needs a type.
pytestmark = pytest.mark.filterwarnings("ignore:module 'sre_:DeprecationWarning")


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


def test_the_source_of_time_can_still_be_changed(node):
    ServoConfiguration.of(node)
    (result,) = node.set_parameters([Parameter("use_sim_time", value=True)])
    assert result.successful, result.reason


def test_no_node_declares_parameters_in_another_way():
    sources = (ROOT / "src" / "armature").rglob("*.py")
    assert [file.name for file in sources if "declare_parameter" in file.read_text("utf-8")] == ["parameters.py"]
