"""The table of docs/reference/controller.md names tests that exist, and parameters that do."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

from armature.cli.parameter_table import known_by_node
from armature.core.model.urdf import read_urdf
from armature.nodes.arm_controller.jtc_parameters import JointConstraints, TrajectoryParameters

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "reference" / "controller.md").read_text("utf-8")
ROWS = [line for line in PAGE.partition("## JTC's behaviours")[2].splitlines() if line.startswith("| ")][1:]
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)))
MOVEIT = yaml.safe_load((ROOT / "config" / "moveit_controllers.yaml").read_text("utf-8"))


def defined(path: Path) -> set[str]:
    """Functions, classes and names at the top of a file of tests."""
    names = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            targets = [name for target in node.targets for name in ast.walk(target)]
            names |= {name.id for name in targets if isinstance(name, ast.Name)}
    return names


@pytest.mark.parametrize("file", sorted({file for file, _ in NAMED}))
def test_every_test_that_the_table_names_exists(file: str) -> None:
    assert {test for name, test in NAMED if name == file} <= defined(ROOT / "tests" / file)


def test_every_behaviour_has_a_test() -> None:
    behaviours = [row for row in ROWS if not row.startswith("| **")]
    assert len(behaviours) > 40
    assert [row for row in behaviours if "::test" not in row and "::Test" not in row] == []


@pytest.mark.parametrize("kind", [TrajectoryParameters, JointConstraints])
def test_every_parameter_of_jtcs_stands_on_the_page_with_its_default(kind: type) -> None:
    for name, field in kind.__dataclass_fields__.items():
        written = re.search(rf"`(?:constraints\.<joint>\.)?{name.replace('__', '.')}` \| (\w[\w.]*)", PAGE)
        assert written, name
        assert yaml.safe_load(written[1]) == field.default


def test_moveits_controllers_are_the_graphs_with_the_default_arms_joints() -> None:
    arm = read_urdf((ROOT / "urdf" / "armature6.urdf").read_text("utf-8"))
    manager = MOVEIT["moveit_simple_controller_manager"]
    assert manager["controller_names"] == ["arm_controller", "gripper_controller"]
    assert manager["arm_controller"]["joints"] == [j.name for j in arm.driven if j.kind == "revolute"]
    assert manager["gripper_controller"]["joints"] == [j.name for j in arm.driven if j.kind == "prismatic"]


def test_moveits_actions_are_the_ones_that_are_served() -> None:
    from armature.nodes.common import topics

    manager = MOVEIT["moveit_simple_controller_manager"]
    served = (topics.FOLLOW_JOINT_TRAJECTORY, topics.GRIPPER_COMMAND)
    for name, action in zip(manager["controller_names"], served, strict=True):
        assert f"{name}/{manager[name]['action_ns']}" == action.name
        assert manager[name]["type"] == action.kind.__name__


# Of ros2_controllers in August 2026.
JTC = [
    *("joints", "command_joints", "command_interfaces", "state_interfaces"),
    *("speed_scaling.initial_scaling_factor", "speed_scaling.state_interface", "speed_scaling.command_interface"),
    *("allow_partial_joints_goal", "interpolate_from_desired_state", "allow_integration_in_goal_trajectories"),
    *("set_last_command_interface_value_as_state_on_activation", "action_monitor_rate", "interpolation_method"),
    *(
        "allow_nonzero_velocity_at_trajectory_end",
        "cmd_timeout",
        "positions_upsampling.enable",
        "positions_upsampling.policy_frequency",
    ),
    *("allow_trajectory_replacement", "constraints.stopped_velocity_tolerance", "constraints.goal_time"),
    *("constraints.decelerate_on_cancel", "constraints.waist.trajectory", "constraints.waist.goal"),
    *("constraints.waist.max_deceleration_on_cancel", "gains.waist.p", "gains.waist.i", "gains.waist.d"),
    *("gains.waist.ff_velocity_scale", "gains.waist.u_clamp_max", "gains.waist.u_clamp_min"),
    *("gains.waist.i_clamp_max", "gains.waist.i_clamp_min", "gains.waist.antiwindup_strategy"),
    *("gains.waist.tracking_time_constant", "gains.waist.error_deadband"),
]
GRIPPER = [
    *("action_monitor_rate", "joint", "state_interfaces", "goal_tolerance", "allow_stalling", "stall_timeout"),
    *("stall_velocity_threshold", "max_effort_interface", "max_effort", "max_velocity_interface", "max_velocity"),
]


def test_all_of_jtcs_parameters_are_listed() -> None:
    assert len(JTC) == 35


@pytest.mark.parametrize(("node", "names"), [("arm_controller", JTC), ("gripper_controller", GRIPPER)])
def test_every_parameter_of_ros2_controllers_is_known_and_stands_on_the_page(node: str, names: list[str]) -> None:
    known = known_by_node(["waist"], None)[node]
    assert [name for name in names if name not in known] == []
    for name in names:
        group, _, last = name.rpartition(".")
        written = [
            f"`{name.replace('waist', '<joint>')}`",
            f"`.{last}`",
            f"`{group.replace('waist', '<joint>')}.*`",
        ]
        assert any(text in PAGE for text in written), name
