"""An arm as an object, beside controllers whose time passes while a call waits."""

from __future__ import annotations

import math
import threading
import time
from itertools import count

import pytest

from armature import Arm
from armature.client import motion as client_motion
from armature.client.connection import Connection
from armature.client.session import Session
from armature.errors import (
    CommandRefused,
    ConfigError,
    GoalRefused,
    MotionFailed,
    MotionTimeout,
    NotRead,
    ProcessError,
)
from armature.nodes.common import topics

from .conftest import PATIENCE

pytestmark = pytest.mark.usefixtures("nothing_left")


def place(graph):
    return {joint: graph.motion.servos.position[joint] for joint in ("waist", "elbow")}


def test_it_moves_to_joints_and_tells_where_they_are(graph, arm):
    motion = graph.do(lambda: arm.move(waist=0.3, elbow=-0.2))
    assert (motion.is_done, motion.end.is_reached) == (True, True)
    assert place(graph) == pytest.approx({"waist": 0.3, "elbow": -0.2}, abs=2e-3)
    positions = graph.do(lambda: arm.positions)
    assert positions["waist"] == pytest.approx(0.3, abs=2e-3)
    assert set(positions) == {"waist", "elbow", "gripper"}
    assert graph.do(lambda: arm.joints) == ("waist", "elbow")
    graph.do(lambda: arm.move({"waist": 0.1}, {"waist": 0.0}))
    assert place(graph) == pytest.approx({"waist": 0.0, "elbow": -0.2}, abs=2e-3)


def test_it_moves_the_tool_to_a_place_that_it_reaches(graph, arm):
    graph.do(lambda: arm.move(waist=0.0, elbow=0.3))
    there = 0.2 + 0.1 * math.cos(0.5)
    goal = (there * math.cos(0.2), there * math.sin(0.2), 0.1 - 0.1 * math.sin(0.5))
    graph.do(lambda: arm.move_to(*goal))
    assert place(graph) == pytest.approx({"waist": 0.2, "elbow": 0.5}, abs=5e-3)
    for act in (lambda: arm.line(z=5.0), lambda: arm.arc((1.0, 1.0, 0.0), (0.0, 2.0, 0.0), frame="tool")):
        with pytest.raises(MotionFailed, match="refused"):
            graph.do(act)


def test_it_follows_a_trajectory_of_ones_own(graph, arm):
    graph.do(lambda: arm.move(waist=0.1, elbow=0.3))
    graph.do(lambda: arm.follow([[0.1, 0.4]], [0.5], velocities=[[0, 0]]))
    assert place(graph) == pytest.approx({"waist": 0.1, "elbow": 0.4}, abs=2e-3)
    graph.do(lambda: arm.follow([{"elbow": 0.3, "waist": 0.1}], [0.5], velocities=[[0, 0]]))
    assert place(graph) == pytest.approx({"waist": 0.1, "elbow": 0.3}, abs=2e-3)


def test_it_knows_the_poses_and_where_its_tool_is_in_them(graph, arm, wait_until):
    assert graph.do(lambda: arm.poses) == ("park", "aside")
    graph.do(lambda: arm.move("park", "aside"))
    assert place(graph) == pytest.approx({"waist": 0.5, "elbow": -0.3}, abs=2e-3)
    pose = graph.do(lambda: arm.tool_pose)
    reach = 0.2 + 0.1 * math.cos(-0.3)
    there = (reach * math.cos(0.5), reach * math.sin(0.5), 0.1 - 0.1 * math.sin(-0.3), 0.0, -0.3, 0.5)
    assert tuple(pose) == pytest.approx(there, abs=2e-3)

    def twist():
        with arm.twist(y=0.05, frame="tool"):
            wait_until(lambda: graph.motion.waist > 0.52, PATIENCE)

    graph.do(twist)
    graph.motion.servos.unread.add("elbow")
    graph.motion.spin(0.1)
    time.sleep(0.6)
    with pytest.raises(
        NotRead, match="the pose of the tool is not known: the joint behind the frame 'lower' was not"
    ):
        graph.do(lambda: arm.tool_pose)
    graph.motion.servos.unread.clear()


