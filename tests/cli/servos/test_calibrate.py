"""`armature calibrate` on an emulated arm, placed by a hand that is a fault of the emulator."""

from __future__ import annotations

import argparse
import errno
import json
import math
import stat
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from armature.bench.simulation.virtual import ARM
from armature.cli import main
from armature.cli.arguments import add_robot
from armature.cli.servos import calibrate
from armature.cli.servos import wiring as _wiring
from armature.dynamixel.protocol import multi_bus
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.wiring.arm import Wiring
from armature.emulator.faults.catalogue import Place, Silence, Slip
from armature.errors import ConfigError
from armature.robots import find_robot

from ...virtual_arm import VirtualArm
from ..at_terminal import END, INTERRUPT, at_terminal

ROOT = Path(__file__).resolve().parents[3]
CONTENT = (ROOT / "config" / "servos.yaml").read_bytes()
SLIP = math.radians(10.0)
pytestmark = pytest.mark.usefixtures("nothing_left")
PLACED, TEST, RANGE, MOVED, WRITE = (
    *("and press Enter", "Test the directions by hand?", "range of motion too?", "from stop to stop"),
    "Write this to",
)


class Hall(VirtualArm):
    """An arm in its zero pose, whose elbow's horn sits 10 deg from where the wiring file thinks."""

    def __init__(self):
        super().__init__()
        self.inject(Slip("elbow", SLIP))
        self.inject(Place())

    def place(self, joint, position):
        self.inject(Place(joint, position))

    def register(self, joint, name):
        return self.servo(joint).registers[name]


@pytest.fixture
def hall(monkeypatch):
    hall = Hall()
    hall.put_in_place(monkeypatch, multi_bus)
    monkeypatch.setattr(calibrate, "_SPACING", 0.0)
    return hall


def options(*words):
    """What the command line makes of these words."""
    parser = argparse.ArgumentParser()
    add_robot(parser)
    return parser.parse_args(words)


@pytest.fixture
def wiring(tmp_path):
    """A wiring file of one's own."""
    file = tmp_path / "servos.yaml"
    file.write_bytes(CONTENT)
    return file


def words(hall, wiring, *more):
    return ["calibrate", "--port", hall.path, "--wiring", str(wiring), "--http", "none", *more]


def offset(content, joint):
    servos = Wiring.from_yaml(content.decode("utf-8"), ARM).servos
    return math.degrees(next(servo.zero_offset for servo in servos if servo.joint == joint))


def backups(wiring):
    return sorted(wiring.parent.glob("servos.yaml.*.bak"))


def unwritten(wiring):
    return wiring.read_bytes() == CONTENT and [file.name for file in wiring.parent.iterdir()] == ["servos.yaml"]


# What it finds


def test_a_person_places_the_arm_and_agrees(hall, wiring, monkeypatch):
    script = [
        (PLACED, ""),
        ("elbow         0.0 deg  -10.0 deg", "\n"),
        (TEST, "n\n"),
        (RANGE, "n\n"),
        (WRITE, "y\n"),
    ]
    code, seen = at_terminal(monkeypatch, words(hall, wiring), *script)
    assert code == 0
    assert offset(wiring.read_bytes(), "elbow") == pytest.approx(190.0, abs=0.2)
    assert "elbow         180.0 deg    190.0 deg  10.0 deg" in seen
    (backup,) = backups(wiring)
    assert backup.read_bytes() == CONTENT
    assert f"saved {wiring}; backup: {backup.name}" in seen


def test_only_the_named_joints_are_changed(hall, wiring, capsys):
    hall.place("waist", 0.2)
    assert main.main(words(hall, wiring, "elbow", "--yes")) == 0
    assert offset(wiring.read_bytes(), "waist") == 180.0
    before, after = (content.split(b"\n") for content in (CONTENT, wiring.read_bytes()))
    assert len([line for line, other in zip(before, after, strict=True) if line != other]) == 1


def test_another_pose_may_be_taken(hall, wiring):
    hall.place("elbow", math.radians(40.0))
    assert main.main(words(hall, wiring, "elbow", "--yes", "--pose", "home")) == 0
    assert offset(wiring.read_bytes(), "elbow") == pytest.approx(190.0, abs=0.2)


