"""`armature check` and `armature scan` against the emulator's process."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from armature.cli import main
from armature.cli.servos import check, scan
from armature.cli.servos import port as _port
from armature.cli.servos.robot_check import read_policy, servo_parameters
from armature.core.health import Thresholds
from armature.dynamixel.commissioning.inspection import Verdict
from armature.dynamixel.protocol.serial_port import SerialPort
from armature.emulator.servo.servo import BOOT_TIME
from armature.nodes.common.device_holder import describe_process, lock_holder
from armature.nodes.common.serial_adapter import read_adapter
from armature.robots import find_robot

from ...nodes.emulated import JOINTS, emulator
from ...virtual_arm import VirtualArm

pytestmark = pytest.mark.usefixtures("nothing_left")
_HOLD = "import serial, sys; s = serial.Serial(sys.argv[1], exclusive=True); print('held', flush=True); input()"


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    path = tmp_path_factory.mktemp("emulator") / "bus"
    with emulator(path):
        yield path


PATIENCE = 0.5  # [s]


@pytest.fixture
def held(port):
    """The port while another program has it."""
    command = [sys.executable, "-c", _HOLD, str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        yield holder
        holder.stdin.close()


@pytest.mark.process
@pytest.mark.parametrize(("seconds", "verdict"), [(0.001, "ok"), (0.009, "warning")])
def test_every_servo_is_found_well_and_a_table_is_shown(port, capsys, monkeypatch, seconds, verdict):
    # So long each cycle takes, however busy this machine is, and no answer is late, of which it would warn.
    monkeypatch.setattr(check, "time", SimpleNamespace(perf_counter=count(0.0, seconds).__next__))
    monkeypatch.setattr(check, "SerialPort", lambda path, rate, latency: SerialPort(path, rate, PATIENCE))
    code = main.main(["check", "--port", str(port)])
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[3] for line in lines if line.startswith("id ")} == {"ok"}
    assert [line.split()[2] for line in lines if line.startswith("id ")] == list(JOINTS)
    assert any(line.startswith("baud                ok       1000000 bit/s") for line in lines)
    (cycle,) = (line for line in lines if line.startswith("cycle"))
    assert cycle.split()[1] == verdict
    assert "ms at 100 Hz" in cycle
    assert code == 0


@pytest.mark.process
def test_programs_get_the_same_as_json(port, capsys):
    assert main.main(["check", "--json", "--robot", "open_manipulator_x", "--port", str(port)]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["verdict"] == "FAILURE"
    wrong = [finding for finding in answer["findings"] if finding["verdict"] == "FAILURE"]
    assert all(finding["remedy"] for finding in wrong)


@pytest.mark.process
def test_servos_that_speak_at_another_rate_are_found_there(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(check, "baud_rates", lambda: (57_600, 1_000_000, 2_000_000))
    with emulator(tmp_path / "bus", baud=57_600):
        assert main.main(["check", "--port", str(tmp_path / "bus")]) == 1
        assert "no servo answers at the 1000000 bit/s of the wiring file, but id 1, 2" in capsys.readouterr().out
        assert main.main(["scan", "--json", "--baud", "57600", "--port", str(tmp_path / "bus")]) == 0
        (seen,) = json.loads(capsys.readouterr().out)
        assert [servo["id"] for servo in seen["servos"]] == [1, 2, 3, 4, 5, 6, 7]
        assert main.main(["scan", "--baud", "1000000", "--port", str(tmp_path / "bus")]) == 1


@pytest.mark.process
@pytest.mark.parametrize("command", ["check", "scan"])
def test_a_port_that_is_held_is_refused_with_the_process_that_holds_it(port, held, command, capsys):
    assert main.main([command, "--port", str(port)]) == 1
    told = capsys.readouterr().err
    assert f"process {held.pid} (" in told
    assert "holds it; end it first" in told


@pytest.mark.process
def test_the_holder_is_known_through_any_link_to_the_device(port, held, tmp_path):
    (tmp_path / "other").symlink_to(port)
    assert lock_holder(str(tmp_path / "other")) == held.pid
    assert lock_holder(str(tmp_path / "absent")) is None
    assert "import serial" in describe_process(held.pid)


def test_a_process_that_has_gone_is_told_by_its_number():
    assert describe_process(2**22 + 1) == f"process {2**22 + 1}"


@pytest.mark.parametrize(
    ("command", "names", "told"),
    [
        ("scan", [], "no adapter is plugged in; name a device"),
        ("check", ["/dev/a", "/dev/b"], "adapters are /dev/a, /dev/b"),
    ],
)
def test_without_a_port_there_must_be_one_adapter(monkeypatch, capsys, command, names, told):
    for module in (_port, check):
        monkeypatch.setattr(module, "stable_names", lambda: names)
    assert main.main([command]) == 1
    assert told in capsys.readouterr().err


# The files


@pytest.fixture
def robot(tmp_path, monkeypatch):
    """Files of an arm of one's own, and what `armature check` without an adapter says of them."""
    monkeypatch.setattr(check, "stable_names", list)
    shipped = find_robot("armature6")
    files = {}
    for name in ("urdf", "wiring", "poses"):
        files[name] = tmp_path / getattr(shipped, name).name
        files[name].write_text(getattr(shipped, name).read_text("utf-8"))

    def found(*_):
        return replace(shipped, **files, wiring_text=files["wiring"].read_text("utf-8"))

    monkeypatch.setattr(check, "chosen_robot", found)
    return SimpleNamespace(**files)


