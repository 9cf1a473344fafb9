from __future__ import annotations

from types import SimpleNamespace as Message

import pytest

from armature.recording.report.timeline import Timeline, torque_on

from ..arm_bag import status


def array(*statuses):
    return Message(status=list(statuses))


def told(timeline):
    return [(entry.kind, entry.text, entry.bad) for entry in timeline.entries]


def test_each_state_lasts_until_the_next():
    timeline = Timeline()
    timeline.state(0.0, status("s", 0, "DISABLED", torque="off"))
    timeline.state(1.0, status("s", 0, "DISABLED", torque="off"))
    timeline.state(2.0, status("s", 0, "HOLDING", torque="on", why="enabled"))
    phases = timeline.phases(5.0)
    assert [(p.state, p.start, p.end) for p in phases] == [("DISABLED", 0.0, 2.0), ("HOLDING", 2.0, 5.0)]
    assert torque_on(phases) == [(2.0, 5.0)]
    assert told(timeline)[-1] == ("state", "HOLDING, torque on: enabled", False)


def test_a_fault_is_told_when_it_comes_changes_and_goes():
    timeline = Timeline()
    for time, level, text in [(0, 0, "ok"), (1, 2, "hot"), (2, 2, "hot"), (3, 2, "overload"), (4, 1, "warm")]:
        timeline.diagnostics(time, array(status("elbow", level, text)))
    assert told(timeline) == [
        ("fault", "elbow: hot", True),
        ("fault", "elbow: overload", True),
        ("cleared", "elbow: overload", False),
    ]


@pytest.mark.parametrize("level", [b"\x02", 2])
def test_a_level_is_read_as_byte_or_number(level):
    timeline = Timeline()
    timeline.diagnostics(0.0, array(Message(level=level, name="elbow", message="hot", values=[])))
    assert told(timeline) == [("fault", "elbow: hot", True)]


def test_a_protective_stop_is_told_with_its_release_but_not_its_absence():
    timeline = Timeline()
    for time, stopped in enumerate([False, True, True, False]):
        timeline.protective_stop(time, Message(data=stopped))
    assert told(timeline) == [("stop", "protective stop", True), ("stop", "protective stop released", False)]


def goal(number, state):
    return Message(goal_info=Message(goal_id=Message(uuid=bytes([number] * 16))), status=state)


def test_goals_are_told_once_for_each_status():
    timeline = Timeline()
    timeline.goals(0.0, Message(status_list=[goal(1, 2), goal(9, 4)]))  # 9 ended before the recording
    timeline.goals(1.0, Message(status_list=[goal(1, 4), goal(2, 2)]))
    timeline.goals(2.0, Message(status_list=[goal(1, 4), goal(2, 6), goal(3, 1)]))
    assert told(timeline) == [
        ("goal", "goal 01010101 executing", False),
        ("goal", "goal 01010101 succeeded", False),
        ("goal", "goal 02020202 executing", False),
        ("goal", "goal 02020202 aborted", True),
    ]


def test_events_say_who_what_and_how():
    timeline = Timeline()
    timeline.events(1.0, array(status("monitor", 0, "arm", outcome="done")))
    assert told(timeline) == [("event", "monitor: arm (outcome done)", False)]