def test_programs_read_what_was_done(hall, wiring, capsys):
    assert main.main(words(hall, wiring, "elbow", "--yes", "--json")) == 0
    answer = json.loads(capsys.readouterr().out)
    (joint,) = answer["joints"]
    assert (joint["joint"], answer["file"], answer["backup"]) == ("elbow", str(wiring), str(backups(wiring)[0]))
    assert joint["zero_offset"] - joint["was"] == pytest.approx(SLIP, abs=0.003)


def test_the_range_of_motion_is_compared_with_the_urdfs_limits(hall, wiring, monkeypatch):
    limit = ARM.limit("elbow")

    def move_to(position):
        return lambda: hall.place("elbow", position)

    script = [
        *[
            (PLACED, "\n"),
            (TEST, "n\n"),
            (RANGE, "y\n"),
            (MOVED, move_to(limit.lower)),
            ("elbow  -110.0 to", move_to(0.6)),
        ],
        *[(" to 34.", "\n"), (WRITE, "y\n")],
    ]
    code, seen = at_terminal(monkeypatch, words(hall, wiring, "elbow"), *script)
    assert code == 0
    warning, *poses = [line for line in seen.splitlines() if line.startswith("warning: ")]
    assert warning.startswith("warning: elbow: it went to 34.")
    assert warning.endswith(
        "the URDF's upper limit is 60.0 deg; positions beyond will be refused; see what was in its way, or narrow "
        "the URDF's limits"
    )
    assert poses[0].startswith(
        "warning: elbow: the pose park has it at 60.0 deg, beyond its range; no move goes there"
    )
    assert "elbow: its range will be -110.0 to 34." in seen
    servo = next(one for one in Wiring.from_yaml(wiring.read_text("utf-8"), ARM).servos if one.joint == "elbow")
    kept = servo.narrow(limit)
    assert (kept.lower, kept.upper) == (limit.lower, pytest.approx(0.6, abs=0.01))
    (backup,) = backups(wiring)
    assert backup.read_bytes() == CONTENT


def test_a_whole_range_takes_nothing_from_the_urdfs_limits(hall, wiring, monkeypatch):
    limit = ARM.limit("elbow")
    places = [lambda: hall.place("elbow", limit.lower + 0.01), lambda: hall.place("elbow", limit.upper - 0.01)]
    script = [
        *[(PLACED, "\n"), (TEST, "n\n"), (RANGE, "y\n"), (MOVED, places[0]), ("elbow  -109.4 to", places[1])],
        *[(" to 59.", "\n"), (WRITE, "y\n")],
    ]
    code, seen = at_terminal(monkeypatch, words(hall, wiring, "elbow", "--json"), *script)
    assert (code, "warning: " in seen) == (0, False)
    assert Wiring.from_yaml(wiring.read_text("utf-8"), ARM).narrow_limits(ARM) == ARM


def test_a_range_that_was_found_with_another_zero_is_told(hall, wiring, capsys):
    text = CONTENT.replace(
        b"direction: -1\n    zero_offset: 180 deg",
        b"direction: -1\n    zero_offset: 180 deg\n    range: [-100 deg, 60 deg]",
        1,
    )
    wiring.write_bytes(text)
    assert main.main(words(hall, wiring, "--yes")) == 0
    told = capsys.readouterr().out
    assert (
        "warning: elbow: its range, -100.0 to 60.0 deg, was measured with another zero offset; calibrate" in told
    )
    assert b"range: [-100 deg, 60 deg]" in wiring.read_bytes()


def test_a_range_without_a_place_of_its_own_is_refused_before_the_arm_is_placed(hall, wiring, capsys):
    wiring.write_bytes(CONTENT.replace(b"180 deg", b"180 deg\n    range:\n      - -1 rad\n      - 1 rad", 1))
    before = wiring.read_bytes()
    assert "write [lower, upper] on one line" in refused(capsys, words(hall, wiring, "waist"))
    assert wiring.read_bytes() == before


def test_joints_that_nobody_moved_are_named_without_a_warning(hall, wiring, monkeypatch):
    script = [(PLACED, "\n"), (TEST, "n\n"), (RANGE, "y\n"), ("0.0 deg", "\n"), (WRITE, "y\n")]
    code, seen = at_terminal(monkeypatch, words(hall, wiring, "waist"), *script)
    assert (code, "warning" in seen) == (0, False)
    assert "not moved: waist" in seen


