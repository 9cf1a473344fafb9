"""What the monitor asks of others, where they do not answer in time."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from types import SimpleNamespace

import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor

from armature.core.model.urdf import read_urdf
from armature.errors import CommandRefused, ProcessError
from armature.monitor.board import Board
from armature.monitor.gateway import ServoInterfaceState, Snapshot
from armature.nodes.common import topics
from armature.nodes.common.executor_bridge import ExecutorBridge, fail, settle
from armature.nodes.monitor import gateway as monitor_gateway
from armature.nodes.monitor.action_goal import ActionGoal
from armature.nodes.monitor.gateway import RosGateway

ENABLING = "run armature enable"
ARM = read_urdf(
    """<robot name="one"><link name="base_link"/><link name="a"/>
<joint name="elbow" type="revolute"><parent link="base_link"/><child link="a"/><axis xyz="0 0 1"/>
<limit lower="-2" upper="2" velocity="2" effort="5"/></joint></robot>""",
    "one.urdf",
)


@pytest.fixture
def gateway(own_domain, nothing_left):
    """A gateway beside a node that serves STOP's service and answers nothing."""
    context = rclpy.Context()
    rclpy.init(context=context)
    mute = rclpy.create_node("mute", context=context)
    mute.create_service(topics.STOP_MOTION.kind, topics.STOP_MOTION.name, lambda _request, response: response)
    node = rclpy.create_node("monitor", context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    thread = threading.Thread(target=executor.spin)
    thread.start()
    gateway = RosGateway(node, Board(["elbow"], {}), ARM, {}, 0.2)
    yield gateway
    gateway.destroy()
    executor.shutdown()
    thread.join()
    node.destroy_node()
    mute.destroy_node()
    rclpy.shutdown(context=context)


def test_a_request_that_timed_out_is_not_kept(gateway, monkeypatch):
    client = gateway._services[topics.STOP_MOTION]
    assert client.wait_for_service(20.0)
    monkeypatch.setattr(monitor_gateway, "_STOP_TIMEOUT", 0.1)
    with pytest.raises(ProcessError, match="no answer to arm_controller/stop within"):
        gateway.stop_motion()
    assert client._pending_requests == {}


@pytest.mark.parametrize(
    ("state", "values", "step"),
    [
        (
            "FAULT",
            {"remedy": "run armature disable, which parks it"},
            f"run armature disable, which parks it, then {ENABLING}",
        ),
        ("DISABLED", {"remedy": ENABLING}, ENABLING),
        ("DISCONNECTED", {}, f"wait until it publishes again, then {ENABLING}"),
    ],
)
def test_a_command_is_refused_with_what_the_state_names(gateway, state, values, step):
    gateway.update(Snapshot(ServoInterfaceState(state, values=values)))
    for command in (lambda: gateway.jog({"elbow": 0.1}), lambda: gateway.move_to_pose("home")):
        with pytest.raises(CommandRefused) as refused:
            command()
        assert refused.value.remedy == step


def test_a_refusal_of_an_arm_with_a_namespace_names_the_command_for_this_arm(gateway):
    gateway._node.get_namespace = lambda: "/left"
    gateway.update(Snapshot(ServoInterfaceState("DISABLED")))
    with pytest.raises(CommandRefused, match=r"run armature enable --namespace left$"):
        gateway.jog({"elbow": 0.1})


def test_a_jog_that_presses_on_is_refused_with_the_side(gateway):
    gateway.update(Snapshot(ServoInterfaceState("ENABLED", values={"blocked.elbow": "below 0.6980"})))
    with pytest.raises(CommandRefused, match=r"elbow, which is blocked below 0.6980; send it the other way"):
        gateway.jog({"elbow": -0.1})
    with pytest.raises(ProcessError, match="joint_jog"):  # it is sent on, and nobody is there to hear it
        gateway.jog({"elbow": 0.1})


class Busy:
    """A node whose executor is held up: it takes tasks, and carries them out when a test lets it."""

    def __init__(self):
        self.executor = self
        self.tasks = []

    def create_task(self, act, *arguments):
        self.tasks.append(lambda: act(*arguments))


def test_what_was_given_up_before_its_turn_came_is_not_carried_out():
    node, done = Busy(), []
    with pytest.raises(ProcessError, match="no answer"):
        ExecutorBridge(node, "monitor").wait(done.append, "arm_controller", "stop", 0.01)
    node.tasks.pop()()
    assert done == []


class GivenUp(Future):
    """An answer that its asker, in another thread, gives up in the moment in which it comes."""

    def set_result(self, value):
        self.cancel()
        super().set_result(value)

    set_exception = set_result


def test_an_answer_that_is_given_up_in_the_moment_in_which_it_comes_raises_nothing():
    assert not settle(GivenUp(), "done")
    fail(GivenUp(), ProcessError("monitor", "it is ending", "try again"))


class Promise:
    """A future of rclpy, which a test settles."""

    def __init__(self):
        self.callbacks = []

    def add_done_callback(self, callback):
        self.callbacks.append(callback)

    def settle(self, value):
        for callback in self.callbacks:
            callback(SimpleNamespace(result=lambda: value))


class Handle:
    """A goal that was accepted."""

    accepted = True

    def __init__(self):
        self.cancels = 0

    def get_result_async(self):
        return Promise()

    def cancel_goal_async(self):
        self.cancels += 1


class Prompt:
    """A node whose executor does at once what it is handed."""

    def __init__(self):
        self.executor = self

    def create_task(self, act, *arguments):
        act(*arguments)


class Kept(Promise):
    """A promise that is kept as soon as somebody waits."""

    def __init__(self, value):
        super().__init__()
        self.value = value

    def add_done_callback(self, callback):
        super().add_done_callback(callback)
        self.settle(self.value)


def wait_for_answer(sent):
    client = SimpleNamespace(server_is_ready=lambda: True, send_goal_async=lambda _goal: sent)
    action_goal = ActionGoal(Board(["elbow"], {}), client, None, "pose home")
    return ExecutorBridge(Prompt(), "monitor").wait(action_goal.begin, "arm_controller", "pose home", 0.0)


def test_a_goal_that_is_accepted_after_nobody_waits_is_canceled():
    sent, handle = Promise(), Handle()
    with pytest.raises(ProcessError, match="no answer"):
        wait_for_answer(sent)
    sent.settle(handle)
    assert handle.cancels == 1


def test_a_goal_that_is_accepted_in_time_is_not_canceled():
    handle = Handle()
    assert wait_for_answer(Kept(handle))
    assert handle.cancels == 0


def test_a_preview_that_takes_too_long_is_canceled(gateway, monkeypatch):
    monkeypatch.setattr(monitor_gateway, "_TIMEOUT", 0.05)
    handle = Handle()
    gateway._move.destroy()
    gateway._move = SimpleNamespace(
        server_is_ready=lambda: True, send_goal_async=lambda _goal: Kept(handle), destroy=lambda: None
    )
    gateway._poses = {"home": {"elbow": 0.5}}
    gateway.bridge = ExecutorBridge(Prompt(), "monitor")
    gateway.update(Snapshot(ServoInterfaceState("ENABLED")))
    with pytest.raises(ProcessError, match=r"no path to pose home was found within 0\.05 s"):
        gateway.move_to_pose("home")
    assert handle.cancels == 1
