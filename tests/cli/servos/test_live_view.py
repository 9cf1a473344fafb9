"""The page beside `armature calibrate`: what a hand does to an emulated arm is seen there at once."""

from __future__ import annotations

import json
import re
import socket
import threading
import urllib.error
import urllib.request

import pytest

from armature.cli import main
from armature.cli.servos import calibrate
from armature.cli.servos.calibration import live_view as module
from armature.cli.servos.calibration.gateway import CalibrationGateway
from armature.dynamixel.protocol import multi_bus
from armature.emulator.faults.catalogue import Place, Silence
from armature.errors import CommandRefused
from armature.monitor.readings import FRESH

from ...virtual_arm import VirtualArm
from ..at_terminal import INTERRUPT, at_terminal
from .test_calibrate import CONTENT

pytestmark = pytest.mark.usefixtures("nothing_left")
PLACED, TEST, PUSH = "and press Enter", "Test the directions by hand?", "elbow: push it"


@pytest.fixture
def arm(monkeypatch):
    arm = VirtualArm()
    arm.inject(Place())
    arm.put_in_place(monkeypatch, multi_bus)
    monkeypatch.setattr(calibrate, "_SPACING", 0.0)
    return arm


@pytest.fixture
def wiring(tmp_path):
    file = tmp_path / "servos.yaml"
    file.write_bytes(CONTENT)
    return file


@pytest.fixture
def page_root(tmp_path, monkeypatch):
    """A page, whether or not it has been built."""
    root = tmp_path / "page"
    root.mkdir()
    (root / "index.html").write_text("page")
    monkeypatch.setattr(module, "page_folder", lambda: root)
    return root


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.fixture
def words(arm, wiring, page_root, port):
    return ["calibrate", "--port", arm.path, "--wiring", str(wiring), "--http", f"127.0.0.1:{port}", "elbow"]


