from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from armature.monitor.gateway import CommandResult, DiagnosticProblem, JointView, Recording, ServoInterfaceState

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

# When the banner said so first, and by how much the page's own timer was late until then [ms].
WATCH = """title => {
    const at = performance.now(), every = 20;
    let before = at, late = 0;
    window.told = new Promise((resolve) => {
        const timer = setInterval(() => {
            const now = performance.now();
            [late, before] = [Math.max(late, now - before - every), now];
            if (document.querySelector('.banner-state').textContent !== title) return;
            clearInterval(timer);
            resolve({ after: now - at, late });
        }, every);
    });
}"""
SIZES = [(1024, 768), (820, 1180), (1440, 900), (390, 844)]


def row(page, joint):
    return page.locator(f"tr[data-joint={joint}]")


def in_state(gateway, name, reason="", **changes):
    gateway.newest = replace(gateway.newest, state=ServoInterfaceState(name, reason, 0.01), **changes)


def jogs(gateway):
    return [call[1] for call in gateway.calls if call[0] == "jog"]


def test_the_table_shows_what_was_read(page):
    expect(row(page, "shoulder")).to_contain_text("30.0")
    expect(row(page, "shoulder")).to_contain_text("1.25\u202fN·m")
    expect(row(page, "elbow")).to_contain_text("\u221245.0")
    expect(row(page, "elbow")).to_contain_text("34\u202f°C")
    expect(row(page, "gripper")).to_contain_text("12.5mm")
    expect(row(page, "gripper")).to_contain_text("0.10\u202fN")
    expect(row(page, "gripper")).not_to_contain_text("N·m")
    expect(page.locator(".banner-state")).to_have_text("Enabled")


def test_the_arm_is_drawn_and_a_joint_without_a_reading_is_named(page_3d, gateway):
    expect(page_3d.locator("#view-note")).to_be_hidden()
    drawn = page_3d.locator("#view").screenshot()
    joints = (gateway.newest.joints[0], JointView("elbow", age=2.5), gateway.newest.joints[2])
    gateway.newest = replace(gateway.newest, joints=joints)
    expect(page_3d.locator("#view-note")).to_have_text(
        "No reading of elbow. Where the pale parts are is not known."
    )
    assert page_3d.locator("#view").screenshot() != drawn


def test_a_device_without_3d_says_so_and_everything_else_works(page):
    expect(page.locator("#view-note")).to_contain_text("The 3D view is not available here")
    expect(page.locator(".jog-button").first).to_be_enabled()


def test_a_value_that_was_not_read_is_shown_as_absent_and_not_as_zero(page, gateway):
    joints = (gateway.newest.joints[0], JointView("elbow", age=2.5), gateway.newest.joints[2])
    gateway.newest = replace(gateway.newest, joints=joints)
    expect(row(page, "elbow")).to_contain_text("no reading for 2.5 s")
    assert "0.0" not in row(page, "elbow").inner_text()
    expect(row(page, "elbow").locator(".measured")).to_be_hidden()
    expect(row(page, "shoulder")).to_contain_text("30.0")


@pytest.mark.real_time  # a press ends by itself, as it must, where the page comes late
def test_a_joint_moves_while_its_button_is_held_and_stops_when_it_is_let_go(page, gateway):
    row(page, "elbow").get_by_label("elbow plus").hover()
    page.mouse.down()
    assert gateway.wait_for(lambda _: len(jogs(gateway)) >= 3)
    page.mouse.up()
    assert gateway.wait_for(lambda _: jogs(gateway)[-1] == {"elbow": 0.0})
    assert all(jog["elbow"] == pytest.approx(0.3) for jog in jogs(gateway)[:-1])  # 10 % of 3 rad/s


def test_the_jog_speed_can_be_chosen(page, gateway):
    page.get_by_label("50 %").check()
    row(page, "shoulder").get_by_label("shoulder minus").hover()
    page.mouse.down()
    assert gateway.wait_for(lambda _: {"shoulder": -1.0} in jogs(gateway))
    page.mouse.up()


def test_a_pointer_that_slides_off_the_button_stops_when_it_is_let_go(page, gateway):
    row(page, "elbow").get_by_label("elbow plus").hover()
    page.mouse.down()
    assert gateway.wait_for(lambda _: bool(jogs(gateway)))
    page.mouse.move(5, 5)
    page.mouse.up()
    assert gateway.wait_for(lambda _: jogs(gateway)[-1] == {"elbow": 0.0})


