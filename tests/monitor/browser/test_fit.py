"""Whether the page fits its screen and can be read, in the states that have most to say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from armature.monitor.gateway import DiagnosticProblem, JointView, ServoInterfaceState

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

SCREENS = [(1440, 900, "light"), (768, 1024, "dark"), (390, 844, "light"), (320, 640, "dark")]
# WCAG 2.2, 1.4.3: contrast of each text with what lies behind it, all transparency counted.
PALE = """() => {
  const context = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const rgba = (color) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const over = (top, below) => below.map((part, i) => top[i] * (top[3] / 255) + part * (1 - top[3] / 255));
  const light = (color) => color.map((part) => part / 255)
    .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
  const found = [];
  for (const element of document.querySelectorAll('body *')) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!hasText || !element.checkVisibility()) continue;
    let [behind, opacity] = [[255, 255, 255], 1];
    const chain = [];
    for (let at = element; at; at = at.parentElement) chain.unshift(getComputedStyle(at));
    for (const style of chain) {
      behind = over(rgba(style.backgroundColor), behind);
      opacity *= Number(style.opacity);
    }
    const color = rgba(chain.at(-1).color);
    color[3] *= opacity;
    const [dark, bright] = [light(over(color, behind)), light(behind)].sort((a, b) => a - b);
    const ratio = (bright + 0.05) / (dark + 0.05);
    if (ratio < 4.5) found.push(`${element.textContent.trim().slice(0, 30)} ${ratio.toFixed(2)}`);
  }
  return found;
}"""
FIT = """() => [...document.querySelectorAll('button, input')].filter((element) => element.offsetParent)
    .map((element) => [element.id || element.textContent, element.getBoundingClientRect()])
    .filter(([, box]) => box.height < 44 || box.left < 0 || box.right > innerWidth).map(([name]) => name)"""


def fault(joint, cause, step, waits=""):
    told = {
        "cause": cause,
        "done": "every other joint stopped",
        "step": step,
        "waits_for": waits,
        "since_s": "12.0",
    }
    return DiagnosticProblem(f"servo_interface: {joint}", "ERROR", f"{cause}: it does not answer", 0.1, told)


def in_state(gateway, name, faults=(), **values):
    unread = tuple(JointView(joint.name, age=99.9) for joint in gateway.newest.joints)
    gateway.newest = replace(
        gateway.newest, state=ServoInterfaceState(name, values.pop("why", ""), 0.01, values), faults=faults
    )
    if faults:
        gateway.newest = replace(gateway.newest, joints=unread)


@pytest.mark.parametrize(("width", "height", "scheme"), SCREENS)
def test_everything_fits_is_large_enough_and_can_be_read(page, gateway, width, height, scheme):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": height})
    page.reload()

    def require(title):
        expect(page.locator(".banner-state")).to_have_text(title)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, title
        assert page.evaluate(FIT) == [], title
        assert page.evaluate(PALE) == [], title

    require("Enabled")
    expect(page.locator("h1")).to_contain_text("two_axis")
    in_state(gateway, "FAULT", (fault("elbow", "encoder", "torque_off"),), step="torque_off")
    page.locator("#torque-off").click()
    require("Fault")
    silent = (fault("elbow", "missing", "wait"), fault("shoulder", "missing", "wait"))
    in_state(
        gateway, "FAULT", silent, **{"step": "wait", "waits_for": "elbow: it does not answer; check its cable"}
    )
    expect(page.locator(".banner-reason")).to_contain_text("The bus loses answers")
    require("Fault")
    in_state(gateway, "PROTECTIVE_STOP", why="protective stop")
    page.locator("#release").click()
    require("Protective stop")
    in_state(gateway, "DISCONNECTED", cause="bus_process")
    require("Disconnected")


@pytest.mark.parametrize(
    ("cause", "step", "button"),
    [
        ("overload", "clear_faults", "Clear faults"),
        ("input_voltage", "disable", "Park & disable"),
        ("encoder", "torque_off", "Torque off…"),
        ("overheating", "wait", None),
    ],
)
def test_the_button_in_colour_is_the_step_that_would_succeed(page, gateway, cause, step, button):
    waits = "elbow: still 77 °C, limit 80 °C; let it cool below 73 °C" if step == "wait" else ""
    in_state(gateway, "FAULT", (fault("elbow", cause, step, waits),), **{"step": step, "waits_for": waits})
    expect(page.locator(".banner-state")).to_have_text("Fault")
    shown = page.locator(".banner-actions .recover:visible")
    expect(shown).to_have_text([button] if button else [])
    if waits:
        expect(page.locator(".banner-step")).to_have_text(
            "Elbow is limp: support the arm. Elbow: still 77 °C, limit 80 °C; let it cool below 73 °C."
        )


def test_torque_is_cut_only_after_a_second_word(page, gateway):
    in_state(gateway, "FAULT", (fault("elbow", "encoder", "torque_off"),), step="torque_off")
    page.locator("#torque-off").click()
    assert gateway.calls == []
    page.locator("#torque-off-confirm").click()
    assert gateway.wait_for(lambda calls: calls == [("torque_off",)])


# A press ends by itself, as it must, where the page or what it hears from comes late.
@pytest.mark.real_time
def test_a_press_goes_on_while_the_focus_is_elsewhere_as_with_a_second_finger(page, gateway):
    page.get_by_label("elbow plus").hover()
    page.mouse.down()
    assert gateway.wait_for(lambda calls: len(calls) >= 2)
    page.locator("#stop").focus()
    count = len(gateway.calls)
    assert gateway.wait_for(lambda calls: len(calls) > count + 2)
    assert gateway.calls[-1] == ("jog", {"elbow": pytest.approx(0.3)})
    page.mouse.up()


@pytest.mark.real_time
def test_two_fingers_move_two_joints_at_once(open_page, gateway):
    page = open_page(820, 1180, has_touch=True)
    expect(page.locator(".banner-state")).to_have_text("Enabled")
    session = page.context.new_cdp_session(page)

    def centre(number, label):
        box = page.get_by_label(label).bounding_box()
        return {"id": number, "x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}

    def touch(kind, *points):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    def jogs():
        return [call[1] for call in gateway.calls if call[0] == "jog"]

    elbow, shoulder = centre(1, "elbow plus"), centre(2, "shoulder minus")
    both = {"elbow": pytest.approx(0.3), "shoulder": pytest.approx(-0.2)}
    touch("touchStart", elbow)
    touch("touchStart", elbow, shoulder)
    assert gateway.wait_for(lambda _: jogs()[-3:] == [both] * 3, 3), jogs()
    page.get_by_label("elbow plus").dispatch_event("pointerup")  # DevTools lift all fingers at once
    assert gateway.wait_for(lambda _: {"shoulder": pytest.approx(-0.2)} in jogs())
    assert {"elbow": 0.0, "shoulder": pytest.approx(-0.2)} in jogs()
    touch("touchEnd")
    assert gateway.wait_for(lambda _: jogs()[-1] == {"shoulder": 0.0})
