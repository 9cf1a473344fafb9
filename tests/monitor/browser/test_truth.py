"""Whether what the page says is true now: no fault, a success, a refusal, torque, names as they are written."""

from __future__ import annotations

from dataclasses import replace
from html import escape

import pytest
from playwright.sync_api import expect

from armature.core.model.urdf import read_urdf
from armature.monitor.api.encode import edition_of
from armature.monitor.api.services import MonitorConfig
from armature.monitor.app import create_app
from armature.monitor.gateway import CommandResult, DiagnosticProblem, ServoInterfaceState
from armature.monitor.http.server import MonitorServer

from ..conftest import POSES, URDF

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


def in_state(gateway, name, reason="", **changes):
    values = changes.pop("values", {})
    gateway.newest = replace(gateway.newest, state=ServoInterfaceState(name, reason, 0.01, values), **changes)


def state(page):
    return page.locator(".banner-state")


def test_without_a_link_faults_are_not_known(page, gateway, robot):
    panel, title = page.locator(".faults"), page.locator("#faults-title")
    expect(title).to_have_text("No faults")
    robot.speaks.clear()
    expect(title).to_have_text("Faults not known: no link")
    page.set_viewport_size({"width": 820, "height": 1180})
    expect(panel).to_be_visible()
    robot.speaks.set()
    expect(title).to_have_text("No faults")


def test_before_a_first_frame_faults_are_not_known(open_page, robot):
    robot.speaks.clear()
    expect(open_page().locator("#faults-title")).to_have_text("Faults not known: no link")


def test_an_arm_that_holds_for_a_cause_has_no_fault_of_a_joint(page, gateway):
    in_state(gateway, "HOLDING", "elbow: it answers now")
    expect(page.locator("#faults-title")).to_have_text("No fault of a joint")


def test_a_success_goes_with_the_state_that_it_speaks_of_and_a_failure_stays(page, gateway, robot):
    toast = page.locator("#toast")
    gateway.answer = CommandResult(True, "enabled")
    page.locator("#stop-motion").click()
    expect(toast).to_have_text("Enabled.")
    in_state(gateway, "PROTECTIVE_STOP", protective_stop=True)
    expect(state(page)).to_have_text("Protective stop")
    assert toast.is_hidden()

    in_state(gateway, "ENABLED", protective_stop=False)
    expect(state(page)).to_have_text("Enabled")
    page.locator("#stop-motion").click()
    expect(toast).to_be_visible()
    robot.speaks.clear()
    expect(state(page)).to_have_text("No link")
    assert toast.is_hidden()

    robot.speaks.set()
    expect(state(page)).to_have_text("Enabled")
    gateway.answer = CommandResult(False, "it is too far")
    page.locator("#stop-motion").click()
    expect(toast).to_have_text("It is too far.")
    in_state(gateway, "HOLDING")
    expect(state(page)).to_have_text("Holding")
    assert toast.is_visible()


def test_a_success_stays_in_the_state_that_it_brings(page, gateway):
    in_state(gateway, "DISABLED")
    expect(state(page)).to_have_text("Disabled")
    gateway.answer = CommandResult(True, "enabled")
    gateway.may_answer.clear()
    page.locator("#enable").click()
    assert gateway.wait_for(lambda calls: calls == [("enable", True)])
    page.evaluate("""
        new MutationObserver(() => (document.body.dataset.told = ''))
            .observe(document.getElementById('toast'), {attributes: true})
    """)
    gateway.may_answer.set()
    expect(page.locator("body[data-told]")).to_have_count(1)
    in_state(gateway, "ENABLED")
    expect(state(page)).to_have_text("Enabled")
    assert page.locator("#toast").is_visible()


@pytest.mark.parametrize(
    ("meanwhile", "told"),
    [
        ("PARKING", "Parking was interrupted: the bus cycle was delayed"),
        (None, "Not disabled: the bus cycle was delayed"),
    ],
)
def test_a_parking_that_was_interrupted_is_no_refusal(page, gateway, meanwhile, told):
    gateway.answer = CommandResult(False, "disable refused: the bus cycle was delayed by 0.22 s; torque stays on")
    gateway.may_answer.clear()
    page.locator("#disable").click()
    assert gateway.wait_for(lambda calls: calls == [("enable", False)])
    if meanwhile:
        in_state(gateway, meanwhile)
        expect(state(page)).to_have_text("Parking")
    gateway.may_answer.set()
    expect(page.locator("#toast")).to_contain_text(told)
    expect(page.locator("#toast")).not_to_contain_text("refused")


def test_a_disabled_arm_does_not_tell_of_a_fault_that_is_over(page, gateway):
    in_state(
        gateway, "DISABLED", "shoulder: recovered: it answers again", values={"torque": "off", "cause": "missing"}
    )
    expect(page.locator(".banner-reason")).to_have_text("Torque is off.")


