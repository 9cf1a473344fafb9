"""Nobody kills a graph whose arm may still be parking."""

from __future__ import annotations

import pytest

from armature.dynamixel.faults.policy import FaultPolicy
from armature.errors import ConfigError
from armature.graph import EMULATED, processes
from armature.robots import find_robot
from armature.standalone import configuration
from armature.stop_timeouts import STOP_TIMEOUT, last_timeout, stop_timeout


def parameters(folder, text):
    file = folder / "arm.yaml"
    file.write_text(text, "utf-8")
    return file


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", 30.0),
        ("/**/servo_interface: {ros__parameters: {faults: {park_time: 40.0}}}", 50.0),
        ("servo_interface: {ros__parameters: {faults.park_time: 41}}", 51.0),
        ("/left/servo_interface: {ros__parameters: {faults.park_time: 42.0}}", 52.0),
        ("/**: {ros__parameters: {faults: {park_time: 43.0}}}", 53.0),
        ("/**/servo_interface: {ros__parameters: {faults: {park_time: 5.0}}}", 30.0),
        ("/**/arm_controller: {ros__parameters: {faults: {park_time: 40.0}}}", 30.0),
        ("/**/servo_interface: {ros__parameters: {faults: {park_time: soon}}}", 30.0),
        ("/**/servo_interface: {ros__parameters: {faults: {park_time: .inf}}}", 30.0),
        ("/**/servo_interface: {ros__parameters: {faults: {park_time: .nan}}}", 30.0),
        ("/**/servo_interface: {ros__parameters: {faults: {park_time: 2026-13-45}}}", 30.0),
        (f"/**/servo_interface: {{ros__parameters: {{faults: {{park_time: {'9' * 400}}}}}}}", 30.0),
        ("/**/servo_interface: []", 30.0),
        ("[", 30.0),
    ],
)
def test_the_end_may_take_as_long_as_parking_may_and_what_belongs_to_it(tmp_path, text, seconds):
    file = parameters(tmp_path, text)
    assert stop_timeout([file]) == seconds
    assert last_timeout([file]) > seconds


def test_of_several_files_the_last_one_counts(tmp_path):
    robot = find_robot("armature6")
    file = parameters(tmp_path, "/**/servo_interface: {ros__parameters: {faults: {park_time: 40.0}}}")
    assert stop_timeout(robot.parameters) == STOP_TIMEOUT
    assert stop_timeout([*robot.parameters, file]) == 50.0
    assert stop_timeout([file, *robot.parameters]) == STOP_TIMEOUT


def test_the_runner_and_launch_wait_so_long_for_every_process(tmp_path):
    file = parameters(tmp_path, "/**/servo_interface: {ros__parameters: {faults: {park_time: 40.0}}}")
    robot = find_robot("armature6", parameters=str(file))
    graph = processes(robot, EMULATED, tmp_path)
    assert {process.stop_timeout for process in graph} == {50.0}
    assert configuration(graph, "", tmp_path).count("stopwaitsecs=50\n") == len(graph)


def test_a_way_for_which_the_page_would_not_wait_is_refused():
    assert FaultPolicy(park_time=45.0).park_time + 10.0 < 60.0  # nodes/monitor/gateway.py
    with pytest.raises(ConfigError, match="within 1 and 45"):
        FaultPolicy(park_time=45.1)