@pytest.mark.parametrize(
    "event",
    [
        "window.dispatchEvent(new Event('blur'))",
        "window.dispatchEvent(new Event('pagehide'))",
        "Object.defineProperty(document, 'hidden', {value: true}); "
        "document.dispatchEvent(new Event('visibilitychange'))",
        "document.querySelector('[data-pressed]').dispatchEvent(new Event('pointercancel'))",
    ],
)
def test_every_way_of_losing_the_page_lets_go(page, gateway, event):
    row(page, "elbow").get_by_label("elbow plus").hover()
    page.mouse.down()
    assert gateway.wait_for(lambda _: bool(jogs(gateway)))
    page.evaluate(event)
    assert gateway.wait_for(lambda _: jogs(gateway)[-1] == {"elbow": 0.0})


def test_a_page_that_is_closed_sends_no_further_lease(page, gateway):
    row(page, "elbow").get_by_label("elbow plus").hover()
    page.mouse.down()
    assert gateway.wait_for(lambda _: bool(jogs(gateway)))
    page.close()
    count = len(jogs(gateway))
    assert not gateway.wait_for(lambda _: len(jogs(gateway)) > count + 2, timeout=0.6)


def test_a_lost_stream_is_told_within_a_second_lets_go_and_forbids_motion(page, gateway, robot):
    row(page, "elbow").get_by_label("elbow plus").hover()
    page.mouse.down()
    assert gateway.wait_for(lambda _: bool(jogs(gateway)))
    page.evaluate(WATCH, "No link")
    robot.speaks.clear()
    told = page.evaluate("window.told")
    assert told["after"] < 1200 + 2 * told["late"]  # a second after the last frame
    assert gateway.wait_for(lambda _: jogs(gateway)[-1] == {"elbow": 0.0})
    page.mouse.up()
    for control in (
        "#enable",
        "#disable",
        "#stop-motion",
        "#poses button >> nth=0",
        ".jog-button >> nth=0",
        "#record",
    ):
        expect(page.locator(control)).to_be_disabled()
    page.locator("#stop").click()
    assert gateway.wait_for(lambda calls: ("protective_stop", True) in calls)
    robot.speaks.set()
    expect(page.locator(".banner-state")).to_have_text("Enabled")
    expect(page.locator(".jog-button >> nth=0")).to_be_enabled()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_stop_is_in_reach_at_every_size_and_wherever_the_page_is_scrolled(open_page, gateway, width, height):
    page = open_page(width, height, has_touch=True)
    expect(page.locator(".banner-state")).to_have_text("Enabled")
    for position in (0, 10_000):
        page.evaluate("y => window.scrollTo(0, y)", position)
        box = page.locator("#stop").bounding_box()
        assert box["width"] >= 120
        assert box["height"] >= 80
        assert min(box["x"], box["y"]) >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
    page.locator("#stop").tap()
    assert gateway.wait_for(lambda calls: ("protective_stop", True) in calls)


@pytest.mark.parametrize("key", ["Escape", " "])
def test_keys_stop_whatever_has_the_focus(page, gateway, key):
    page.locator("#poses button").first.focus()
    page.keyboard.press(key)
    assert gateway.wait_for(lambda calls: ("protective_stop", True) in calls)
    assert not any(call[0] == "move_to_pose" for call in gateway.calls)


def test_the_page_says_that_stop_is_no_emergency_stop(page):
    expect(page.locator(".stop-bar")).to_contain_text("not an emergency stop (ISO 13850)")


def test_stop_is_asked_again_until_it_is_answered(page, gateway):
    gateway.silent = True
    page.locator("#stop").click()
    expect(page.locator("#toast")).to_contain_text("STOP is not confirmed")
    expect(page.locator("#stop-message")).to_contain_text("NOT CONFIRMED")
    assert gateway.wait_for(lambda calls: calls.count(("protective_stop", True)) >= 3)
    gateway.silent = False
    expect(page.locator("#stop-message")).to_have_text("STOP is confirmed.")


def test_a_protective_stop_is_released_only_after_a_second_word(page, gateway):
    in_state(gateway, "PROTECTIVE_STOP", "STOP was pressed", protective_stop=True)
    expect(page.locator(".banner-state")).to_have_text("Protective stop")
    expect(page.locator("#enable")).to_be_hidden()
    page.locator("#release").click()
    assert gateway.calls == []
    page.locator("#release-confirm").click()
    assert gateway.wait_for(lambda calls: calls == [("protective_stop", False)])


