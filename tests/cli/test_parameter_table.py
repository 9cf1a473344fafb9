"""A parameter file is checked by the dataclasses that the nodes read, before a node is started."""

from __future__ import annotations

import pytest

from armature.cli.parameter_check import find_refused
from armature.cli.parameter_table import known_parameters
from armature.core.model.parameter_file import read_parameters
from armature.core.model.urdf import read_urdf
from armature.core.refusals import Refusals
from armature.errors import ConfigError
from armature.robots import NODES, find_robot, robot_names

from ..nodes.emulated import JOINTS


def check(text: str) -> None:
    Refusals(find_refused(read_parameters(text, "own.yaml", NODES), JOINTS)).raise_all()


@pytest.mark.parametrize("name", robot_names())
def test_the_files_of_our_own_robots_pass(name):
    robot = find_robot(name)
    joints = [joint.name for joint in read_urdf(robot.urdf.read_text("utf-8")).driven]
    for file in robot.parameters:
        given = read_parameters(file.read_text("utf-8"), file.name, NODES)
        assert list(find_refused(given, joints)) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('/**/servo_interface: {ros__parameters: {rate: "50"}}', "line 1: parameter rate: '50' .*DOUBLE"),
        ("/**/servo_interface: {ros__parameters: {rate: 401}}", "line 1: parameter rate: 401.0 .*2 and 400 Hz"),
        ("/**/servo_interface: {ros__parameters: {max_missed_reads: 4.0}}", "max_missed_reads: 4.0 .*INTEGER"),
        ("/**/servo_interface: {ros__parameters: {rait: 50.0}}", r"parameter rait: 50.0 .*did you mean rate\?"),
        (
            "/**/servo_interface: {ros__parameters: {elbow: {position_p_gian: 1}}}",
            "did you mean elbow.position_p_gain",
        ),
        ("/**/servo_interface: {ros__parameters: {park_speed: on}}", "park_speed: true .*DOUBLE"),
        ("/**/servo_interface: {ros__parameters: {park_pose: off}}", "park_pose: false .*STRING .*in quotes"),
        ("/**/servo_interface: {ros__parameters: {park_poses: home}}", r"did you mean park_pose\?"),
        ("/**: {ros__parameters: {jog: {leases: 0.2}}}", "parameter jog.leases: 0.2 .*has no such"),
        ("/**/arm_controller: {ros__parameters: {checks: {collision: 1}}}", "checks.collision: 1 .*BOOL"),
        ("/**/arm_controller: {ros__parameters: {payload: 101}}", "payload: 101.0 .*0 and 100 kg"),
        ("/**/servo_interface: {ros__parameters: {faults: {park_time: 46}}}", "faults.park_time: 46.0 .*1 and 45"),
        ("/**: {ros__parameters: {payload: 1.0}}", "parameter payload: 1.0 .*/servo_interface has no such"),
        ("/**: {ros__parameters: {limits: {elbow: {velocity: fast}}}}", "limits.elbow.velocity: 'fast' .*DOUBLE"),
    ],
)
def test_what_a_node_would_refuse_is_refused_with_the_line(text, told):
    with pytest.raises(ConfigError, match=told) as refused:
        check(text)
    assert str(refused.value).startswith("own.yaml, line 1")
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    "text",
    [
        "/**: {ros__parameters: {use_sim_time: true, jog: {lease: 0.2}, limits: {elbow: {velocity: 1}}}}",
        "/**: {ros__parameters: {park_pose: home}}",
        "/left/servo_interface: {ros__parameters: {rate: 50, start_type_description_service: true}}",
        "/monitor: {ros__parameters: {trusted_hosts: [arm.local]}}",
    ],
)
def test_what_the_nodes_take_passes(text):
    check(text)


def test_the_table_names_every_node():
    assert {node for node, _ in known_parameters()} >= set(NODES)