def test_a_motion_may_go_on_while_the_program_does(graph, arm):
    motion = graph.do(lambda: arm.move(waist=-1.0, seconds=3.0, wait=False))
    assert not motion.is_done
    graph.motion.attend(lambda: motion.time > 0.5)
    graph.do(motion.cancel)
    assert (motion.is_done, motion.end.is_reached) == (True, False)
    assert graph.is_at_rest()
    with pytest.raises(MotionFailed, match="cancel"):
        motion.wait()


@pytest.mark.parametrize("timeout", ["soon", float("nan")])
def test_a_timeout_that_is_none_moves_nothing(graph, arm, timeout):
    before = graph.motion.waist
    with pytest.raises(GoalRefused, match=r"timeout: .* refused; a finite number is needed"):
        graph.do(lambda: arm.move(waist=before + 0.5, timeout=timeout))
    graph.motion.spin(0.3)
    assert graph.motion.waist == before


def test_what_takes_longer_than_it_may_is_cancelled(graph, arm):
    with pytest.raises(MotionTimeout, match=r"move is not at its goal after 0\.5 s; it was cancelled"):
        graph.do(lambda: arm.move(waist=1.5, seconds=5.0, timeout=0.5))
    assert graph.is_at_rest()


def test_a_refusal_comes_with_the_controllers_words(graph, arm):
    with pytest.raises(MotionFailed, match=r"position of waist.*refused") as refused:
        graph.do(lambda: arm.move(waist=5.0))
    assert refused.value.code < 0
    with pytest.raises(MotionFailed, match="without points it names poses"):
        graph.do(lambda: arm.move("nowhere", wait=False))
    with pytest.raises(MotionFailed, match="refused"):
        graph.do(lambda: arm.gripper(5.0))


def test_the_gripper_tells_what_it_holds(graph, arm):
    assert graph.do(lambda: arm.gripper(0.02)).end.message == "goal reached"
    graph.motion.servos.stuck["gripper"] = 0.02
    motion = graph.do(lambda: arm.gripper(0.0))
    del graph.motion.servos.stuck["gripper"]
    assert motion.end.is_stalled
    assert str(motion) == "gripper: blocked and holds"


def test_a_jog_lasts_as_long_as_its_block(graph, arm, wait_until):
    graph.do(lambda: arm.move(waist=0.0, elbow=0.0))

    def jog():
        with arm.jog(waist=0.4) as jog:
            wait_until(lambda: graph.motion.waist > 0.2, PATIENCE)
            jog.set(waist=-0.4)
            wait_until(lambda: graph.motion.servos.velocity["waist"] < -0.2, PATIENCE)

    graph.do(jog)
    graph.motion.is_still()
    assert -0.5 < graph.motion.waist < 0.5
    graph.do(lambda: arm.jog({"waist": -0.2, "gripper": 0.01}, seconds=0.5))
    graph.do(lambda: arm.twist(y=0.02, seconds=0.5))


def test_a_jog_of_what_there_is_not_is_refused(graph, arm):
    graph.motion.servos.be("ENABLED", "s0", **{"limits.waist": "", "limits.elbow": ""})
    graph.motion.spin(0.05)
    for act, says in (
        (lambda: arm.jog(knee=0.1, seconds=0.1), "joints are waist, elbow"),
        (lambda: arm.jog(waist="fast", seconds=0.1), "a finite number"),
        (lambda: arm.twist(x=float("nan"), seconds=0.1), "a finite number"),
        (lambda: arm.twist(x=0.1, frame="world"), "frames are base, tool"),
        (lambda: arm.speed(3.0), "give 0 to 2"),
    ):
        with pytest.raises(GoalRefused, match=says):
            graph.do(act)