def test_position_limits_of_servos_that_do_not_fit_any_more_are_written_too(hall, wiring, monkeypatch):
    hall.set("elbow", Role.MAX_POSITION_LIMIT, 3200)
    script = [(PLACED, "\n"), (TEST, "n\n"), (RANGE, "\n"), (", and to the servos, now? [y/N]", "y\n")]
    code, seen = at_terminal(monkeypatch, words(hall, wiring, "elbow"), *script)
    assert code == 0
    assert "elbow: Max Position Limit of its servo, 3200, excludes a part of the URDF's range; it will be" in seen
    assert hall.register("elbow", Role.MAX_POSITION_LIMIT) > 3300


# Directions

PUSH = "elbow: push it"


def sweep(hall, *positions):
    """Hands that push the elbow, one place after the other."""

    def push():
        for position in positions:
            hall.place("elbow", position)
            hall.pass_time(0.3)

    return push


def is_confirmed(wiring):
    return Wiring.from_yaml(wiring.read_text("utf-8"), ARM).is_confirmed


def test_a_joint_that_was_pushed_and_agreed_to_is_confirmed(hall, wiring, monkeypatch):
    script = [
        (PLACED, "\n"),
        (TEST, "\n"),
        (PUSH, lambda: hall.place("elbow", 0.5)),
        ("28.", "y"),
        (RANGE, "\n"),
        (WRITE, "y\n"),
    ]
    code, seen = at_terminal(monkeypatch, words(hall, wiring, "elbow"), *script)
    assert code == 0
    assert "its far end moves down" in seen
    assert "directions and zeros are confirmed: the next start has whole limits" in seen
    assert is_confirmed(wiring)


def test_a_joint_that_nobody_pushed_is_not_agreed_to(hall, wiring, monkeypatch):
    script = [(PLACED, "\n"), (TEST, "\n"), (PUSH, "y"), ("elbow has not moved yet", "q")]
    code, seen = at_terminal(monkeypatch, words(hall, wiring, "elbow"), *script)
    assert (code, unwritten(wiring)) == (1, True)
    assert "elbow has not moved yet: push it back and forth by 8.5 deg, and watch its number" in seen


def test_a_direction_that_is_wrong_is_turned_by_one_key_and_its_zero_found_anew(hall, wiring, monkeypatch):
    wiring.write_bytes(CONTENT.replace(b"direction: -1", b"direction: 1", 1))
    hall.place("elbow", math.radians(40.0))
    script = [
        *[(PLACED, "\n"), (TEST, "y\n"), (PUSH, lambda: hall.place("elbow", 0.9)), ("28.4 deg", "f")],
        *[
            ("direction will be -1", lambda: hall.place("elbow", 0.2)),
            ("11.", lambda: hall.place("elbow", -0.2)),
            ("-11.", "y"),
            (RANGE, "\n"),
            (WRITE, "y\n"),
        ],
    ]
    code, _ = at_terminal(monkeypatch, words(hall, wiring, "elbow", "--pose", "home"), *script)
    assert code == 0
    assert b"direction: -1\n    zero_offset: 19" in wiring.read_bytes()
    assert offset(wiring.read_bytes(), "elbow") == pytest.approx(190.0, abs=0.3)


def test_without_the_test_nothing_is_confirmed_and_that_is_told(hall, wiring, capsys):
    assert main.main(words(hall, wiring, "--yes")) == 0
    assert not is_confirmed(wiring)
    told = capsys.readouterr().err
    assert "are not confirmed; test all joints by hand: armature calibrate --" in told
    assert "every motion is a tenth as fast: " in told
    assert f"--wiring {wiring}" in told


def test_of_an_arm_that_was_not_confirmed_one_joint_is_not_enough(hall, wiring, monkeypatch):
    wiring.write_bytes(CONTENT.partition(b"# Directions")[0])
    script = [
        *[(PLACED, "\n"), (TEST, "\n"), (PUSH, lambda: hall.place("elbow", 0.5)), ("28.", "y")],
        *[(RANGE, "\n"), (WRITE, "y\n")],
    ]
    code, seen = at_terminal(monkeypatch, words(hall, wiring, "elbow"), *script)
    assert (code, is_confirmed(wiring)) == (0, False)
    assert "test all joints by hand" in seen