class Viewer:
    """A page, which reads its stream in a thread of its own; and a program that sends commands."""

    def __init__(self, port):
        self.newest = None
        self._port = port
        self._thread = threading.Thread(target=self._read)

    def open(self):
        self._answer = urllib.request.urlopen(f"http://127.0.0.1:{self._port}/api/stream", timeout=20)
        self._thread.start()

    def _read(self):
        with self._answer:
            for line in self._answer:
                if line.startswith(b"data:"):
                    self.newest = json.loads(line[5:])

    def sees(self, condition):
        """Whether the newest frame is as told, for a step of a script."""
        return lambda: self.newest is not None and condition(self.newest)

    def asks(self, command):
        """The status and message of a command's answer."""
        address = f"http://127.0.0.1:{self._port}/api/{command}"
        request = urllib.request.Request(address, b"{}", {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.load(answer)["message"]
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)["message"]

    def leave(self):
        if self._thread.is_alive():
            self._thread.join()


@pytest.fixture
def viewer(port):
    viewer = Viewer(port)
    yield viewer
    viewer.leave()


def reading(frame, joint):
    return next(each for each in frame["joints"] if each["name"] == joint)


def at(position):
    """Whether a frame has the elbow there."""

    def condition(frame):
        found = reading(frame, "elbow")["position"]
        return found is not None and abs(found - position) < 0.01

    return condition


def test_the_page_sees_the_hand_the_wanted_pose_the_joint_asked_for_and_a_flip(
    arm, wiring, words, viewer, monkeypatch
):
    frames, answers = {}, []

    def move(position):
        return lambda: arm.inject(Place("elbow", position))

    def keep(name, keys=""):
        def do():
            frames[name] = viewer.newest
            return keys

        return do

    script = [
        *[(PLACED, viewer.open), (viewer.sees(at(0.0)), move(0.3)), (viewer.sees(at(0.3)), keep("placing"))],
        *[(lambda: True, move(0.0)), (viewer.sees(at(0.0)), "\n")],
        *[(TEST, move(0.2)), (viewer.sees(at(0.2)), keep("question", "\n"))],
        *[(PUSH, move(0.5)), (viewer.sees(at(0.5)), keep("pushed"))],
        (lambda: True, lambda: answers.extend(map(viewer.asks, ("protective_stop", "enable")))),
        *[(lambda: True, "f"), ("direction will be 1", ""), (viewer.sees(at(-0.5)), keep("flipped"))],
        (PUSH, INTERRUPT),
    ]
    code, told = at_terminal(monkeypatch, words, *script)
    assert (code, wiring.read_bytes()) == (1, CONTENT)
    assert f"3D view: http://{words[6]}/" in told
    placing, question, pushed, flipped = (frames[key] for key in ("placing", "question", "pushed", "flipped"))
    assert (placing["state"]["name"], placing["state"]["values"]["torque"]) == ("CALIBRATING", "off")
    assert placing["state"]["reason"].startswith("Place the arm by hand in the pose zero")
    assert [reading(frame, "elbow")["commanded"] for frame in (placing, pushed)] == [0.0, None]
    assert "Test the directions" in question["state"]["reason"]
    assert reading(placing, "waist")["position"] == pytest.approx(0.0, abs=0.01)
    values = pushed["state"]["values"]
    assert (values["asked"], values["direction.elbow"]) == ("elbow", "-1")
    assert "its far end moves" in pushed["state"]["reason"]
    assert flipped["state"]["values"]["direction.elbow"] == "+1"
    assert [status for status, _ in answers] == [409, 409]
    assert all(
        "torque is off, and nothing moves but by hand; end armature calibrate" in text for _, text in answers
    )


def test_a_joint_that_was_not_read_is_absent_and_the_others_are_shown(arm, words, viewer, monkeypatch):
    def is_absent(frame):
        return reading(frame, "elbow")["position"] is None

    script = [
        *[(PLACED, viewer.open), (viewer.sees(at(0.0)), lambda: arm.inject(Silence("elbow")))],
        (viewer.sees(is_absent), "q"),
    ]
    at_terminal(monkeypatch, words, *script)
    assert reading(viewer.newest, "elbow")["age"] > FRESH
    assert reading(viewer.newest, "shoulder")["position"] == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("lacks", ["port", "page"])
def test_what_keeps_the_page_away_is_one_line_and_the_calibration_goes_on(
    arm, wiring, words, page_root, port, monkeypatch, lacks
):
    if lacks == "page":
        (page_root / "index.html").unlink()
    with socket.create_server(("127.0.0.1", port if lacks == "port" else 0)):
        code, told = at_terminal(monkeypatch, words, (PLACED, "\n"), (TEST, "q\n"))
    assert code == 1
    (line,) = [line for line in told.splitlines() if "3D view" in line]
    assert line.startswith("without the 3D view: ")
    why = {"port": "the port is in use; choose another one with --http HOST:PORT", "page": "make web builds it"}
    assert why[lacks] in line


def test_without_a_wish_for_the_page_no_port_is_opened(arm, words, viewer, monkeypatch):
    def look():
        with pytest.raises(urllib.error.URLError):
            viewer.open()
        return "q"

    _, told = at_terminal(monkeypatch, [*words[:6], "none"], (PLACED, look))
    assert "3D view" not in told


def test_where_other_machines_reach_the_page_it_asks_for_the_access_key(arm, words, viewer, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(module, "is_loopback", lambda host: False)
    answers = []

    def look():
        answers.append(viewer.asks("enable"))
        return "q"

    _, told = at_terminal(monkeypatch, words, (PLACED, look))
    (key,) = re.findall(r"3D view: http://\S+ \(access key (\S+)\)", told)
    assert (len(key), answers[0][0]) == (23, 401)


def test_an_address_that_is_none_is_refused_at_once(words, capsys):
    assert main.main([*words[:6], "here"]) == 1
    assert capsys.readouterr().err.startswith("error: --http: 'here' cannot be used")


def test_a_reading_grows_old_where_none_follows_it():
    now = [10.0]
    gateway = CalibrationGateway(["elbow"], lambda: now[0])
    gateway.update("Push elbow", {}, {"elbow": 0.5}, {})
    assert gateway.snapshot().joints[0].position == 0.5
    now[0] += FRESH + 0.1
    shown = gateway.snapshot()
    assert (shown.joints[0].position, round(shown.state.age, 3)) == (None, FRESH + 0.1)


@pytest.mark.parametrize(
    "command",
    [
        lambda gateway: gateway.protective_stop(True),
        lambda gateway: gateway.protective_stop(False),
        lambda gateway: gateway.enable(True),
        lambda gateway: gateway.stop_motion(),
        lambda gateway: gateway.jog({"elbow": 0.1}),
        lambda gateway: gateway.move_to_pose("home"),
        lambda gateway: gateway.move_gripper(0.0),
        lambda gateway: gateway.record(True),
        lambda gateway: gateway.clear_faults(),
        lambda gateway: gateway.torque_off(),
    ],
)
def test_every_command_is_refused(command):
    with pytest.raises(
        CommandRefused, match="torque is off, and nothing moves but by hand; end armature calibrate"
    ):
        command(CalibrationGateway(["elbow"]))
