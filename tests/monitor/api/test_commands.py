from __future__ import annotations

import json
import threading
from dataclasses import replace
from functools import partial

import pytest

from armature.core.model.urdf import read_urdf
from armature.monitor import app
from armature.monitor.api.jog_order import JogOrder
from armature.monitor.app import create_app
from armature.monitor.gateway import CommandResult

JOG = {"velocities": {"elbow": 0.3}, "press": 1, "sequence": 0}


def jog(**velocities):
    return {**JOG, "velocities": velocities}


@pytest.mark.parametrize(
    ("path", "body", "call"),
    [
        ("protective_stop", {}, ("protective_stop", True)),
        ("release", {}, ("protective_stop", False)),
        ("enable", {}, ("enable", True)),
        ("disable", {}, ("enable", False)),
        ("stop_motion", {}, ("stop_motion",)),
        ("clear_faults", {}, ("clear_faults",)),
        ("jog", JOG, ("jog", {"elbow": 0.3})),
        ("jog", jog(elbow=0.3, shoulder=-0.2), ("jog", {"elbow": 0.3, "shoulder": -0.2})),
        ("torque_off", {}, ("torque_off",)),
        ("pose", {"pose": "home"}, ("move_to_pose", "home")),
        ("gripper", {"position": 0.02}, ("move_gripper", 0.02)),
        ("record", {"on": True}, ("record", True)),
        ("record", {"on": False}, ("record", False)),
    ],
)
def test_a_command_reaches_the_gateway_and_its_answer_comes_back(client, gateway, path, body, call):
    gateway.answer = CommandResult(True, "as you wish")
    response = client.post(f"/api/{path}", json=body)
    assert gateway.calls == [call]
    assert (response.status_code, response.json) == (200, {"ok": True, "message": "as you wish"})


def test_a_refusal_by_the_robot_is_told_in_its_own_words(client, gateway):
    gateway.answer = CommandResult(False, "state is DISABLED; enable first")
    response = client.post("/api/pose", json={"pose": "home"})
    assert response.status_code == 409
    assert response.json == {"ok": False, "message": "state is DISABLED; enable first"}


def test_a_silent_process_is_named(client, gateway):
    gateway.silent = True
    response = client.post("/api/enable", json={})
    assert response.status_code == 503
    assert response.json["message"] == "servo_interface: no answer; start it again"


@pytest.mark.parametrize(
    ("path", "body", "field", "bound"),
    [
        ("jog", jog(wrist=0.1), "joint", "one of shoulder, elbow"),
        ("jog", jog(elbow=0.1, gripper=0.1), "joint", "one of shoulder, elbow"),
        ("jog", jog(), "velocities", "by joint"),
        ("jog", {**JOG, "velocities": ["elbow"]}, "velocities", "by joint"),
        ("jog", {**JOG, "velocities": None}, "velocities", "by joint"),
        ("jog", jog(elbow=1.6), "elbow", "-1.5 to 1.5 rad/s"),
        ("jog", jog(shoulder=0.1, elbow=-1.6), "elbow", "-1.5 to 1.5 rad/s"),
        ("jog", jog(elbow="0.1"), "elbow", "a number"),
        ("jog", jog(elbow=True), "elbow", "a number"),
        ("jog", jog(elbow=10**400), "elbow", "-1.5 to 1.5 rad/s"),
        ("jog", {**JOG, "press": -1}, "press", "whole number"),
        ("jog", {**JOG, "press": 2**53}, "press", "whole number"),
        ("jog", {**JOG, "sequence": 1.5}, "sequence", "whole number"),
        ("jog", {**JOG, "sequence": False}, "sequence", "whole number"),
        ("jog", {"velocities": {"elbow": 0.1}}, "press", "the fields are"),
        ("jog", {**JOG, "torque": 1}, "torque", "the fields are"),
        ("pose", {"pose": "moon"}, "pose", "one of home, park"),
        ("pose", {"pose": {}}, "pose", "one of home, park"),
        ("pose", {}, "pose", "the fields are pose"),
        ("gripper", {"position": 0.031}, "position", "0 to 0.03 m"),
        ("gripper", {"position": -0.001}, "position", "0 to 0.03 m"),
        ("gripper", {"position": None}, "position", "a number"),
        ("record", {"on": 1}, "on", "true or false"),
        ("record", {"on": "yes"}, "on", "true or false"),
        ("enable", {"on": True}, "on", "the fields are none"),
        ("enable", [], "body", "a JSON object"),
        ("enable", "on", "body", "a JSON object"),
    ],
)
def test_bad_input_is_refused_with_field_and_bound(client, gateway, path, body, field, bound):
    response = client.post(f"/api/{path}", json=body)
    assert response.status_code == 422
    assert response.json["field"] == field
    assert bound in response.json["bound"]
    assert gateway.calls == []