def test_a_jog_of_an_arm_that_takes_no_commands_is_refused_with_what_leads_out(graph, arm):
    graph.motion.servos.be("FAULT", why="elbow: overload", remedy="disable, which parks it")
    graph.motion.spin(0.05)
    with pytest.raises(
        CommandRefused, match=r"jog refused: the state is FAULT \(elbow: overload\); disable, which"
    ):
        graph.do(lambda: arm.jog(waist=0.1, seconds=0.2))


def test_a_jog_that_the_state_ends_says_so(graph, arm):
    def jog():
        with arm.jog(waist=0.1):
            graph.motion.servos.be("HOLDING", why="stopped")
            time.sleep(0.3)

    with pytest.raises(CommandRefused, match="the state is HOLDING"):
        graph.do(jog)


def test_pause_stops_on_the_path_and_resume_reaches_the_goal(graph, arm):
    graph.do(lambda: arm.move(waist=0.0))
    motion = graph.do(lambda: arm.move(waist=0.5, seconds=2.0, wait=False))
    graph.do(arm.pause)
    held = place(graph)
    graph.motion.spin(0.5)
    assert place(graph) == pytest.approx(held, abs=0.2)
    graph.do(arm.resume)
    graph.do(motion.wait)
    assert place(graph)["waist"] == pytest.approx(0.5, abs=2e-3)


def test_stop_ends_the_motion_of_another_thread(graph, arm):
    graph.do(lambda: arm.move(waist=1.0))
    motion = graph.do(lambda: arm.move(waist=-1.0, wait=False))
    graph.motion.attend(lambda: graph.motion.servos.velocity["waist"] < -1.0)
    graph.do(arm.stop)
    assert graph.is_at_rest()
    with pytest.raises(MotionFailed, match="stopped by arm_controller/stop"):
        graph.do(motion.wait)


def test_speed_scales_what_moves(graph, arm):
    graph.do(lambda: arm.speed(0.5))
    graph.motion.until(lambda: graph.motion.arm.control.state.rate(graph.motion.time.now) == pytest.approx(0.5))
    graph.do(lambda: arm.speed(1.0))


def test_what_the_tool_carries_may_be_told_and_is_refused_with_the_controllers_words(graph, arm):
    graph.do(lambda: arm.payload(0.1, at=(0.0, 0.0, 0.05)))
    given = [graph.motion.arm.get_parameter(name).value for name in ("payload", "payload_at.z")]
    assert given == [0.1, 0.05]
    with pytest.raises(CommandRefused, match="payload"):
        graph.do(lambda: arm.payload(-1.0))
    with pytest.raises(GoalRefused, match="give x, y, z"):
        graph.do(lambda: arm.payload(0.1, at=(0.0, 0.0)))
    graph.do(lambda: arm.payload(0.0))


def test_services_are_asked_once_and_their_refusals_are_raised(graph, arm):
    graph.motion.servos.be("DISABLED")
    graph.motion.spin(0.05)
    graph.do(arm.enable)
    assert graph.do(lambda: arm.state).takes_commands
    graph.do(arm.enable)  # it is already
    for act in (arm.clear, arm.torque_off, arm.protective_stop, arm.release, arm.disable):
        graph.do(act)
    assert graph.asked == [
        (topics.ENABLE, True),
        (topics.CLEAR_FAULTS, None),
        (topics.TORQUE_OFF, None),
        (topics.PROTECTIVE_STOP, True),
        (topics.PROTECTIVE_STOP, False),
        (topics.ENABLE, False),
    ]
    graph.refusal = "enable refused: the state is FAULT; call it a day"
    with pytest.raises(CommandRefused) as refused:
        graph.do(arm.enable)
    assert str(refused.value) == graph.refusal
    assert refused.value.remedy == "call it a day"


def test_a_motion_of_an_arm_that_is_not_enabled_is_refused_with_the_remedy(graph, arm):
    graph.motion.servos.be("DISABLED")
    graph.motion.spin(0.05)
    with pytest.raises(MotionFailed, match="enable"):
        graph.do(lambda: arm.move(waist=0.1))