def findings(capsys, code):
    assert main.main(["check", "--json"]) == code
    return {item["subject"]: item for item in json.loads(capsys.readouterr().out)["findings"]}


def test_without_a_device_the_files_alone_are_checked_and_that_is_told(robot, capsys):
    found = findings(capsys, 0)
    assert found["files"]["verdict"] == "OK"
    assert "name a device: --port DEV" in found["servos"]["remedy"]


def test_a_wiring_that_nobody_has_confirmed_is_told_with_the_command(robot, capsys):
    robot.wiring.write_text(robot.wiring.read_text("utf-8").replace("id: 3\n", "id: 33\n"))
    wiring = findings(capsys, 0)["wiring"]
    assert "every motion is a tenth as fast" in wiring["detail"]
    assert "armature calibrate" in wiring["remedy"]


def _without_park(robot):
    robot.poses.write_text(robot.poses.read_text("utf-8").replace("park:\n", "rest:\n", 1))
    return "parameter park_pose: 'park' cannot be used; poses are rest, home"


def _without_unit(robot):
    robot.poses.write_text(robot.poses.read_text("utf-8").replace("elbow: 60 deg", "elbow: 60", 1))
    return "write a number and a unit"


def _without_joint(robot):
    robot.poses.write_text(robot.poses.read_text("utf-8").replace("  elbow: 60 deg\n", "", 1))
    return "elbow"


def _beyond_range(robot):
    text = robot.wiring.read_text("utf-8").replace("id: 2\n", "id: 2\n    range: [-90 deg, 60 deg]\n", 1)
    robot.wiring.write_text(text)
    return "shoulder would be at -1.74533, its limits are -1.5708 to"


def _folded_into_itself(robot):
    text = robot.poses.read_text("utf-8")
    robot.poses.write_text(
        text.replace("shoulder: -100 deg\n  elbow: 60 deg", "shoulder: 95 deg\n  elbow: 60 deg", 1)
    )
    return "overlap there by"


def _missing(robot):
    robot.poses.unlink()
    return "poses file"


@pytest.mark.parametrize(
    "spoil", [_without_park, _without_unit, _without_joint, _beyond_range, _folded_into_itself, _missing]
)
def test_poses_that_a_start_would_refuse_are_refused_here_too(robot, capsys, spoil):
    told = spoil(robot)
    assert told in findings(capsys, 1)["poses"]["detail"]


def test_a_pose_in_which_parts_overlap_is_warned_of(robot, capsys):
    text = robot.poses.read_text("utf-8")
    folded = text.replace("shoulder: -20 deg\n  elbow: 40 deg", "shoulder: 95 deg\n  elbow: 60 deg", 1)
    robot.poses.write_text(folded)
    found = findings(capsys, 0)["poses"]
    assert found["verdict"] == "WARNING"
    assert found["detail"].startswith("pose home: ")
    assert "no move leads there" in found["remedy"]


def test_a_pose_that_the_servos_do_not_hold_is_warned_of(robot, capsys):
    robot.wiring.write_text(robot.wiring.read_text("utf-8").replace("XM540-W270", "XL430-W250"))
    found = findings(capsys, 0)["poses"]
    assert found["verdict"] == "WARNING"
    assert re.match(r"pose \w+: \w+ carries \d\.\d\d N·m there, its servos give 1\.40 at most", found["detail"])


def test_a_file_is_no_serial_device(tmp_path, capsys):
    (tmp_path / "notes.txt").touch()
    assert main.main(["check", "--port", str(tmp_path / "notes.txt")]) == 1
    assert "it is no serial device" in capsys.readouterr().err


def test_a_scan_of_one_rate_tells_that_rate_and_what_to_look_at():
    assert scan._nobody(1_000_000).startswith(
        "no servo answers at 1000000 bit/s; check that the servos have power"
    )
    assert "at any rate" in scan._nobody(None)


def test_a_baud_rate_that_no_servo_has_is_refused(capsys):
    assert main.main(["scan", "--baud", "12345"]) == 1
    assert "servos have 9600, 57600" in capsys.readouterr().err


def test_a_device_that_is_absent_is_not_told_as_a_port_that_is_well(tmp_path, capsys):
    assert main.main(["check", "--port", str(tmp_path / "absent")]) == 1
    (port,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("port"))
    assert port.startswith("port                FAILURE")