@pytest.mark.parametrize(
    "raw",
    [
        b'{"position": NaN}',
        b'{"position": Infinity}',
        b'{"position": -Infinity}',
        b'{"position": 1e999}',
        b'{"position": 0.01',
        b"\xff\xfe",
        b'{"position":' + b"[" * 4000,
        b"null",
    ],
)
def test_a_body_that_is_no_finite_json_is_refused(client, gateway, raw):
    response = client.post("/api/gripper", data=raw, content_type="application/json")
    assert response.status_code == 422
    assert "finite" in response.text or "number" in response.text or "JSON object" in response.text
    assert gateway.calls == []


def test_a_body_too_large_is_refused_with_the_bound(client, gateway):
    response = client.post("/api/pose", json={"pose": "x" * 5000})
    assert response.status_code == 413
    assert response.json["ok"] is False
    assert gateway.calls == []


def test_an_arm_without_a_gripper_says_so(gateway, hub, page_root, config):
    urdf = config.arm.urdf[: config.arm.urdf.index('  <joint name="gripper"')].replace(
        '<link name="finger">', "<!--"
    )
    urdf = urdf.replace('<box size="0.01 0.01 0.04"/></geometry></visual></link>', "-->") + "</robot>"
    bare = replace(config, arm=read_urdf(urdf, "bare.urdf"))
    response = create_app(gateway, hub, page_root, bare).test_client().post("/api/gripper", json={"position": 0})
    assert response.status_code == 409
    assert "has no gripper" in response.json["message"]


def test_a_gripper_that_turns_is_moved_in_radians_and_not_jogged(gateway, hub, page_root, config):
    urdf = config.arm.urdf.replace('"prismatic"', '"revolute"').replace('upper="0.03"', 'upper="1.2"')
    turning = create_app(
        gateway, hub, page_root, replace(config, arm=read_urdf(urdf, "turning.urdf"))
    ).test_client()
    assert turning.post("/api/gripper", json={"position": 1.0}).status_code == 200
    assert gateway.calls[-1] == ("move_gripper", 1.0)
    refused = turning.post("/api/gripper", json={"position": 1.3})
    assert "0 to 1.2 rad" in refused.json["message"]
    assert "shoulder, elbow" in turning.post("/api/jog", json=jog(gripper=0.1)).json["message"]


FINGERS = """<link name="nail"/>
  <joint name="right_finger" type="revolute"><parent link="fore"/><child link="nail"/>
  <axis xyz="0 1 0"/><limit lower="0" upper="1.5" velocity="1" effort="1"/></joint></robot>"""


@pytest.fixture
def two_fingers(gateway, hub, page_root, config):
    """The web API of an arm with a gripper of two joints that move differently."""
    arm = read_urdf(config.arm.urdf.replace("</robot>", FINGERS), "fingers.urdf")
    return create_app(gateway, hub, page_root, replace(config, arm=arm)).test_client()


def test_joints_of_a_gripper_that_move_differently_are_moved_by_name(two_fingers, gateway):
    asked = {"gripper": 0.01, "right_finger": 1.2}
    assert two_fingers.post("/api/gripper", json={"position": asked}).status_code == 200
    assert gateway.calls == [("move_gripper", asked)]
    assert two_fingers.get("/api/model").json["gripper_moves_as_one"] is False


