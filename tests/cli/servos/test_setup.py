"""`armature setup` on emulated servos, asked at a terminal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from armature.cli import main
from armature.cli.servos import scan, setup_steps
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.tables.x_series.facts import BAUD_RATES
from armature.emulator.faults.catalogue import DuplicateId
from armature.emulator.servo.servo import BOOT_TIME

from ...virtual_arm import VirtualArm
from ..at_terminal import END, INTERRUPT, at_terminal

pytestmark = pytest.mark.usefixtures("nothing_left")
QUESTION = "Write 5 registers to its EEPROM? [y/N]"


class Table(VirtualArm):
    """A table with servos, of which one is connected."""

    def fresh(self, joint):
        """Connect a servo as it leaves the factory."""

        def plug(bus):
            for servo in bus.servos:
                servo.line_breaks = int(servo is not bus.servo(joint))
            bus.servo(joint).factory_reset(0xFF)

        self.change(plug)
        self.pass_time(BOOT_TIME + 0.1)

    def address(self, joint):
        """Id and baud rate of a servo."""
        registers = self.servo(joint).registers
        return registers[Role.ID], BAUD_RATES[registers[Role.BAUD_RATE]]


@pytest.fixture
def table(monkeypatch):
    """The elbow's servo is connected, fresh from the factory."""
    table = Table()
    table.put_in_place(monkeypatch, setup_steps, scan)
    table.fresh("elbow")
    return table


def run(table, *words, script=(), monkeypatch):
    return at_terminal(monkeypatch, ["setup", "--port", table.path, *words], *script)


def test_a_new_servo_is_shown_asked_for_written_and_found_again(table, monkeypatch):
    code, seen = run(table, "elbow", script=[(QUESTION, "y\n")], monkeypatch=monkeypatch)
    assert code == 0
    assert table.address("elbow") == (3, 1_000_000)
    assert "elbow: XM540-W270, firmware 48, id 1, 57600 bit/s" in seen
    assert "ID                    1                3" in seen
    assert "Homing Offset         0                the same" in seen
    assert "elbow: 5 registers written and read back" in seen


@pytest.mark.parametrize("keys", ["\n", "yep\n", END])
def test_only_a_yes_is_a_yes(table, keys, monkeypatch):
    code, seen = run(table, "elbow", script=[(QUESTION, keys)], monkeypatch=monkeypatch)
    assert (code, table.address("elbow")) == (1, (1, 57_600))
    assert "elbow: nothing was written" in seen


def test_an_interrupt_is_told_in_one_line(table, monkeypatch):
    code, seen = run(table, "elbow", script=[(QUESTION, INTERRUPT)], monkeypatch=monkeypatch)
    assert (code, table.address("elbow")) == (1, (1, 57_600))
    assert "error: setup refused: interrupted; what was written stays; run it again to continue" in seen


def test_a_servo_that_is_as_wanted_is_asked_nothing(table, monkeypatch):
    assert main.main(["setup", "--port", table.path, "elbow", "--yes"]) == 0
    code, seen = run(table, "elbow", monkeypatch=monkeypatch)
    assert code == 0
    assert "elbow: it is set up as the wiring file says; nothing to write" in seen


def test_all_joints_are_set_up_in_turn_and_a_wrong_servo_may_be_exchanged(table, monkeypatch):
    def plug(joint):
        table.fresh(joint)
        return "\n"

    script = [
        ("waist: connect its XM430-W350 and no other, then press Enter", "\n"),
        ("XM540-W270 answers, the wiring file wants XM430-W350 for waist", ""),
        ("waist: connect", lambda: plug("waist")),
        ("EEPROM? [y/N]", "y\n"),
        ("shoulder: connect", "s\n"),
        ("elbow: connect", lambda: plug("elbow")),
        ("EEPROM? [y/N]", "y\n"),
        ("forearm_roll: connect", "q\n"),
    ]
    code, seen = run(table, script=script, monkeypatch=monkeypatch)
    assert code == 1
    assert "not set up: shoulder, forearm_roll, wrist_pitch, wrist_roll, gripper" in seen
    assert (table.address("waist"), table.address("elbow")) == ((1, 1_000_000), (3, 1_000_000))


def test_nothing_is_written_on_a_dry_run(table, capsys):
    assert main.main(["setup", "--port", table.path, "elbow", "--dry-run"]) == 0
    assert table.address("elbow") == (1, 57_600)
    assert "elbow: --dry-run: nothing was written" in capsys.readouterr().out