def test_a_joint_that_was_not_read_is_absent_and_refused_by_its_name(graph, arm):
    faults = {"fault.elbow.cause": "missing", "fault.elbow.detail": "no answer", "fault.elbow.remedy": "replug it"}
    limits = dict.fromkeys(("limits.waist", "limits.elbow"), "")
    assert "elbow" in graph.do(lambda: arm.positions)
    graph.motion.servos.unread.add("elbow")
    graph.motion.servos.be("FAULT", why="elbow: missing", **faults, **limits)
    graph.do(lambda: arm.positions)
    graph.motion.spin(0.1)
    time.sleep(0.6)  # so that the last reading is not late any more, but old
    positions = graph.do(lambda: next(filter(None, (arm.positions for _ in count()))))
    graph.motion.servos.unread.clear()
    assert "waist" in positions
    assert positions.get("elbow") is None
    with pytest.raises(
        NotRead, match=r"'elbow' is not known: it was not read within 0\.5 s; FAULT: missing: no answer; replug it"
    ):
        _ = positions["elbow"]
    with pytest.raises(NotRead, match="'knee' is not known: the arm has no such joint; joints are waist, elbow"):
        _ = positions["knee"]
    assert [str(fault) for fault in graph.do(lambda: arm.faults)] == ["elbow: missing: no answer; replug it"]


def test_joints_are_free_while_a_block_lasts(graph, arm, monkeypatch):
    monkeypatch.setattr("armature.client.guide._DISCOVERY", 0.2)

    def guide():
        with arm.free("elbow"):
            assert graph.asked == [(topics.free("elbow"), True)]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        graph.do(guide)
    assert graph.asked == [(topics.free("elbow"), True), (topics.free("elbow"), False)]
    with pytest.raises(ConfigError, match="joints are elbow"):
        graph.do(lambda: arm.free("knee").__enter__())


def test_the_end_of_the_block_stops_the_motion(graph):
    def program():
        with Arm() as arm, arm.free("elbow"):
            arm.move(waist=1.0, seconds=6.0, wait=False)

    graph.do(program)
    assert graph.is_at_rest()
    assert place(graph)["waist"] < 0.9


def interrupted_once(monkeypatch, owner, name):
    """Have a wait be interrupted, as by Ctrl-C, once."""
    usual, calls = getattr(owner, name), []

    def waits(self, *given):
        calls.append(given)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return usual(self, *given)

    monkeypatch.setattr(owner, name, waits)


def test_a_motion_whose_wait_is_interrupted_is_cancelled_also_where_the_program_goes_on(graph, arm, monkeypatch):
    motion = graph.do(lambda: arm.move(waist=-1.0, seconds=6.0, wait=False))
    interrupted_once(monkeypatch, client_motion.Motion, "ends_within")
    with pytest.raises(KeyboardInterrupt):
        graph.do(motion.wait)
    graph.motion.attend(lambda: motion.is_done)
    assert not motion.end.is_reached
    assert graph.is_at_rest()


def test_an_interruption_of_the_end_itself_leaves_nothing_in_motion(graph, monkeypatch):
    arm = graph.arm()
    motion = graph.do(lambda: arm.move(waist=1.0, seconds=6.0, wait=False))
    interrupted_once(monkeypatch, Session, "_wait_for_rest")
    with pytest.raises(KeyboardInterrupt):
        graph.do(arm.close)
    assert motion.is_done
    assert graph.is_at_rest()
    graph.do(arm.close)


def test_a_controller_that_does_not_answer_is_named_and_its_late_answer_is_cancelled(graph, arm, monkeypatch):
    monkeypatch.setattr(arm._session.connection, "patience", 0.0)
    with pytest.raises(ProcessError, match="arm_controller: no answer to move within 0 s"):
        graph.do(lambda: arm.move(waist=0.0, seconds=6.0))
    graph.motion.spin(0.3)
    graph.motion.is_still()
    assert abs(place(graph)["waist"]) > 1e-3


def test_after_its_end_it_says_so(graph):
    arm = graph.arm()
    graph.do(arm.close)
    graph.do(arm.close)
    with pytest.raises(ProcessError, match="this arm: it is closed"):
        arm.stop()