def test_the_thresholds_are_those_of_the_parameter_files(tmp_path):
    file = tmp_path / "arm.yaml"
    file.write_text("/**/servo_interface: {ros__parameters: {faults: {temperature: {stop: 7.0}}, rate: 50.0}}")
    given = servo_parameters(find_robot("armature6", parameters=str(file)))
    assert (given["rate"], given["latency"]) == (50.0, 0.016)
    assert read_policy(given).temperature == Thresholds(warn=-15.0, slow=-10.0, stop=-7.0, hysteresis=2.0)


# The adapter


@pytest.fixture
def plug(tmp_path):
    """Make an adapter in a sysfs of its own; returns what is seen of it."""

    def make(timer):
        (tmp_path / "ttyUSB7").touch()
        node = tmp_path / "sys" / "bus" / "usb-serial" / "devices" / "ttyUSB7"
        (tmp_path / "sys" / "drivers" / "ftdi_sio").mkdir(parents=True)
        node.mkdir(parents=True)
        (node / "driver").symlink_to(tmp_path / "sys" / "drivers" / "ftdi_sio")
        if timer is not None:
            (node / "latency_timer").write_text(f"{timer}\n")
        return read_adapter(str(tmp_path / "ttyUSB7"), tmp_path / "sys")

    return make


@pytest.mark.parametrize(
    ("timer", "latency", "verdict"),
    [(16, 0.016, Verdict.WARNING), (16, 0.001, Verdict.FAILURE), (1, 0.001, Verdict.OK), (1, 0.016, Verdict.OK)],
)
def test_a_slow_latency_timer_is_named_with_the_rule_that_cures_it(plug, timer, latency, verdict):
    findings = list(check._check_adapter("/dev/ttyUSB7", plug(timer), latency))
    assert [finding.verdict for finding in findings] == [Verdict.OK, verdict]
    assert f"latency timer is {timer} ms" in findings[1].detail
    if verdict is not Verdict.OK:
        rule = Path(findings[1].remedy.split()[2])
        assert 'ATTR{latency_timer}="1"' in rule.read_text()


def test_an_adapter_without_a_timer_and_what_is_no_adapter_are_told_apart(plug):
    assert plug(None).driver == "ftdi_sio"
    assert read_adapter("/dev/null").driver == ""
    assert [
        finding.subject for finding in check._check_adapter("/dev/null", read_adapter("/dev/null"), 0.016)
    ] == ["port"]


@pytest.fixture
def table(monkeypatch):
    """Servos on a port of virtual time."""
    table = VirtualArm()
    table.put_in_place(monkeypatch, check, scan)
    monkeypatch.setattr(check, "time", SimpleNamespace(perf_counter=count(0.0, 0.001).__next__))
    monkeypatch.setattr(check, "baud_rates", lambda: (57_600, 1_000_000))
    return table


def factory_new(table, *joints):
    for joint in joints:
        table.servo(joint).factory_reset(0xFF)
    table.pass_time(BOOT_TIME + 0.1)


def finding(capsys, words, subject):
    assert main.main(["check", "--json", *words]) == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    return next(each for each in findings if each["subject"] == subject and each["verdict"] == "FAILURE")


def test_a_new_servo_among_others_is_found_and_setup_is_named(table, capsys):
    factory_new(table, "elbow")
    found = finding(capsys, ["--port", table.path], "id 1")
    assert found["detail"] == "a servo answers at 57600 bit/s, as from the factory"
    assert found["remedy"] == "armature setup JOINT makes it that joint's"


def test_new_servos_alone_lead_to_setup(table, capsys):
    factory_new(table, *JOINTS)
    found = finding(capsys, ["--port", table.path], "baud")
    assert found["detail"].endswith("but id 1 at 57600 bit/s, as from the factory")
    assert found["remedy"] == "armature setup sets servos up, one at a time"


def test_servos_that_are_set_up_at_another_rate_are_not_called_new(table, capsys):
    table.change(lambda bus: [bus.servo(joint).listen_at(57_600) for joint in JOINTS])
    found = finding(capsys, ["--port", table.path], "baud")
    assert "factory" not in found["detail"]
    assert found["remedy"] == "armature setup sets the servos' rate, one at a time; or correct the wiring file's"


@pytest.mark.parametrize("words", [[], ["--port", "emulated"]])
def test_without_a_bus_the_first_line_says_so(words, capsys, monkeypatch):
    monkeypatch.setattr(check, "stable_names", lambda: ())
    main.main(["check", *words])
    assert capsys.readouterr().err.startswith("robot armature6; wiring file ")
    main.main(["check", "--robot", "open_manipulator_x", *words])
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("; no bus: its files alone")


def test_who_names_no_robot_is_told_how_to(capsys, monkeypatch):
    monkeypatch.setattr(check, "stable_names", lambda: ())
    main.main(["check"])
    assert capsys.readouterr().err.splitlines()[0].endswith("; --robot chooses another robot")