def test_programs_read_what_was_done(table, capsys):
    assert main.main(["setup", "--port", table.path, "elbow", "--yes", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["joint"], answer["found"], answer["written"]) == ("elbow", {"id": 1, "baud_rate": 57_600}, 5)
    assert {"register": "ID", "now": 1, "wanted": 3} in answer["settings"]


# A servo that is another joint's


HEADER = "robot armature6; wiring file"


def test_robot_wiring_file_and_bus_are_named_before_anything_is_asked(table, monkeypatch):
    _, seen = run(table, "elbow", script=[(QUESTION, "n\n")], monkeypatch=monkeypatch)
    assert 0 <= seen.find(HEADER) < seen.find(QUESTION)
    assert "config/servos.yaml; bus virtual at 1000000 bit/s" in seen


def test_the_servo_just_finished_is_not_taken_for_the_next_joint_without_a_word(table, monkeypatch):
    table.fresh("shoulder")
    script = [
        ("waist: connect", "s\n"),
        ("shoulder: connect", "\n"),
        ("EEPROM? [y/N]", "y\n"),
        ("elbow: connect", "\n"),  # nobody has exchanged it
        ("it has id 2 at 1000000 bit/s", ""),
        ("Make it that of elbow all the same? [y/N]", "\n"),
        ("elbow: connect", "q\n"),
    ]
    code, seen = run(table, script=script, monkeypatch=monkeypatch)
    assert code == 1
    assert "this XM540-W270 is that of shoulder" in seen
    assert "elbow: nothing was written; connect its own servo and no other" in seen
    assert table.address("shoulder") == (2, 1_000_000)


def test_who_means_it_may_give_a_servo_to_another_joint(table, monkeypatch):
    assert main.main(["setup", "--port", table.path, "elbow", "--yes"]) == 0
    script = [("Make it that of shoulder all the same? [y/N]", "y\n"), ("EEPROM? [y/N]", "y\n")]
    code, _ = run(table, "shoulder", script=script, monkeypatch=monkeypatch)
    assert (code, table.address("elbow")) == (0, (2, 1_000_000))


def test_without_a_person_a_servo_of_another_joint_is_refused(table, capsys):
    assert main.main(["setup", "--port", table.path, "elbow", "--yes"]) == 0
    told = refused(capsys, "--port", table.path, "shoulder", "--yes")
    assert "this XM540-W270 is that of elbow: it has id 3 at 1000000 bit/s and is set up as the wiring" in told
    assert table.address("elbow") == (3, 1_000_000)


def test_a_servo_that_answers_pings_alone_is_cured(table, monkeypatch):
    table.servo("elbow").registers[Role.STATUS_RETURN_LEVEL] = 0
    code, seen = run(table, "elbow", "--yes", monkeypatch=monkeypatch)
    assert (code, table.address("elbow")) == (0, (3, 1_000_000))
    assert "it answered pings and nothing else; now it answers everything" in seen


# An assembled arm


@pytest.fixture
def mounted(monkeypatch):
    """All servos are mounted and have their ids; two of them hold something else than they should."""
    arm = Table()
    arm.put_in_place(monkeypatch, setup_steps, scan)
    arm.servo("elbow").registers[Role.RETURN_DELAY] = 250
    arm.servo("waist").registers[Role.OPERATING_MODE] = 4
    return arm


ASKED = "registers to the EEPROM of these servos? [y/N]"


def test_what_differs_in_an_arm_is_shown_once_asked_for_and_written(mounted, monkeypatch):
    code, seen = run(mounted, "--apply", script=[(ASKED, "y\n")], monkeypatch=monkeypatch)
    assert code == 0
    assert seen.find(HEADER) < seen.find(ASKED)
    assert "250 (500 µs)" in seen
    assert mounted.servo("elbow").registers[Role.RETURN_DELAY] == 0
    assert mounted.servo("waist").registers[Role.OPERATING_MODE] == 3
    code, seen = run(mounted, "--apply", monkeypatch=monkeypatch)
    assert (code, "set up as the wiring file says" in seen) == (0, True)


def test_a_no_and_a_dry_run_write_nothing_and_the_latter_needs_no_terminal(mounted, monkeypatch, capsys):
    code, _ = run(mounted, "--apply", script=[(ASKED, "n\n")], monkeypatch=monkeypatch)
    assert code == 1
    with Path("/dev/null").open() as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        assert main.main(["setup", "--port", mounted.path, "--dry-run"]) == 0
    assert "--dry-run: nothing was written" in capsys.readouterr().out
    assert mounted.servo("elbow").registers[Role.RETURN_DELAY] == 250


def test_a_servo_of_an_arm_that_is_not_there_is_told_and_the_others_are_set_up(mounted, capsys):
    mounted.servo("gripper").line_breaks = 1
    assert main.main(["setup", "--port", mounted.path, "--apply", "--yes"]) == 1
    assert "error: gripper: no answer to ping from id 7" in capsys.readouterr().err
    assert mounted.servo("elbow").registers[Role.RETURN_DELAY] == 0


def test_programs_read_what_differs_in_an_arm(mounted, capsys):
    assert main.main(["setup", "--port", mounted.path, "--apply", "--yes", "--json"]) == 0
    answer = {item["joint"]: item for item in json.loads(capsys.readouterr().out)}
    assert (250, 0) in {(setting["now"], setting["wanted"]) for setting in answer["elbow"]["settings"]}


# What is refused


def refused(capsys, *words):
    assert main.main(["setup", *words]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    return line


def test_several_servos_are_listed_and_nothing_is_written(table, capsys):
    for servo in table.bus.servos:
        servo.line_breaks = 0
    told = refused(capsys, "--port", table.path, "elbow", "--yes")
    assert "id 1 XM540-W270 at 57600 bit/s" in told
    assert "XM430-W350" in told
    assert told.endswith("connect one servo at a time")
    assert table.address("elbow") == (1, 57_600)


def test_two_new_servos_that_answer_as_one_are_refused(table, capsys):
    with table.faults.injected(DuplicateId("elbow")):
        told = refused(capsys, "--port", table.path, "elbow", "--yes")
    assert "connect one servo at a time" in told
    assert table.address("elbow") == (1, 57_600)


def test_nobody_on_the_bus_is_told(table, capsys):
    table.servo("elbow").line_breaks = 1
    told = refused(capsys, "--port", table.path, "elbow", "--yes")
    assert "no servo answers at any baud rate; check power and cable" in told


def test_a_servo_with_torque_keeps_it_and_is_left_as_it_is(table, capsys):
    table.set("elbow", Role.TORQUE_ENABLE, 1)
    told = refused(capsys, "--port", table.path, "elbow", "--yes")
    assert "the torque of id 1 is on, it may hold a load; support the arm, then switch" in told
    assert table.servo("elbow").drive.is_on
    assert table.address("elbow") == (1, 57_600)


def test_another_model_is_refused(table, capsys):
    told = refused(capsys, "--port", table.path, "gripper", "--yes")
    assert "XM540-W270 answers, the wiring file wants XL430-W250 for gripper; connect the right servo" in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["elbow"], "setup refused: standard input is no terminal, so nobody can be asked; add --yes"),
        ([], "setup of all joints refused: standard input is no terminal, so nobody can be asked; name a JOINT"),
        (["--yes"], "name a JOINT"),
        (["--json", "--yes"], "it asks nothing: name a JOINT, and --yes or --dry-run"),
        (["--json", "elbow"], "it asks nothing"),
    ],
)
def test_where_nobody_can_be_asked_it_says_what_would_work(monkeypatch, capsys, words, told):
    with Path("/dev/null").open() as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        assert told in refused(capsys, "--port", "/dev/null", *words)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["knee", "--yes"], "joint: 'knee' cannot be used; joints are waist, shoulder, elbow"),
        (["elbow", "--yes", "--robot", "hal"], "robot: 'hal' cannot be used; robots are armature5, armature6"),
        (["elbow", "--yes", "--wiring", "/dev/nowhere"], "name a file that can be read"),
        (["elbow", "--yes", "--port", "/dev/nowhere"], "check the cable, or start the emulator"),
    ],
)
def test_names_that_lead_nowhere_are_told(capsys, words, told):
    assert told in refused(capsys, *words)


@pytest.mark.process
def test_the_emulator_starts_with_one_servo_as_it_leaves_the_factory(tmp_path, capsys, wait_until):
    port = str(tmp_path / "bus")
    command = [sys.executable, "-m", "armature.cli", "emulate", "--link", port, "--factory", "elbow"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as emulator:
        try:
            assert emulator.stdout.readline().startswith(b"ready")
            # It is silent while it starts.
            wait_until(lambda: main.main(["scan", "--json", "--baud", "57600", "--port", port]) == 0, 40.0)
        finally:
            emulator.kill()
    (seen,) = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [(servo["id"], servo["model"]) for servo in seen["servos"]] == [(1, "XM540-W270")]


def test_a_wiring_file_of_ones_own_may_be_named(table, tmp_path, capsys):
    text = (Path(__file__).parents[3] / "config" / "servos.yaml").read_text("utf-8")
    (tmp_path / "own.yaml").write_text(text.replace("id: 3\n", "id: 33\n"))
    words = ["--wiring", str(tmp_path / "own.yaml"), "--port", table.path]
    assert main.main(["setup", *words, "elbow", "--yes"]) == 0
    assert table.address("elbow") == (33, 1_000_000)