def test_several_arms_have_one_thread(graph):
    first, second = graph.arm(), graph.arm()
    assert [thread.name for thread in threading.enumerate()].count("armature") == 1
    graph.do(first.close)
    assert graph.do(lambda: second.state).name == "ENABLED"
    graph.do(second.close)


def test_where_no_graph_runs_the_command_that_starts_one_is_named(graph, monkeypatch):
    monkeypatch.setattr("armature.client.connection.TIMEOUT", 0.3)
    told = r"servo_interface: it publishes no state; .*armature up --namespace left$"
    with pytest.raises(ProcessError, match=told):
        graph.do(lambda: Arm("left"))
    for name in ("left arm", 5):
        with pytest.raises(ConfigError, match="write letters, digits and _"):
            Arm(name)


@pytest.mark.parametrize(
    ("name", "seen", "waits"),
    [
        ("_arms", {""}, False),
        ("_arms", {"", "left"}, True),
        ("_is_far", True, True),
        ("_has_processes", True, True),
    ],
)
def test_a_graph_of_which_nothing_is_seen_is_not_waited_for(graph, monkeypatch, name, seen, waits):
    waited = []
    monkeypatch.setattr("armature.client.connection.ABSENT_TIME", 2.0)
    monkeypatch.setattr(Connection, "wait_until", lambda _, condition, seconds: waited.append(seconds))
    monkeypatch.setattr(Connection, name, lambda _: seen)
    with pytest.raises(ProcessError, match="it publishes no state"):
        graph.do(lambda: Arm("left"))
    assert sum(waited) == (PATIENCE if waits else 2.0)


def test_arms_of_other_namespaces_are_named(graph, monkeypatch):
    monkeypatch.setattr("armature.client.connection.TIMEOUT", 2.0)
    with pytest.raises(ProcessError, match="no state; of other arms there are: one without a namespace; see: "):
        graph.do(lambda: Arm("left"))


def test_a_servo_interface_that_falls_silent_is_not_taken_for_one_that_rests(graph, arm, monkeypatch):
    monkeypatch.setattr("armature.client.readings._SILENT", 0.3)
    monkeypatch.setattr("armature.client.readings._GRACE", 0.1)
    assert graph.do(lambda: arm.state).name == "ENABLED"
    time.sleep(0.4)  # in which no time passes for the graph, so that nothing comes
    with pytest.raises(ProcessError, match=r"it is silent for 0\.\d s"):
        _ = arm.state
    graph.motion.servos.be("DISCONNECTED")  # in which nothing is commanded: diagnostics alone are heard
    graph.say_alive()
    graph.motion.spin(0.1)
    time.sleep(0.4)
    assert arm.state.name == "DISCONNECTED"


def test_a_motion_that_no_controller_knows_any_more_has_ended(graph, arm, monkeypatch):
    monkeypatch.setattr(client_motion, "_LOST_TIME", 0.2)
    motion = graph.do(lambda: arm.move(waist=0.0, seconds=4.0, wait=False))
    monkeypatch.setattr(
        motion, "_finish", lambda _end: None
    )  # as if the answer were lost with a killed controller
    graph.motion.servos.be("HOLDING", why="controller gone", remedy="enable")
    with pytest.raises(MotionFailed, match=r"move has ended: the state is HOLDING \(controller gone\); enable"):
        graph.do(lambda: motion.wait(timeout=3.0))
    motion._motions.in_flight.clear()


def test_what_was_begun_and_not_ended_ends_with_the_arm(graph):
    arm = graph.arm()

    def begin():
        arm.jog(waist=0.3).__enter__()
        return arm.free("elbow")

    block = graph.do(begin)
    graph.do(block.__enter__)
    graph.motion.spin(0.3)
    graph.do(arm.close)
    assert graph.is_at_rest()
    assert graph.asked == [(topics.free("elbow"), True), (topics.free("elbow"), False)]
    with pytest.raises(ProcessError, match="it is closed"):  # by then there is nothing to end
        block.__exit__(None, None, None)