def test_the_pose_wanted_is_drawn_with_its_joints(hall, wiring, monkeypatch):
    _, seen = at_terminal(monkeypatch, words(hall, wiring), (PLACED, "q"))
    assert "the pose zero, seen from its left (forward is right):" in seen
    assert "1 waist, 2 shoulder, 3 elbow" in seen
    assert f"robot armature6; wiring file {wiring}; bus " in seen
    assert "at 1000000 bit/s; --robot chooses another robot\n" in seen


# Back to what it was


def restoring(wiring, *more):
    return ["calibrate", "--restore", "--wiring", str(wiring), *more]


def test_the_last_backup_is_put_back_and_what_was_there_is_kept(hall, wiring, capsys):
    assert main.main(words(hall, wiring, "elbow", "--yes")) == 0
    calibrated = wiring.read_bytes()
    (first,) = backups(wiring)
    first.rename(wiring.with_name("servos.yaml.20200101-000000.bak"))
    assert main.main(restoring(wiring, "--yes")) == 0
    assert wiring.read_bytes() == CONTENT
    assert backups(wiring)[-1].read_bytes() == calibrated
    assert "2020-01-01 00:00:00  servos.yaml.20200101-000000.bak" in capsys.readouterr().err


def test_a_file_that_cannot_be_read_any_more_is_restored_too(wiring, capsys):
    wiring.with_name("servos.yaml.20200101-000000.bak").write_bytes(CONTENT)
    wiring.write_text("joints: nonsense")
    assert main.main(restoring(wiring, "--yes")) == 0
    assert wiring.read_bytes() == CONTENT


def test_a_file_that_is_lost_is_restored_too(wiring, capsys):
    backup = wiring.rename(wiring.with_name("servos.yaml.20200101-000000.bak"))
    backup.chmod(0o640)
    assert main.main(restoring(wiring, "--yes")) == 0
    assert (wiring.read_bytes(), backups(wiring)) == (CONTENT, [backup])
    assert stat.S_IMODE(wiring.stat().st_mode) == 0o640
    assert f"restored {wiring} from {backup.name}; it was not there" in capsys.readouterr().err


def test_the_lost_file_of_a_robots_folder_is_found_by_its_backup(tmp_path, capsys):
    robot = find_robot("armature6")
    for file, name in ((robot.urdf, "arm.urdf"), (robot.poses, "poses.yaml")):
        (tmp_path / name).write_bytes(file.read_bytes())
    (tmp_path / "servos.yaml.20200101-000000.bak").write_bytes(CONTENT)
    assert main.main(["calibrate", "--restore", "--robot", str(tmp_path), "--yes"]) == 0
    assert (tmp_path / "servos.yaml").read_bytes() == CONTENT
    assert "--robot chooses" not in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"\xff\xfe", b"joints: [", b""])
def test_whatever_the_file_holds_is_kept_as_it_is(wiring, content):
    wiring.with_name("servos.yaml.20200101-000000.bak").write_bytes(CONTENT)
    wiring.write_bytes(content)
    assert main.main(restoring(wiring, "--yes")) == 0
    assert (wiring.read_bytes(), backups(wiring)[-1].read_bytes()) == (CONTENT, content)


def test_a_file_that_is_no_file_is_refused_and_nothing_changes(wiring, capsys):
    wiring.rename(wiring.with_name("servos.yaml.20200101-000000.bak"))
    wiring.mkdir()
    assert "nothing was restored; it must be a file" in refused(capsys, restoring(wiring, "--yes"))
    assert wiring.is_dir()


@pytest.mark.parametrize("content", [CONTENT.replace(b"id: 3", b"id: 2"), b"\xff\xfe", b"nonsense"])
def test_a_newest_backup_that_cannot_be_used_is_named_and_the_next_is_offered(wiring, monkeypatch, content):
    wiring.with_name("servos.yaml.20200101-000000.bak").write_bytes(b"# older\n" + CONTENT)
    wiring.with_name("servos.yaml.20210101-000000.bak").write_bytes(content)
    script = ("Put servos.yaml.20200101-000000.bak of 2020-01-01 00:00:00 back? [y/N]", "y\n")
    code, seen = at_terminal(monkeypatch, restoring(wiring), script)
    assert (code, wiring.read_bytes()) == (0, b"# older\n" + CONTENT)
    (line,) = [line for line in seen.splitlines() if line.startswith("left out: ")]
    assert "servos.yaml.20210101-000000.bak" in line


