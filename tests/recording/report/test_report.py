from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from armature.errors import RecordingError
from armature.recording.bag.bag import BagWriter
from armature.recording.report.report import write_report

from ..arm_bag import GAP, LAG, SAG, TYPES, ArmBag, joint_state, status, target, write_arm_bag
from ..samples import BOOL, bool_message


@pytest.fixture(scope="module")
def bag(tmp_path_factory):
    return write_arm_bag(tmp_path_factory.mktemp("report") / "arm")


@pytest.fixture(scope="module")
def summary(bag):
    return write_report(bag)


@pytest.fixture
def page(summary):
    return summary.out.read_text(encoding="utf-8")


def test_the_following_error_lag_and_sag_of_the_arm_are_found(summary):
    elbow, gripper = summary.joints
    largest = max(
        abs(target(t) - target(t - LAG) + SAG)
        for t in (i * 0.01 for i in range(50, 1190))
        if not GAP[0] < t < GAP[1]
    )
    assert elbow.name == "elbow"
    assert elbow.largest_error == pytest.approx(largest, abs=1e-3)
    assert elbow.lag == pytest.approx(LAG, abs=1e-3)
    assert gripper.linear
    assert gripper.largest_error == pytest.approx(0.0, abs=1e-4)
    assert gripper.lag == pytest.approx(0.0, abs=1e-3)
    assert summary.worst is elbow
    assert summary.slowest is elbow


def test_commands_to_a_limp_arm_do_not_count(summary):
    # 1 rad away until torque comes on at 0.5 s.
    assert summary.joints[0].largest_error < 0.1
    assert summary.joints[0].at >= 0.5


def test_gaps_and_faults_are_found(summary):
    (gap,) = summary.rate.gaps
    assert gap.start == pytest.approx(GAP[0])
    assert gap.length == pytest.approx(GAP[1] - GAP[0])
    assert summary.rate.period == pytest.approx(0.01)
    assert summary.faults == 1
    assert summary.notes == ()


def test_the_lines_tell_the_numbers(summary):
    text = "\n".join(summary.lines())
    assert re.search(r"elbow: largest following error \d\.\d\d° \(0\.0\d+ rad\) at \d+\.\d\d s, lag 60 ms", text)
    assert re.search(r"gripper: largest following error 0\.0\d mm \(0\.0000\d m\) at", text)
    assert "1 gaps" in text
    assert "1 faults" in text
    assert str(summary.out) in text


class Page(HTMLParser):
    """Notes what a page would fetch, and whether its elements nest."""

    VOID = ("meta", "br", "link", "img", "input")

    def __init__(self):
        super().__init__()
        self.fetched, self.open, self.headings = [], [], []

    def handle_starttag(self, tag, attrs):
        self.fetched += [v for k, v in attrs if k in ("src", "href", "xlink:href") and not v.startswith("#")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)


def test_the_page_needs_nothing_else(page):
    parser = Page()
    parser.feed(page)
    assert parser.fetched == []
    assert parser.open == []
    assert parser.headings == ["States, goals and faults", "Joints", "elbow", "gripper", "Joint states"]
    assert "url(http" not in page
    assert "@import" not in page


def test_every_colour_of_the_drawings_follows_the_theme(page):
    drawings = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(drawings) == 4
    assert not re.findall(r"#0102\w\w", page)
    used = set(re.findall(r"var\(--(\w+)\)", "".join(drawings)))
    dark = page[page.index("prefers-color-scheme: dark") :]
    assert used
    assert all(f"--{name}:" in dark[: dark.index("* {")] for name in used)