@pytest.mark.parametrize(
    ("position", "told"),
    [
        (0.01, "its joints move differently: give an object with each of 'gripper', 'right_finger'"),
        ({"gripper": 0.01}, "right_finger"),
        ({"gripper": 0.01, "right_finger": 1.6}, "0 to 1.5 rad"),
        ({"gripper": 0.01, "right_finger": 1.2, "elbow": 0.0}, "the fields are gripper, right_finger"),
        ({"gripper": 0.01, "right_finger": None}, "a number"),
    ],
)
def test_positions_that_a_gripper_of_two_joints_cannot_take_are_refused(two_fingers, gateway, position, told):
    response = two_fingers.post("/api/gripper", json={"position": position})
    assert (response.status_code, gateway.calls) == (422, [])
    assert told in response.json["message"]


def test_the_only_joint_of_a_gripper_may_be_named_too(client, gateway):
    assert client.post("/api/gripper", json={"position": {"gripper": 0.02}}).status_code == 200
    assert gateway.calls == [("move_gripper", {"gripper": 0.02})]
    assert client.get("/api/model").json["gripper_moves_as_one"] is True


def test_a_lease_that_comes_after_the_release_of_its_press_moves_nothing_and_ends_nothing(client, gateway):
    for sequence, velocity in ((0, 0.3), (2, 0.0), (1, 0.3)):
        last = client.post("/api/jog", json={**jog(elbow=velocity), "sequence": sequence})
    assert gateway.calls == [("jog", {"elbow": 0.3}), ("jog", {"elbow": 0.0})]
    assert (last.status_code, last.json["ok"]) == (200, True)


def test_a_press_that_was_silent_for_too_long_moves_nothing_more_and_its_end_is_passed_on(
    gateway, hub, page_root, config, clock, monkeypatch
):
    monkeypatch.setattr(app, "JogOrder", partial(JogOrder, clock=clock))
    client = app.create_app(gateway, hub, page_root, config).test_client()
    client.post("/api/jog", json=JOG)
    clock.now += 0.4
    late = client.post("/api/jog", json={**JOG, "sequence": 1})
    assert late.status_code == 409
    assert "no request of it came for too long; let go, then press again" in late.json["message"]
    assert client.post("/api/jog", json={**jog(elbow=0.0), "sequence": 2}).status_code == 200
    assert gateway.calls == [("jog", {"elbow": 0.3}), ("jog", {"elbow": 0.0})]


def test_the_end_of_a_press_that_comes_after_the_next_one_has_begun_ends_nothing(client, gateway):
    client.post("/api/jog", json={**jog(elbow=0.3), "press": 2})
    late = client.post("/api/jog", json={**jog(elbow=0.0), "press": 1, "sequence": 9})
    assert gateway.calls == [("jog", {"elbow": 0.3})]
    assert late.status_code == 200


def test_one_request_of_a_kind_runs_at_a_time_but_stop_always_does(app, gateway):
    gateway.may_answer.clear()
    parking = threading.Thread(target=lambda: app.test_client().post("/api/disable", json={}))
    parking.start()
    assert gateway.wait_for(lambda calls: ("enable", False) in calls)
    second = app.test_client().post("/api/disable", json={})
    stops = [
        threading.Thread(target=lambda: app.test_client().post("/api/protective_stop", json={})) for _ in range(2)
    ]
    for stop in stops:
        stop.start()
    assert gateway.wait_for(lambda calls: calls.count(("protective_stop", True)) == 2)
    gateway.may_answer.set()
    for thread in (parking, *stops):
        thread.join()
    assert second.status_code == 409
    assert "being carried out" in second.json["message"]


@pytest.mark.parametrize("path", ["protective_stop", "enable", "jog", "login"])
def test_a_command_cannot_be_given_by_get(client, gateway, path):
    assert client.get(f"/api/{path}").status_code in (404, 405)
    assert gateway.calls == []


def test_an_unknown_path_answers_as_json(client):
    response = client.get("/api/dance")
    assert response.status_code == 404
    assert json.loads(response.data)["ok"] is False


def test_an_unexpected_error_tells_no_traceback(client, gateway, monkeypatch):
    monkeypatch.setattr(gateway, "record", lambda on: 1 / 0)
    response = client.post("/api/record", json={"on": True})
    assert response.status_code == 500
    assert "Traceback" not in response.text
    assert "ZeroDivision" not in response.text