def test_a_limp_joint_at_fault_is_told_before_what_to_press_and_in_the_colour_of_a_fault(page, gateway):
    values = {"cause": "overload", "steps": "by_hand, clear_faults"}
    fault = DiagnosticProblem("servo_interface: shoulder", "ERROR", "overload", 0.1, values)
    joints = tuple(replace(joint, torque_enabled=False) for joint in gateway.newest.joints)
    in_state(gateway, "FAULT", faults=(fault,), joints=joints, values={"step": "clear_faults"})
    support = "Shoulder is limp: support the arm."
    expect(page.locator(".banner-step")).to_contain_text(f"{support} Remove the cause")
    expect(page.locator("#faults .remedy")).to_have_text([support, "Remove the cause, then press “Clear faults”."])
    colours = page.locator(".condition").evaluate_all("all => all.map(one => getComputedStyle(one).color)")
    alarm = page.locator("#faults-title").evaluate("one => getComputedStyle(one).color")
    assert colours[0] == alarm
    assert alarm not in colours[1:]


def test_control_that_nobody_has_and_the_following_error_are_explained(page, gateway):
    expect(page.locator("#link-control")).to_have_text("available")
    expect(page.locator("tr[data-joint=elbow] .beside").first).to_have_attribute("title", "Δ: goal minus position")


SHOULDER = "<img src=x onerror=alert(1)>"
ELBOW = '"><script>alert(1)</script>'
LEFT, RIGHT = "</style>'left finger", "&lt;b&gt; right ]{finger"
POSE = "<svg onload=alert(1)>"
NAMES = {"shoulder": SHOULDER, "elbow": ELBOW, "gripper": LEFT}
FINGER = """<link name="nail"/><joint name="right" type="revolute"><parent link="fore"/><child link="nail"/>
  <axis xyz="0 1 0"/><limit lower="0" upper="1" velocity="1" effort="1"/></joint></robot>"""


def with_names(text):
    for name, other in NAMES.items():
        text = text.replace(f'<joint name="{name}"', f'<joint name="{escape(other)}"')
    return text.replace("two_axis", escape(SHOULDER)).replace(
        "</robot>", FINGER.replace("right", escape(RIGHT), 1)
    )


@pytest.fixture
def hostile(gateway, hub, page_root, control, robot):
    """The monitor of an arm whose names are written in HTML; its gripper has two joints that move differently."""
    poses = {POSE: {NAMES[joint]: at for joint, at in POSES["home"].items()}}
    config = MonitorConfig(arm=read_urdf(with_names(URDF), "hostile.urdf"), poses=poses)
    joints = [replace(joint, name=NAMES[joint.name]) for joint in gateway.newest.joints]
    joints.append(replace(joints[-1], name=RIGHT, position=0.5))
    gateway.newest = replace(gateway.newest, joints=tuple(joints))
    robot.edition = edition_of(config)
    serving = MonitorServer(create_app(gateway, hub, page_root, config, control), hub, "127.0.0.1", 0)
    yield serving
    serving.stop()


def test_hostile_names_are_text_and_the_joints_of_a_gripper_that_move_differently_have_a_slider_each(
    show, hostile, gateway
):
    page = show(hostile.port)
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    for name in (SHOULDER, ELBOW, LEFT, RIGHT):
        expect(page.locator("tr[data-joint]", has_text=name)).to_have_count(1)
    expect(page.locator("#poses button")).to_have_text(POSE)
    expect(page.locator("#gripper-open, #gripper-close")).to_have_count(2)
    expect(page.locator("#gripper-open:visible, #gripper-close:visible")).to_have_count(0)
    expect(page.locator(".gripper span").last).to_contain_text(RIGHT)
    page.get_by_label(RIGHT, exact=True).last.evaluate("s => { s.value = 0.25; s.onchange(); }")
    assert gateway.wait_for(lambda calls: calls == [("move_gripper", {LEFT: 0.0125, RIGHT: 0.25})])
    gateway.answer = CommandResult(False, SHOULDER)
    page.locator("#poses button").click()
    expect(page.locator("#toast")).to_contain_text("onerror=alert(1)")
    state = ServoInterfaceState("FAULT", ELBOW, 0.01, values={f"fault.{SHOULDER}.cause": "overload"})
    values = {"joint": SHOULDER, "cause": POSE}
    fault = DiagnosticProblem(f"servo_interface: {SHOULDER}", "ERROR", ELBOW, 0.1, values)
    gateway.newest = replace(gateway.newest, state=state, faults=(fault,))
    expect(page.locator(".faults")).to_contain_text("onerror=alert(1)")
    assert page.locator("img[src=x], svg[onload], main script").count() == 0
    assert dialogs == []
