from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from armature.core.jog_limits import LEASE, SPEEDS, USUAL_SPEED
from armature.monitor.api.encode import encode
from armature.monitor.app import create_app
from armature.monitor.gateway import JointView


def test_the_state_holds_every_joint_with_its_values(client):
    joints = {joint["name"]: joint for joint in client.get("/api/state").json["joints"]}
    assert list(joints) == ["shoulder", "elbow", "gripper"]
    assert joints["elbow"]["position"] == pytest.approx(-0.7854)
    assert joints["elbow"]["temperature"] == 34.0


def test_a_value_that_was_not_read_is_null_and_not_zero(client, gateway):
    gateway.newest = replace(gateway.newest, joints=(JointView("elbow", age=2.5),))
    joint = client.get("/api/state").json["joints"][0]
    assert joint["position"] is None
    assert joint["temperature"] is None
    assert joint["age"] == 2.5


def test_the_model_names_joints_limits_and_poses(client):
    model = client.get("/api/model").json
    assert model["urdf"].startswith("<?xml")
    assert model["joints"][0] == {
        "name": "shoulder", "kind": "revolute", "group": "arm",
        "lower": -1.5, "upper": 1.5, "velocity": 2.0, "effort": 4.0,
    }  # fmt: skip
    assert [joint["group"] for joint in model["joints"]] == ["arm", "arm", "gripper"]
    assert model["poses"]["park"] == {"shoulder": -1.4, "elbow": 1.9}


def test_the_model_tells_the_page_how_jogs_are_bounded(client):
    jog = client.get("/api/model").json["jog"]
    assert (jog["lease"], jog["speeds"], jog["usual_speed"]) == (LEASE, list(SPEEDS), USUAL_SPEED)
    assert 2.0 * jog["renewal"] < jog["lease"]
    assert jog["usual_speed"] in jog["speeds"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_json_knows_no_number_that_is_not_finite(value):
    assert json.loads(encode({"a": [value, 1.0]})) == {"a": [None, 1.0]}


def test_answers_are_not_kept_by_the_browser(client):
    assert client.get("/api/state").headers["Cache-Control"] == "no-store"


def test_a_page_can_tell_that_what_is_served_has_changed(app, gateway, hub, page_root, config):
    first, second = (app.test_client(), create_app(gateway, hub, page_root, config).test_client())
    assert first.get("/api/state").json["edition"] == second.get("/api/model").json["edition"] != ""
    others = replace(config, poses={"home": {"elbow": 1.0}})
    other = create_app(gateway, hub, page_root, others).test_client()
    assert other.get("/api/state").json["edition"] != first.get("/api/state").json["edition"]
