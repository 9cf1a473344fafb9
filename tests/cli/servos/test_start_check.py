"""What the nodes would refuse is refused before they are started, for whoever starts them."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from armature.cli.graph import up
from armature.cli.main import main
from armature.cli.servos.start_check import describe_tool, require_startable
from armature.errors import ConfigError
from armature.launch_arguments import require_usable
from armature.nodes.common.robot_files import read_arm
from armature.robots import find_robot

from ...small_arm import POSES, SERVOS, URDF, write_arm

# Node, parameter, what is told of it.
REFUSED = [
    ("servo_interface", "max_missed_reads: 0", "it must be at least 1"),
    ("servo_interface", "park_speed: 2.0", "it must be within 0 and 1"),
    ("servo_interface", "park_pose: nest", "poses are park, home"),
    ("servo_interface", "elbow.position_p_gain: 99999", "within 0 and 16383"),
    ("servo_interface", "elbow.contact: 1.0", "measure its torque_constant first"),
    ("servo_interface", "elbow.following_error: -5.0", "at least 0"),
    ("servo_interface", "faults.temperature.policy: explode", "policies are"),
    ("servo_interface", "limits.elbow.lower: -3.0", "within -2.4 and 2.4; the URDF's limits can only be narrowed"),
    ("arm_controller", "limits.elbow.velocity: 30.0", "above 0 and up to 3"),
    ("gripper_controller", "limits.elbow.jerk: 0.0", "a number above 0"),
    ("recorder", "snapshot_seconds: 0.0", "above 0 and up to 3600 s"),
    ("monitor", "limits.elbow.upper: 9.0", "can only be narrowed"),
    ("/**", "limits.wrist.upper: 1.0", "joints are shoulder, elbow"),
    ("arm_controller", "tool_frame: hand", "frames are base_link, upper_arm, forearm"),
    ("arm_controller", "checks.margin: -1.0", "within 0 and 0.1"),
    ("arm_controller", 'checks.allowed_pairs: ["a b c"]', 'write two links as "first second"'),
    ("arm_controller", 'checks.allowed_pairs: ["forearm hand"]', "links are base_link, upper_arm, forearm, floor"),
    ("servo_interface", "park_pose: !!binary aGVsbG8=", "ROS has no type for it"),
    ("arm_controller", "moves.blend: 5.0", "within 0.001 and 1"),
    ("arm_controller", "constraints.elbow.goal: -1.0", "finite and at least 0"),
    ("arm_controller", "reading_timeout: -1.0", "within 0.01 and 60 s"),
    ("gripper_controller", "jog.lease: .nan", "within 0.02 and 5 s"),
    ("arm_controller", "limits.elbow.margin: -1.0", "finite and at least 0"),
    ("arm_controller", "limits.elbow.start_tolerance: .inf", "finite and at least 0"),
    ("arm_controller", "speed_scaling.initial_scaling_factor: 3.0", "give 0 to 2"),
    ("monitor", "stream_rate: 0.0", "within 0.1 and 100 Hz"),
    ("monitor", "viewers: 0", "within 1 and 1000"),
    ("monitor", "port: 70000", "within 0 and 65535"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_arm(tmp_path_factory.mktemp("robots") / "my_arm")


def given(tmp_path, node, parameter):
    file = tmp_path / "own.yaml"
    file.write_text(f"{node}:\n  ros__parameters:\n    {parameter}\n", "utf-8")
    return str(file)


@pytest.mark.parametrize(("node", "parameter", "told"), REFUSED)
def test_what_a_node_would_refuse_is_refused_with_file_and_line(folder, tmp_path, node, parameter, told):
    file = given(tmp_path, node, parameter)
    with pytest.raises(ConfigError) as refused:
        require_startable(find_robot(str(folder), parameters=file))
    name = parameter.partition(":")[0]
    assert str(refused.value).startswith(f"{file}, line 3: parameter {name}: ")
    assert told in str(refused.value)


@pytest.mark.parametrize("command", ["check", "up", "launch"])
def test_limits_that_leave_no_park_pose_are_refused_by_whoever_starts(
    folder, tmp_path, capsys, monkeypatch, command
):
    monkeypatch.setenv("ARMATURE_RUNTIME", str(tmp_path / "runtime"))
    file = given(tmp_path, "/**", "limits.elbow.upper: 2.0")
    told = "park_pose: 'park' cannot be used; elbow would be at 2.3911, its limits are -2.4 to 2"
    if command == "launch":
        with pytest.raises(ConfigError, match=told):
            require_usable(find_robot(str(folder), parameters=file))
        return
    extra = ("--http", "127.0.0.1:0") if command == "up" else ("--port", "emulated")
    assert main([command, "--robot", str(folder), "--params-file", file, *extra]) == 1
    assert told in "".join(capsys.readouterr())


def test_parts_that_may_touch_may_touch_in_the_park_pose(tmp_path):
    lying = POSES.replace("shoulder: -108 deg, elbow: 137 deg", "shoulder: 108 deg, elbow: 90 deg")
    arm = str(write_arm(tmp_path / "my_arm", {"poses.yaml": lying}))
    with pytest.raises(ConfigError, match=r"park_pose: 'park' .* forearm and floor overlap there by"):
        require_startable(find_robot(arm))
    pairs = 'checks.allowed_pairs: ["forearm floor", "upper_arm floor"]'
    require_startable(find_robot(arm, parameters=given(tmp_path, "arm_controller", pairs)))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("world", "--pose", "nest"), "--pose: 'nest' cannot be used; .*poses are park, home"),
        (("world", "--out", "/nowhere/world.sdf"), r"--out: '/nowhere/world.sdf' .* written \(No such file"),
        (("check", "--port", "a=/dev/x"), "/dev/x"),
        (("check", "--params-file", "/nowhere.yaml"), "parameter file: '/nowhere.yaml' .* .No such file"),
        (("check", "--xacro-arg", "side:=left"), "xacro argument: 'side:=left' .* no xacro file"),
    ],
)
def test_what_a_command_line_gives_is_refused_with_its_option(folder, capsys, words, told):
    command, *others = words
    assert main([command, "--robot", str(folder), *others]) == 1
    assert re.search(told, "".join(capsys.readouterr()))


def test_each_of_several_buses_needs_a_device(tmp_path, capsys, monkeypatch):
    two = SERVOS.replace("bus:", "buses:").replace(
        "  baud_rate: 1000000 bit/s", "  a: {baud_rate: 1 Mbit/s}\n  b: {baud_rate: 1 Mbit/s}"
    )
    wired = two.replace("id: 1,", "id: 1, bus: a,").replace("id: 2,", "id: 2, bus: b,")
    folder = write_arm(tmp_path / "my_arm", {"servos.yaml": wired})
    monkeypatch.setattr("armature.cli.servos.check.stable_names", lambda: ["x"])
    assert main(["check", "--robot", str(folder)]) == 1
    assert "--port: '' cannot be used; name one device for each bus: a=DEVICE,b=DEVICE" in capsys.readouterr().err


def test_a_check_loads_neither_the_web_server_nor_the_writer_of_bags():
    program = (
        "import sys; from armature.cli.servos.start_check import require_startable; "
        "from armature.robots import find_robot; require_startable(find_robot()); "
        "print({'flask', 'cheroot', 'armature.dynamixel.loop.loop', 'mcap.writer'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == "set()"


GRIPPER = """<link name="hand"/><link name="tip"/>
<joint name="flange" type="fixed"><parent link="forearm"/><child link="hand"/><origin xyz="0 0 0.06"/></joint>
<joint name="tip_joint" type="fixed"><parent link="hand"/><child link="tip"/><origin xyz="0.03 0 0.04"/></joint>
</robot>"""
NO_TOOL = "forearm; tool_frame in arm.yaml changes it"
FARTHER = "tip lies 0.10 m farther out; if that is the tool, give tool_frame: tip"


@pytest.mark.parametrize(
    ("urdf", "parameters", "told"),
    [
        (URDF, "", (NO_TOOL, "")),
        (URDF.replace("</robot>", GRIPPER), "", (NO_TOOL, FARTHER)),
        (
            URDF.replace("</robot>", GRIPPER).replace('"tip"', '"tool0"'),
            "",
            (NO_TOOL.replace("forearm", "tool0"), ""),
        ),
        (URDF.replace("</robot>", GRIPPER), "tool_frame: tip", ("tip, by tool_frame in {}, line 2", "")),
    ],
)
def test_the_frame_of_the_tool_is_told_and_which_one_lies_farther_out(tmp_path, capsys, urdf, parameters, told):
    own = f"arm_controller:\n  ros__parameters: {{{parameters}}}\n"
    place = write_arm(tmp_path / "my_arm", {"my_arm.urdf": urdf, **({"arm.yaml": own} if parameters else {})})
    frame, farther = (text.format(place / "arm.yaml") for text in told)
    robot = find_robot(str(place))
    assert describe_tool(robot, read_arm("--urdf", robot.urdf, with_collisions=False), "left") == (frame, farther)
    assert up._require_usable(robot, "left") == ". ".join(filter(None, (frame, farther)))
    main(["check", "--robot", str(place), "--port", "emulated"])
    shown = [line.split(None, 2)[1:] for line in capsys.readouterr().out.splitlines() if line.startswith("tool ")]
    assert shown == [["ok", frame], *([["warning", farther]] if farther else [])]