def test_the_bag_of_a_dead_writer_is_reported_with_a_note(bag, tmp_path):
    data = (bag / "arm_0.mcap").read_bytes()
    (tmp_path / "cut.mcap").write_bytes(data[: len(data) * 9 // 10])
    summary = write_report(tmp_path / "cut.mcap")
    assert summary.out == tmp_path / "report.html"
    assert any("cut off" in note for note in summary.notes)


def test_what_a_bag_lacks_is_named(tmp_path):
    bag = ArmBag(tmp_path / "bag")
    for index in range(100):
        bag.put("/joint_states", index / 100, joint_state(index / 100, ["elbow"], [0.0]))
    bag.writer.close()
    summary = write_report(tmp_path / "bag")
    notes = " ".join(summary.notes)
    assert "/servo_interface/commanded is not in this bag" in notes
    assert "/arm_controller/controller_state is not in this bag" in notes
    assert "Nothing commands these joints" in notes
    assert summary.joints[0].largest_error is None
    assert "no command to compare with" in "\n".join(summary.lines())


def test_a_joint_that_could_not_be_read_is_told(tmp_path):
    bag = ArmBag(tmp_path / "bag")
    for index in range(100):
        names = ["elbow", "wrist"] if index % 4 else ["elbow"]
        bag.put("/joint_states", index / 100, joint_state(index / 100, names, [0.0] * len(names)))
    bag.writer.close()
    assert "wrist could not be read in 25 of 100 joint states." in write_report(tmp_path / "bag").notes


def test_a_latched_command_of_long_ago_is_not_compared(tmp_path):
    bag = ArmBag(tmp_path / "bag")
    bag.put("/servo_interface/commanded", 0.0, joint_state(-500.0, ["elbow"], [1.0]), age=500.0)
    for index in range(100):
        bag.put("/joint_states", index / 100, joint_state(index / 100, ["elbow"], [0.0]))
    bag.writer.close()
    assert write_report(tmp_path / "bag").joints[0].largest_error is None


def test_simulated_time_is_laid_on_the_time_of_the_recording(tmp_path):
    bag = ArmBag(tmp_path / "bag")
    for index in range(200):
        time = index / 100
        bag.put("/joint_states", time, joint_state(time - 1e9, ["elbow"], [time]))
        bag.put("/servo_interface/commanded", time, joint_state(time - 1e9, ["elbow"], [time + 0.5]))
    bag.writer.close()
    summary = write_report(tmp_path / "bag")
    assert summary.joints[0].largest_error == pytest.approx(0.5, abs=1e-3)
    assert 0.0 <= summary.joints[0].at <= 2.0


def test_a_namespace_is_found(tmp_path):
    bag = ArmBag(tmp_path / "bag", prefix="/left")
    for index in range(100):
        bag.put("/joint_states", index / 100, joint_state(index / 100, ["elbow"], [0.0]))
    bag.diagnostics(0.5, status("servo_interface: elbow", 2, "hot <&>"))
    bag.writer.close()
    summary = write_report(tmp_path / "bag")
    assert summary.joints[0].readings == 100
    assert summary.faults == 1
    assert "hot &lt;&amp;&gt;" in summary.out.read_text(encoding="utf-8")


def test_two_arms_in_one_bag_are_refused(tmp_path):
    bag = ArmBag(tmp_path / "bag")
    for bag.prefix in ("/left", "/right"):
        bag.put("/joint_states", 0.0, joint_state(0.0, ["elbow"], [0.0]))
    bag.writer.close()
    with pytest.raises(RecordingError, match="several arms: /left, /right"):
        write_report(tmp_path / "bag")


def test_a_robot_description_that_is_none_does_not_stop_the_report(tmp_path):
    bag = ArmBag(tmp_path / "bag")
    bag.put("/robot_description", 0.0, TYPES["std_msgs/msg/String"]("<not xml"))
    bag.put("/joint_states", 0.0, joint_state(0.0, ["elbow"], [0.0]))
    bag.writer.close()
    assert not write_report(tmp_path / "bag").joints[0].linear


def test_a_bag_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(RecordingError, match="does not exist"):
        write_report(tmp_path / "nothing")


def test_a_file_that_is_no_bag_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("to do")
    with pytest.raises(RecordingError, match="is not an MCAP file"):
        write_report(tmp_path / "notes.txt")


def test_an_empty_bag_is_refused(tmp_path):
    BagWriter(tmp_path / "bag").close()
    with pytest.raises(RecordingError, match="holds no message"):
        write_report(tmp_path / "bag")


def test_a_bag_of_other_topics_is_refused(tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        writer.add_topic(type(BOOL)("/other", BOOL.type, BOOL.schema))
        writer.write(type(bool_message(True))("/other", 1, 1, bool_message(True).data))
    with pytest.raises(RecordingError, match="nothing to report"):
        write_report(tmp_path / "bag")


def test_a_place_that_cannot_be_written_is_named(bag, tmp_path):
    with pytest.raises(RecordingError, match=r"missing/report\.html: cannot be written"):
        write_report(bag, tmp_path / "missing" / "report.html")