def test_backups_are_found_whatever_the_file_is_called_and_names_that_are_no_date_are_left_out(wiring, capsys):
    own = wiring.rename(wiring.with_name("servos [2].yaml"))
    own.with_name(f"{own.name}.20200101-000000.bak").write_bytes(b"# older\n" + CONTENT)
    own.with_name(f"{own.name}.20209999-000000.bak").write_bytes(b"nonsense")
    assert main.main(restoring(own, "--yes")) == 0
    assert own.read_bytes() == b"# older\n" + CONTENT


def test_a_backup_that_cannot_be_used_is_refused_and_nothing_changes(wiring, capsys):
    wiring.with_name("servos.yaml.20200101-000000.bak").write_bytes(CONTENT.replace(b"id: 3", b"id: 2"))
    told = refused(capsys, restoring(wiring, "--yes"))
    assert "servos.yaml.20200101-000000.bak: id of shoulder and elbow: 2 cannot be used" in told
    assert wiring.read_bytes() == CONTENT


def test_without_a_backup_it_says_so(wiring, capsys):
    assert "has no backup of servos.yaml; calibrate makes them" in refused(capsys, restoring(wiring, "--yes"))


def test_only_a_yes_puts_it_back(wiring, monkeypatch):
    wiring.with_name("servos.yaml.20200101-000000.bak").write_bytes(b"# older\n" + CONTENT)
    code, _ = at_terminal(monkeypatch, restoring(wiring), ("back? [y/N]", "n\n"))
    assert (code, wiring.read_bytes()) == (1, CONTENT)


# What ends it


@pytest.mark.parametrize("keys", ["q", END, INTERRUPT])
@pytest.mark.parametrize(
    "script",
    [
        [(PLACED, "")],
        [(PLACED, "\n"), (TEST, "n\n"), (RANGE, "y\n"), (MOVED, "")],
        [(PLACED, "\n"), (TEST, "n\n"), (RANGE, "\n"), (WRITE, "")],
    ],
    ids=["pose", "range", "question"],
)
def test_who_leaves_writes_nothing(hall, wiring, monkeypatch, script, keys):
    (last, _) = script[-1]
    typed = "q\n" if keys == "q" and last == WRITE else keys
    code, seen = at_terminal(monkeypatch, words(hall, wiring, "elbow"), *script[:-1], (last, typed))
    assert code == 1
    assert "error: calibration refused: ended before it was saved; nothing was written" in seen
    assert unwritten(wiring)


def test_what_cannot_be_taken_is_told_and_may_be_tried_again(hall, wiring, monkeypatch):
    silence = Silence("elbow")
    script = [
        (PLACED, lambda: hall.inject(silence)),
        ("not read", "\n"),
        (
            "10 readings of elbow 10 were lost; check power and cable of id 3",
            lambda: hall.clear(silence),
        ),
        ("-10.0 deg", "\n"),
        (TEST, "n\n"),
        (RANGE, "\n"),
        (WRITE, "y\n"),
    ]
    code, _ = at_terminal(monkeypatch, words(hall, wiring, "elbow"), *script)
    assert code == 0
    assert offset(wiring.read_bytes(), "elbow") == pytest.approx(190.0, abs=0.2)


