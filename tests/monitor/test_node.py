from __future__ import annotations

import itertools
import json
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import rclpy
from control_msgs.action import FollowJointTrajectory, ParallelGripperCommand
from control_msgs.msg import DynamicJointState, InterfaceValue
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.action import ActionServer, GoalResponse
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool

from armature.core.model.urdf import read_urdf
from armature.dynamixel.wiring.arm import Wiring
from armature.nodes.common import topics
from armature.nodes.common.conversions import diagnostic, to_seconds

pytestmark = [pytest.mark.process]

URDF = """<robot name="two">
<link name="base_link"/><link name="upper"/><link name="flap"/><link name="fore"/><link name="finger"/>
<joint name="spare" type="revolute"><parent link="base_link"/><child link="flap"/><axis xyz="0 1 0"/>
  <limit lower="-1" upper="1" velocity="2" effort="4"/></joint>
<joint name="shoulder" type="revolute"><parent link="base_link"/><child link="upper"/><axis xyz="0 1 0"/>
  <limit lower="-1.5" upper="1.5" velocity="2" effort="4"/></joint>
<joint name="elbow" type="revolute"><parent link="upper"/><child link="fore"/><axis xyz="0 1 0"/>
  <limit lower="-2" upper="2" velocity="3" effort="4"/></joint>
<joint name="gripper" type="prismatic"><parent link="fore"/><child link="finger"/><axis xyz="1 0 0"/>
  <limit lower="0" upper="0.03" velocity="0.1" effort="10"/></joint>
</robot>"""
ENTRY = "model: XM430-W350, direction: 1, zero_offset: 180 deg"
WIRING = f"""
bus: {{baud_rate: 1000000 bit/s}}
joints:
  spare: {{fixed: 20 deg}}
  shoulder: {{id: 1, {ENTRY}, reduction: 1 rad/rad}}
  elbow: {{id: 2, {ENTRY}, reduction: 1 rad/rad}}
  gripper: {{id: 3, {ENTRY}, reduction: 40 rad/m}}
"""
POSES = """
home: {shoulder: 0.8 rad, elbow: 0 rad, gripper: 10 mm}
park: {shoulder: 0 rad, elbow: 1 rad, gripper: 0 mm}
"""


class Robot(Node):
    """The other side of the graph: services and actions that note what they are asked."""

    def __init__(self, context) -> None:
        super().__init__("robot", context=context)
        self.forget()
        for service in (
            topics.ENABLE,
            topics.PROTECTIVE_STOP,
            topics.STOP_MOTION,
            topics.CLEAR_FAULTS,
            topics.TORQUE_OFF,
            topics.RECORDER_START,
        ):
            self.create_service(service.kind, service.name, self._answering(service.name))
        self._actions = [
            self._action(topics.MOVE_JOINTS, self._move),
            self._action(topics.GRIPPER_COMMAND, self._grip),
        ]
        topics.subscription(self, topics.JOINT_JOG, lambda jog: self.jogs.append(jog))
        self._state = topics.publisher(self, topics.STATE)
        self._stop = topics.publisher(self, topics.PROTECTIVE_STOP_STATE)
        self._joint_states = topics.publisher(self, topics.JOINT_STATES)
        self._dynamic = topics.publisher(self, topics.DYNAMIC_JOINT_STATES)
        self._diagnostics = topics.publisher(self, topics.DIAGNOSTICS)
        self._timer = self.create_timer(0.02, self._cycle)

    def forget(self) -> None:
        """As new: nothing was asked, everything is answered, all joints are read."""
        self.asked = []
        self.jogs = []
        self.goals = []
        self.previewed = []
        self.refusal = ""
        self.becomes = ""  # state to be in once a service was asked
        self.takes_goals = True
        self.early_end = ""
        self.read = {"shoulder": 0.1, "elbow": -0.2, "gripper": 0.01}
        self.statuses = []
        self.is_silent = False

    def speak(self, state, why="") -> None:
        """Report a state once."""
        self._state.publish(
            diagnostic("servo_interface", DiagnosticStatus.OK, state, {"why": why, "torque": "on"})
        )
        self._stop.publish(Bool(data=state == "PROTECTIVE_STOP"))

    def destroy_node(self) -> None:
        for action in self._actions:
            action.destroy()
        super().destroy_node()

    def _cycle(self) -> None:
        if self.is_silent:
            return
        values = list(self.read.values())
        names = list(self.read)
        self._joint_states.publish(JointState(name=names, position=values, velocity=[0.0] * len(names)))
        interfaces = [InterfaceValue(interface_names=["temperature"], values=[31.0]) for _ in names]
        self._dynamic.publish(DynamicJointState(joint_names=names, interface_values=interfaces))
        if self.statuses:
            self._diagnostics.publish(DiagnosticArray(status=self.statuses))

    def _answering(self, name):
        def answer(request, response):
            self.asked.append((name, getattr(request, "data", None)))
            if self.becomes:
                self.speak(self.becomes)
            response.success, response.message = not self.refusal, self.refusal or "done"
            return response

        return answer

    def _action(self, action, execute):
        def decide(goal):
            is_preview = action is topics.MOVE_JOINTS and goal.trajectory.header.frame_id == "preview"
            (self.previewed if is_preview else self.goals).append(goal)
            return GoalResponse.ACCEPT if self.takes_goals else GoalResponse.REJECT

        return ActionServer(self, action.kind, action.name, execute, goal_callback=decide)

    def _move(self, handle):
        told = self.early_end
        if handle.request.trajectory.header.frame_id == "preview":
            told = told or json.dumps({"duration": 1.5})
            handle.abort() if self.early_end else handle.succeed()
            return FollowJointTrajectory.Result(error_string=told)
        result = FollowJointTrajectory.Result(error_string=self.early_end)
        handle.abort() if self.early_end else handle.succeed()
        return result

    def _grip(self, handle):
        handle.succeed()
        return ParallelGripperCommand.Result(reached_goal=True)


