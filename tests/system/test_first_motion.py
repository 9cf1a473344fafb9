"""The tutorial of one's own arm, command by command, on servos as they leave the factory: to the first motion."""

from __future__ import annotations

import math
import shlex
from contextlib import ExitStack

import pytest

from ..cli.at_terminal import at_terminal
from ..new_arm import ARM, JOINTS, POSES, REFUSED, calibrating, hold_again, set_up_again, setting_up, write_folder
from .documents import tutorial_commands
from .running import Running, armature
from .workbench import Workbench

pytestmark = [
    pytest.mark.process,
    pytest.mark.real_time,
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("nothing_left"),
]
NEAR = math.radians(1.0)  # how near a joint comes to its pose [rad]; a finger, in [m], comes nearer
TENTH = 0.1


@pytest.fixture
def whole(soak):
    if not soak.is_whole:
        pytest.skip("its first half stands in tests/cli/servos/test_first_hour.py, in virtual time")


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "my_arm")


@pytest.fixture
def bench(tmp_path):
    with Workbench(tmp_path / "bus") as bench:
        yield bench


@pytest.fixture
def reader(bench, folder, monkeypatch):
    with ExitStack() as ending:
        yield Reader(bench, folder, monkeypatch, ending)


class Reader:
    """Types what the tutorial says, each command under its own name here, and does by hand what it tells."""

    def __init__(self, bench, folder, monkeypatch, ending):
        self.bench, self.folder, self.monkeypatch, self.ending = bench, folder, monkeypatch, ending
        self.graph = None
        self.done = []

    def follow(self, command):
        words = shlex.split(
            command.replace("NAME", str(self.folder)).replace("/dev/ttyUSB0", str(self.bench.link))
        )
        if words[0] == "make":  # what that does: test_documents.py
            words = ["armature", "up", *shlex.split(words[2].removeprefix("ARGS="))]
        deed = "try_out" if words[1] == "up" and "--port" not in words else words[1]
        self.done.append(deed)
        getattr(self, deed)(words[1:])

    def try_out(self, words):
        with Running(self.folder, *words[1:]) as graph:
            assert graph.interrupt() == 0

    def setup(self, words):
        steps = setting_up(self.bench)
        code, seen = at_terminal(self.monkeypatch, words, *steps, where=REFUSED, then=set_up_again)
        assert code == 0, seen
        self.bench.assemble()

    def calibrate(self, words):
        steps = calibrating(self.bench)
        code, seen = at_terminal(self.monkeypatch, words, *steps, where=REFUSED, then=hold_again)
        assert code == 0, seen

    def check(self, words):
        self.say(words)

    def up(self, words):
        self.bench.lay_down()
        self.graph = self.ending.enter_context(Running(self.folder, *words[1:]))

    def enable(self, words):
        self.say(words)

    def move(self, words):
        self.say(words)

    def say(self, words):
        ended = self.graph.ask(*words) if self.graph else armature(*words, runtime=self.folder)
        assert ended.returncode == 0, ended.stdout + ended.stderr

    def end(self):
        """Ctrl-C parks."""
        assert self.graph.interrupt() == 0
        assert "parked, torque off" in self.graph.said()
        self.ending.close()
        assert self.bench.positions() == pytest.approx(POSES["park"], abs=2.0 * NEAR)


def fastest(bench):
    """The largest share of its velocity limit that a joint has truly had since it was last asked."""
    peaks = bench.peaks()
    return max(peaks[joint] / ARM.limit(joint).velocity for joint in JOINTS)


@pytest.mark.soak
@pytest.mark.usefixtures("whole")
def test_the_tutorial_alone_leads_from_factory_new_servos_to_the_first_motion(bench, folder, reader):
    for command in tutorial_commands():
        reader.follow(command)
    assert reader.done == ["try_out", "setup", "calibrate", "check", "up", "enable", "move"]
    true = bench.positions()
    assert {joint: true[joint] for joint in JOINTS[:-1]} == pytest.approx(
        {joint: POSES["home"][joint] for joint in JOINTS[:-1]}, abs=NEAR
    )
    # The sign is the URDF's: had nobody turned the mirrored joint, it would now stand at -home.
    assert reader.graph.newest_positions() == pytest.approx(true, abs=NEAR)
    assert "tenth" not in reader.graph.said()
    fastest(bench)
    reader.say(["move", "up"])
    assert fastest(bench) > 3.0 * TENTH
    reader.end()

    confirmed = (folder / "servos.yaml").read_text("utf-8")
    (folder / "servos.yaml").write_text(confirmed.partition("confirmed:")[0], "utf-8")
    reader.up(["up", "--port", str(bench.link), "--robot", str(folder)])
    assert "a tenth as fast" in reader.graph.said()
    reader.say(["enable"])
    fastest(bench)
    reader.say(["move", "home"])
    assert fastest(bench) < 1.2 * TENTH  # of the servos; of their set-points it is a tenth
    reader.end()