def test_an_interrupt_without_a_dialogue_is_told_in_one_line(hall, wiring, capsys, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(calibrate.time, "sleep", interrupt)
    told = refused(capsys, words(hall, wiring, "--yes"))
    assert "interrupted; nothing was written, unless a line above says that it was saved" in told
    assert unwritten(wiring)


# What is refused


def refused(capsys, arguments):
    assert main.main(arguments) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    return line


def test_with_torque_on_it_is_refused_and_torque_stays(hall, wiring, capsys):
    hall.set("elbow", Role.TORQUE_ENABLE, 1)
    told = refused(capsys, words(hall, wiring, "--yes"))
    assert "calibration refused: the torque of id 3 is on, it may hold a load; support the arm" in told
    assert hall.servo("elbow").drive.is_on
    assert unwritten(wiring)


def test_torque_that_comes_on_meanwhile_ends_it(hall, wiring, monkeypatch):
    script = [(PLACED, lambda: hall.set("elbow", Role.TORQUE_ENABLE, 1))]
    code, seen = at_terminal(monkeypatch, words(hall, wiring, "elbow"), *script)
    assert (code, "the torque of id 3 is on" in seen, unwritten(wiring)) == (1, True, True)


def test_a_joint_that_moves_is_refused(hall, wiring, capsys, monkeypatch):
    monkeypatch.setattr(calibrate, "_READINGS", 2)
    places = iter((0.0, 0.1))

    def move(_):
        hall.place("elbow", next(places))
        hall.pass_time(0.1)

    monkeypatch.setattr(calibrate.time, "sleep", move)
    told = refused(capsys, words(hall, wiring, "elbow", "--yes"))
    assert "elbow moved by" in told
    assert "at most 5 are still; hold it still" in told
    assert unwritten(wiring)


def test_an_offset_that_puts_a_limit_beyond_the_servo_is_refused(hall, wiring, capsys):
    hall.inject(Slip("elbow", 1.9))
    told = refused(capsys, words(hall, wiring, "elbow", "--yes"))
    assert "with a zero offset of 288." in told
    assert "the URDF's limit -1.92 is at tick 45" in told
    assert "the servo reaches 0 to 4095" in told
    assert unwritten(wiring)


def test_a_servo_that_is_not_there_is_told(hall, wiring, capsys):
    hall.inject(Silence("elbow"))
    told = refused(capsys, words(hall, wiring, "--yes"))
    assert "id 3 XM540-W270" in told
    assert "check power, cable, baud rate" in told


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["knee"], "joint: 'knee' cannot be used; joints are waist, shoulder, elbow"),
        (["--pose", "yoga"], "--pose: 'yoga' cannot be used; poses are zero, park, home, up"),
        (["--robot", "hal"], "robot: 'hal' cannot be used"),
    ],
)
def test_names_that_lead_nowhere_are_told(hall, wiring, capsys, more, told):
    assert told in refused(capsys, words(hall, wiring, "--yes", *more))


def test_a_pose_that_the_arm_cannot_take_is_refused(hall, wiring, tmp_path, capsys, monkeypatch):
    robot = find_robot("armature6")
    (tmp_path / "arm.urdf").write_text(robot.urdf.read_text("utf-8").replace('lower="-1.9200"', 'lower="0.1"'))
    (tmp_path / "poses.yaml").write_text(robot.poses.read_text("utf-8").partition("# Ready")[0])
    bent = replace(robot, urdf=tmp_path / "arm.urdf", poses=tmp_path / "poses.yaml")
    monkeypatch.setattr(_wiring, "chosen_robot", lambda *_: replace(bent, wiring=wiring))
    told = refused(capsys, words(hall, wiring, "--yes"))
    assert "--pose: 'zero' cannot be used; elbow would be at 0, its limits are 0.1 to 1.048" in told


def test_without_a_person_it_says_what_would_work(hall, wiring, capsys, monkeypatch):
    with Path("/dev/null").open() as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        told = refused(capsys, words(hall, wiring))
    assert (
        "standard input is no terminal, so nobody can be asked; add --yes to measure the arm as it stands" in told
    )


def test_the_default_arms_file_is_not_edited_and_where_to_copy_it_is_said(hall, capsys):
    told = refused(capsys, ["calibrate", "--port", hall.path, "--yes"])
    own = ROOT / "config" / "robots" / "armature6" / "servos.yaml"
    assert told.endswith(f"make your own first: cp {ROOT / 'config' / 'servos.yaml'} {own}")


def test_an_installed_file_is_not_edited(hall, tmp_path, capsys, monkeypatch):
    file = tmp_path / "config" / "servos.yaml"
    file.parent.mkdir()
    file.write_bytes(CONTENT)
    monkeypatch.setattr(_wiring, "share_folder", lambda: tmp_path)
    told = refused(capsys, words(hall, file, "--yes"))
    assert (
        "it belongs to the installed package; copy it to a place of your own and name that with --wiring" in told
    )
    assert file.read_bytes() == CONTENT


def test_a_file_that_cannot_be_replaced_is_refused_at_once(hall, wiring, capsys, monkeypatch):
    monkeypatch.setattr(_wiring.os, "access", lambda *_: False)  # root may write anywhere
    assert "its folder must be writable, for the backup too" in refused(capsys, words(hall, wiring))