@pytest.fixture(scope="module")
def graph(module_domain):
    """One graph for all tests of this file: starting a monitor takes seconds."""
    context = rclpy.Context()
    rclpy.init(context=context)
    node = Robot(context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    thread = threading.Thread(target=executor.spin)
    thread.start()
    yield node
    executor.shutdown()
    thread.join()
    node.destroy_node()
    rclpy.shutdown(context=context)


@pytest.fixture(scope="module")
def command(tmp_path_factory):
    folder = tmp_path_factory.mktemp("arm")
    (folder / "arm.urdf").write_text(URDF)
    (folder / "poses.yaml").write_text(POSES)
    stamp = Wiring.from_yaml(WIRING, read_urdf(URDF)).digest
    (folder / "servos.yaml").write_text(f"{WIRING}confirmed: {stamp}\n")
    (folder / "index.html").write_text("<!doctype html>")
    files = {"urdf": folder / "arm.urdf", "poses": folder / "poses.yaml", "page_root": folder}
    files["wiring"] = folder / "servos.yaml"

    def line(**parameters):
        given = {**files, "port": 0, **parameters}
        options = [word for name, value in given.items() for word in ("-p", f"{name}:={value}")]
        return [sys.executable, "-m", "armature.nodes.monitor", "--ros-args", *options]

    return line


@contextmanager
def running(command_line):
    process = subprocess.Popen(command_line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


class Monitor:
    """A client of the running monitor."""

    def __init__(self, url, opener=None) -> None:
        self.url = url
        self.opener = opener or urllib.request.build_opener()

    def get(self, path):
        with urllib.request.urlopen(f"{self.url}api/{path}", timeout=10) as response:
            return json.load(response)

    def post(self, path, **body):
        request = urllib.request.Request(
            f"{self.url}api/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        try:
            with self.opener.open(request, timeout=20) as response:
                return response.status, json.load(response)["message"]
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)["message"]

    def state(self):
        return self.get("state")["state"]["name"]


@pytest.fixture(scope="module")
def running_monitor(graph, command):
    with running(command()) as process:
        ready = process.stdout.readline().split()
        assert ready[:1] == ["ready"], process.stderr.read()
        yield Monitor(ready[1])
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


@pytest.fixture
def robot(graph):
    graph.forget()
    return graph


@pytest.fixture
def monitor(running_monitor, robot):
    return running_monitor


@pytest.fixture
def enabled_monitor(monitor, robot, wait_until):
    robot.speak("ENABLED")
    wait_until(lambda: monitor.state() == "ENABLED")
    wait_until(lambda: monitor.get("state")["joints"][0]["position"] is not None)
    return monitor


def test_a_joint_without_a_servo_is_none_of_the_arms(monitor):
    assert [joint["name"] for joint in monitor.get("model")["joints"]] == ["shoulder", "elbow", "gripper"]


def test_what_was_read_is_shown_and_what_was_not_is_absent(enabled_monitor, robot, wait_until):
    joint = enabled_monitor.get("state")["joints"][1]
    assert (joint["name"], joint["position"], joint["temperature"]) == ("elbow", -0.2, 31.0)
    assert joint["effort"] is None
    del robot.read["elbow"]
    wait_until(lambda: enabled_monitor.get("state")["joints"][1]["position"] is None)
    assert enabled_monitor.get("state")["joints"][0]["position"] == 0.1


def test_a_servo_interface_that_falls_silent_is_told(enabled_monitor, robot, wait_until):
    robot.is_silent = True
    wait_until(lambda: enabled_monitor.state() == "DISCONNECTED", timeout=3)
    status, message = enabled_monitor.post("pose", pose="home")
    assert status == 409
    assert "DISCONNECTED" in message


def test_faults_and_the_recorder_are_taken_from_diagnostics(enabled_monitor, robot, wait_until):
    overload = {"done": "stopped", "remedy": "clear faults"}
    robot.statuses = [
        diagnostic("servo_interface: elbow", DiagnosticStatus.ERROR, "overload", overload),
        diagnostic("recorder", DiagnosticStatus.OK, "recording", {"path": "/bags/one", "bytes": 5}),
    ]
    wait_until(lambda: enabled_monitor.get("state")["recording"]["active"])
    shown = enabled_monitor.get("state")
    assert (shown["faults"][0]["level"], shown["faults"][0]["message"]) == ("ERROR", "overload")
    assert shown["recording"]["path"] == "/bags/one"


@pytest.mark.timeout(120)
def test_services_are_asked_and_their_words_come_back(enabled_monitor, robot, wait_until):
    for path, body, service, data in (
        ("enable", {}, topics.ENABLE, True),
        ("disable", {}, topics.ENABLE, False),
        ("protective_stop", {}, topics.PROTECTIVE_STOP, True),
        ("release", {}, topics.PROTECTIVE_STOP, False),
        ("stop_motion", {}, topics.STOP_MOTION, None),
        ("clear_faults", {}, topics.CLEAR_FAULTS, None),
        ("torque_off", {}, topics.TORQUE_OFF, None),
        ("record", {"on": True}, topics.RECORDER_START, None),
    ):
        wait_until(lambda path=path, body=body: enabled_monitor.post(path, **body) == (200, "done"))
        assert robot.asked[-1] == (service.name, data)
    robot.refusal = "a joint is too hot"
    assert enabled_monitor.post("enable") == (409, "a joint is too hot")


def test_a_service_that_nobody_offers_is_named(enabled_monitor):
    status, message = enabled_monitor.post("record", on=False)
    assert status == 503
    assert message.startswith("recorder: it does not serve recorder/stop")


def test_a_jog_is_one_lease_of_all_joints_that_are_pressed(enabled_monitor, robot, wait_until):
    press = {"velocities": {"elbow": -0.5, "shoulder": 0.2}, "press": 7}
    sequence = itertools.count()
    wait_until(lambda: enabled_monitor.post("jog", **press, sequence=next(sequence)) == (200, "sent"))
    wait_until(lambda: robot.jogs)
    jog = robot.jogs[0]
    assert (list(jog.joint_names), list(jog.velocities)) == (["elbow", "shoulder"], [-0.5, 0.2])
    assert jog.duration == 0.25


def test_no_jog_is_sent_unless_enabled_but_its_end_is(enabled_monitor, robot, wait_until):
    robot.speak("HOLDING", "the way is blocked")
    wait_until(lambda: enabled_monitor.state() == "HOLDING")
    status, message = enabled_monitor.post("jog", velocities={"elbow": 0.5}, press=8, sequence=0)
    assert (status, robot.jogs) == (409, [])
    assert "HOLDING (the way is blocked)" in message
    sequence = itertools.count(1)
    end = {"velocities": {"elbow": 0.0}, "press": 8}
    wait_until(lambda: enabled_monitor.post("jog", **end, sequence=next(sequence)) == (200, "sent"))


def test_a_pose_is_a_move_of_the_arm_alone_in_twice_the_time_that_the_controller_foresees(
    enabled_monitor, robot, wait_until
):
    wait_until(lambda: enabled_monitor.post("pose", pose="home")[0] == 200)
    trajectory = robot.goals[-1].trajectory
    assert list(trajectory.joint_names) == ["shoulder", "elbow"]
    (point,) = trajectory.points
    assert list(point.positions) == [0.8, 0.0]
    assert to_seconds(point.time_from_start) == 3.0
    assert list(robot.previewed[-1].trajectory.points[0].positions) == [0.8, 0.0]
    wait_until(lambda: (enabled_monitor.get("state")["motion"] or {}).get("outcome") == "succeeded")


def test_a_pose_that_is_saved_is_offered_at_once_to_a_page_that_loads_itself_again(
    enabled_monitor, robot, wait_until, command
):
    file, edition = (
        Path(next(word.removeprefix("poses:=") for word in command() if word.startswith("poses:="))),
        enabled_monitor.get("model")["edition"],
    )
    file.write_text(f"{POSES}look: {{shoulder: 0.1 rad, elbow: 0.2 rad}}\n")
    try:
        wait_until(lambda: enabled_monitor.get("state")["edition"] != edition)
        assert list(enabled_monitor.get("model")["poses"]) == ["home", "park", "look"]
        wait_until(lambda: enabled_monitor.post("pose", pose="look")[0] == 200)
        assert list(robot.goals[-1].trajectory.points[0].positions) == [0.1, 0.2]
    finally:
        file.write_text(POSES)
    wait_until(lambda: enabled_monitor.get("state")["edition"] == edition)
    wait_until(lambda: (enabled_monitor.get("state")["motion"] or {}).get("outcome") == "succeeded")


def test_a_motion_is_stopped_before_a_pose_since_a_move_begins_from_rest(enabled_monitor, robot, wait_until):
    wait_until(lambda: enabled_monitor.post("pose", pose="home")[0] == 200)
    robot.speak("MOVING")
    wait_until(lambda: enabled_monitor.state() == "MOVING")
    robot.becomes = "ENABLED"
    assert enabled_monitor.post("pose", pose="park")[0] == 200
    assert robot.asked[-1][0] == topics.STOP_MOTION.name


def test_a_pose_may_follow_the_answer_to_enabling_at_once(enabled_monitor, robot, wait_until):
    for _ in range(5):
        robot.speak("DISABLED")
        wait_until(lambda: enabled_monitor.state() == "DISABLED")
        robot.becomes = "ENABLED"
        assert enabled_monitor.post("enable") == (200, "done")
        assert enabled_monitor.post("pose", pose="home")[0] == 200
        robot.becomes = ""


def test_a_pose_that_ends_early_is_told_with_the_controllers_reason(enabled_monitor, robot, wait_until):
    robot.early_end = "elbow: 9 rad refused"
    wait_until(lambda: enabled_monitor.post("pose", pose="home") == (409, "elbow: 9 rad refused"))


def test_a_pose_that_is_rejected_is_told(enabled_monitor, robot, wait_until):
    robot.takes_goals = False
    wait_until(lambda: robot.previewed or enabled_monitor.post("pose", pose="home"))
    status, message = enabled_monitor.post("pose", pose="home")
    assert status == 409
    assert "refused pose home" in message


def test_the_gripper_is_a_goal_in_metres(enabled_monitor, robot, wait_until):
    wait_until(lambda: enabled_monitor.post("gripper", position=0.02)[0] == 200)
    command = robot.goals[-1].command
    assert (list(command.name), list(command.position)) == (["gripper"], [0.02])
    assert enabled_monitor.post("gripper", position={"gripper": 0.01})[0] == 200
    command = robot.goals[-1].command
    assert (list(command.name), list(command.position)) == (["gripper"], [0.01])


def test_a_gripper_goal_that_is_rejected_is_told_with_the_controllers_reason(enabled_monitor, robot, wait_until):
    robot.takes_goals = False
    why = "position of gripper: 0.02 refused"
    robot.statuses = [diagnostic("gripper_controller", DiagnosticStatus.OK, "idle", {"last": why})]
    wait_until(lambda: enabled_monitor.post("gripper", position=0.02) == (409, why))


def test_a_port_in_use_is_one_line_with_the_remedy(command, nothing_left):
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        running(command(port=taken.getsockname()[1])) as process,
    ):
        out, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "ready" not in out
    assert err.strip().splitlines()[-1].endswith("or end the program that uses it")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("parameter", "value", "told"),
    [
        ("urdf", "/nowhere.urdf", "parameter urdf"),
        ("poses", "/nowhere.yaml", "parameter poses"),
        ("port", "high", "port"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(command, nothing_left, parameter, value, told):
    with running(command(**{parameter: value})) as process:
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert told in err
    assert "Traceback" not in err


def test_other_machines_need_the_key_which_no_log_tells_and_a_restart_keeps(
    command, nothing_left, monkeypatch, tmp_path
):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    cookies = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    port = 0
    for has_logged_in in (False, True):
        with running(command(host="0.0.0.0", port=port)) as process:
            key = Path(process.stdout.readline().split()[-1]).read_text().strip()
            url = process.stdout.readline().split()[-1].replace("0.0.0.0", "127.0.0.1")
            port = int(url.split(":")[-1].strip("/"))
            monitor = Monitor(url, cookies)
            assert monitor.post("enable")[0] == (503 if has_logged_in else 401)  # there is no servo interface
            assert Monitor(url).post("protective_stop")[0] == 503  # let in without
            assert monitor.post("login", key=key)[0] == 200
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=15)
        assert process.returncode == 0
        assert key not in out + err


def test_a_crowd_that_asks_for_nothing_is_told_in_diagnostics(monitor, robot, wait_until):
    def shown():
        return [fault for fault in monitor.get("state")["faults"] if fault["name"] == "monitor"]

    with ExitStack() as stack:
        host, port = monitor.url.split("/")[2].split(":")
        for _ in range(60):
            stack.enter_context(socket.create_connection((host, int(port)), timeout=10))
        wait_until(shown)
    (fault,) = shown()
    assert fault["level"] == "WARN"
    assert "send no request" in fault["message"]
    assert int(fault["values"]["dropped"]) >= 60
    wait_until(lambda: not shown())