@pytest.mark.parametrize(
    ("state", "allowed"),
    [
        ("DISABLED", {"enable"}),
        ("HOLDING", {"enable", "disable"}),
        ("ENABLED", {"disable", "stop_motion", "pose", "jog"}),
        ("MOVING", {"disable", "stop_motion", "pose", "jog"}),
        ("PARKING", set()),
        ("FAULT", {"disable"}),
        ("DISCONNECTED", set()),
        ("STARTING", set()),
    ],
)
def test_controls_that_the_state_does_not_allow_are_disabled_and_say_why(page, gateway, state, allowed):
    in_state(gateway, state)
    title = {"STARTING": "Starting"}.get(state, state.capitalize())
    expect(page.locator(".banner-state")).to_have_text(title)
    controls = {
        "enable": "#enable", "disable": "#disable", "stop_motion": "#stop-motion",
        "pose": "#poses button >> nth=0", "jog": ".jog-button >> nth=0",
    }  # fmt: skip
    for name, selector in controls.items():
        assert page.locator(selector).is_enabled() == (name in allowed), name
    if "pose" not in allowed:
        expect(page.locator("#poses-why")).not_to_be_empty()
        expect(page.locator("#jog-why")).not_to_contain_text("Hold")


def test_a_fault_names_joint_cause_deed_and_remedy(page, gateway):
    told = {"cause": "overload", "steps": "by_hand, clear_faults", "done": "the other joints stopped"}
    told |= {"remedy": "once the cause is gone, run armature clear", "since_s": "12.0"}
    fault = DiagnosticProblem("servo_interface: elbow", "ERROR", "overload", 0.1, told)
    in_state(gateway, "FAULT", "elbow: overload", faults=(fault,))
    for part in ("Elbow", "overloaded", "The other joints stopped.", "press “Clear faults”", "since 00:12"):
        expect(page.locator("#faults")).to_contain_text(part, ignore_case=True)
    page.locator("#clear-faults").click()
    assert gateway.wait_for(lambda calls: calls == [("clear_faults",)])
    expect(page.locator("#enable")).to_be_hidden()
    page.locator("#disable").click()  # an arm at fault may be let down
    assert gateway.wait_for(lambda calls: calls[-1] == ("enable", False))
    in_state(gateway, "ENABLED", faults=())
    expect(page.locator("#faults-title")).to_have_text("No faults")


@pytest.mark.parametrize(
    ("selector", "call"),
    [
        ("#poses button >> text=home", ("move_to_pose", "home")),
        ("#stop-motion", ("stop_motion",)),
        ("#disable", ("enable", False)),
        ("#gripper-open", ("move_gripper", 0.03)),
        ("#gripper-close", ("move_gripper", 0.0)),
    ],
)
def test_a_button_commands_and_tells_the_answer(page, gateway, selector, call):
    gateway.answer = CommandResult(True, "the robot says yes")
    page.locator(selector).click()
    assert gateway.wait_for(lambda calls: calls == [call])
    expect(page.locator("#toast")).to_have_text("The robot says yes.")


def test_a_refusal_is_shown_in_the_robots_words(page, gateway):
    gateway.answer = CommandResult(False, "home is outside the limit of elbow")
    page.locator("#poses button").first.click()
    expect(page.locator("#toast")).to_have_text("Home is outside the limit of elbow.")
    expect(page.locator("#toast")).to_have_attribute("data-good", "false")


def test_recording_shows_its_time_and_is_stopped_by_the_same_button(page, gateway):
    gateway.newest = replace(gateway.newest, recording=Recording(True, "/bags/one", 65.0, "recording"))
    expect(page.locator("#record-clock")).to_have_text("01:05")
    page.locator("#record").click()
    assert gateway.wait_for(lambda calls: calls == [("record", False)])


def test_a_silent_recorder_cannot_be_started(page, gateway):
    gateway.newest = replace(gateway.newest, recording=Recording())
    expect(page.locator("#record")).to_be_disabled()
    expect(page.locator("#record-why")).to_have_text("The recorder is silent.")


def test_while_the_arm_is_calibrated_nothing_is_offered_and_the_joint_to_be_pushed_is_marked(page, gateway):
    values = {"torque": "off", "asked": "elbow", "direction.elbow": "-1"}
    state = ServoInterfaceState("CALIBRATING", "Push elbow along the arrow", 0.01, values)
    gateway.newest = replace(gateway.newest, state=state, recording=Recording())
    expect(page.locator(".banner-state")).to_have_text("Calibrating: torque off")
    expect(page.locator(".banner-reason")).to_have_text("Push elbow along the arrow.")
    expect(row(page, "elbow")).to_have_class("joint asked")
    expect(row(page, "elbow")).to_contain_text("direction \u22121")
    expect(page.locator("button:visible")).to_have_text(["Reset view"])
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    expect(row(page, "shoulder")).to_have_class("joint")
    assert gateway.calls == []
    in_state(gateway, "ENABLED")
    expect(page.locator("#stop")).to_be_visible()
    expect(row(page, "elbow")).to_have_class("joint")