def test_a_value_that_is_shared_by_an_alias_is_refused_before_the_arm_is_placed(hall, wiring, capsys):
    wiring.write_bytes(CONTENT.replace(b"180 deg", b"&half 180 deg", 1).replace(b": 180 deg", b": *half", 1))
    before = wiring.read_bytes()
    assert "by an alias; write it out" in refused(capsys, words(hall, wiring, "waist"))
    assert wiring.read_bytes() == before


# The file


@pytest.fixture
def wired(wiring):
    given = options("--wiring", str(wiring))
    return _wiring.wired_arm(given)


NOW = datetime(2026, 11, 22, 17, 30, 59)
BACKUP = "servos.yaml.20261122-173059.bak"


def test_the_file_is_replaced_whole_and_keeps_its_permissions(wired, wiring):
    wiring.chmod(0o640)
    backup = _wiring.save(wired, "new: 1\n", NOW)
    assert (backup.name, backup.read_bytes(), wiring.read_bytes()) == (BACKUP, CONTENT, b"new: 1\n")
    assert {stat.S_IMODE(file.stat().st_mode) for file in (backup, wiring)} == {0o640}
    assert sorted(file.name for file in wiring.parent.iterdir()) == ["servos.yaml", BACKUP]


def test_a_link_to_the_file_stays_a_link(wiring, tmp_path):
    (tmp_path / "link.yaml").symlink_to(wiring)
    linked = _wiring.wired_arm(options("--wiring", str(tmp_path / "link.yaml")))
    _wiring.save(linked, "new: 1\n", NOW)
    assert (tmp_path / "link.yaml").is_symlink()
    assert wiring.read_bytes() == b"new: 1\n"


def test_line_ends_and_all_else_stay_as_they_are(hall, wiring):
    content = b"\xef\xbb\xbf" + CONTENT.replace(b"\n", b"\r\n")
    wiring.write_bytes(content)
    assert main.main(words(hall, wiring, "elbow", "--yes")) == 0
    start, end = content.split(b"direction: -1\r\n    zero_offset: 180 deg", 1)
    assert wiring.read_bytes().startswith(start)
    assert wiring.read_bytes().endswith(end)


def test_a_backup_is_never_overwritten(wired, wiring):
    (wiring.parent / BACKUP).write_text("precious")
    with pytest.raises(ConfigError, match="nothing was saved"):
        _wiring.save(wired, "new: 1\n", NOW)
    assert (wiring.parent / BACKUP).read_text() == "precious"
    assert wiring.read_bytes() == CONTENT


def test_a_disk_that_fills_up_leaves_no_half_backup_to_be_restored(wired, wiring, monkeypatch):
    def fill_up(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_wiring.os, "fsync", fill_up)
    with pytest.raises(ConfigError, match=r"'No space left on device' cannot be used; nothing was saved"):
        _wiring.save(wired, "new: 1\n", NOW)
    assert [file.name for file in wiring.parent.iterdir()] == ["servos.yaml"]


def test_what_somebody_else_has_changed_meanwhile_is_not_lost(wired, wiring):
    wiring.write_text("theirs")
    with pytest.raises(ConfigError, match=r"has changed meanwhile.*nothing was saved; start again"):
        _wiring.save(wired, "new: 1\n", NOW)
    assert wiring.read_text() == "theirs"
    assert backups(wiring) == []


def test_at_zero_a_gripper_that_does_not_reach_it_is_as_near_as_it_goes(tmp_path):
    joints = tuple(
        replace(joint, limit=replace(joint.limit, lower=0.015)) if joint.name == "gripper" else joint
        for joint in ARM.joints
    )
    poses = tmp_path / "poses.yaml"
    poses.write_text(json.dumps({"park": {joint.name: "0 rad" for joint in ARM.arm_joints}}), "utf-8")
    robot = SimpleNamespace(poses=poses)
    servos = Wiring.from_yaml(find_robot("armature6").wiring_text, ARM).servos
    found = calibrate._find_pose("zero", SimpleNamespace(arm=replace(ARM, joints=joints), robot=robot), servos)
    assert found == {**dict.fromkeys(found, 0.0), "gripper": 0.015}
