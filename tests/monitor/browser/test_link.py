"""What the page does without a link, with an old one, with a new server, and beside another browser."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from armature.monitor.api.control import GRACE, IDLE

from .conftest import KEY

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

# All that could move the arm or change what it does; not the view, the size of a jog's step, and the key's form.
LIVE = """() => [...document.querySelectorAll('button, input')]
    .filter(element => !element.closest('#login, .view, #jog-speed') && element.id !== 'stop')
    .filter(element => element.checkVisibility() && !element.disabled)
    .map(element => element.id || element.textContent)"""


def title(page):
    return page.locator(".banner-state")


def require_locked(page, gateway, why):
    expect(page.locator(".banner-reason")).to_contain_text(why)
    assert page.evaluate(LIVE) == []
    for place in ("#jog-why", "#poses-why", "#gripper-why", "#record-why"):
        expect(page.locator(place)).not_to_be_empty()
    page.locator("#stop").click()
    assert gateway.wait_for(lambda calls: ("protective_stop", True) in calls)
    assert {call[0] for call in gateway.calls} == {"protective_stop"}


def test_with_all_places_taken_everything_but_stop_is_locked_until_one_is_free(open_page, gateway, hub, robot):
    taken = [hub.open() for _ in range(hub.capacity)]
    page = open_page()
    expect(title(page)).to_have_text("No link")
    expect(page.locator(".jog-button")).to_have_count(4)
    require_locked(page, gateway, "All 3 places for viewers are taken. STOP works.")
    for stream in taken:
        stream.close()
    expect(title(page)).to_have_text("Enabled")
    expect(page.locator(".jog-button").first).to_be_enabled()


def test_before_a_first_frame_everything_but_stop_is_locked(open_page, gateway, robot):
    robot.speaks.clear()
    page = open_page()
    expect(page.locator(".jog-button")).to_have_count(4)
    require_locked(page, gateway, "No data from the robot yet.")


def test_before_the_arm_is_known_everything_but_stop_is_locked(chromium, serving, gateway):
    context = chromium.new_context()
    page = context.new_page()
    page.route("**/api/model", lambda route: route.abort())
    page.goto(f"http://127.0.0.1:{serving.port}/")
    require_locked(page, gateway, "No data from the robot yet.")
    page.unroute("**/api/model")
    expect(title(page)).to_have_text("Enabled")
    context.close()


def test_a_frame_older_than_three_tenths_of_a_second_ends_the_jog_before_the_link_is_lost(page, gateway, robot):
    page.locator("tr[data-joint=elbow]").get_by_label("elbow plus").hover()
    page.mouse.down()
    assert gateway.wait_for(lambda calls: len(calls) >= 2)
    robot.speaks.clear()
    locked = """() => document.querySelector('.jog-button').disabled && !document.querySelector('[data-pressed]')
        && document.body.dataset.live"""
    assert page.wait_for_function(locked).json_value() == "true"
    assert gateway.wait_for(lambda calls: calls[-1] == ("jog", {"elbow": 0.0}))
    robot.speaks.set()
    expect(page.locator(".jog-button").first).to_be_enabled()
    count = len(gateway.calls)
    assert not gateway.wait_for(lambda calls: len(calls) > count, timeout=0.5)  # the finger is still down
    page.mouse.up()


def test_a_monitor_that_is_restarted_is_found_without_loading_anew(show, serving):
    page = show(serving.port)
    expect(title(page)).to_have_text("Enabled")
    page.evaluate("window.isOld = true")
    serving.end()
    expect(title(page)).to_have_text("No link", timeout=3000)
    serving.start()
    expect(title(page)).to_have_text("Enabled")
    assert page.evaluate("window.isOld") is True


def test_a_page_of_another_arm_is_loaded_anew_before_it_commands_the_one_that_is_there_now(show, serving):
    page = show(serving.port)
    expect(page.locator("#poses button")).to_have_text(["home", "park"])
    serving.end()
    expect(title(page)).to_have_text("No link", timeout=3000)
    serving.config = replace(serving.config, poses={"elsewhere": {"shoulder": 0.1}})
    serving.start()
    expect(page.locator("#poses button")).to_have_text(["elsewhere"])
    expect(title(page)).to_have_text("Enabled")


def log_in(page, key):
    page.locator("#login-key").fill(key)
    page.keyboard.press("Enter")


def test_the_key_is_asked_for_at_first_after_a_restart_and_for_a_command_and_stop_needs_none(
    show, locked, gateway
):
    page = show(locked.port)
    expect(page.locator("#login")).to_be_visible()
    require_locked(page, gateway, "access key")
    log_in(page, "wrong")
    expect(page.locator("#login-why")).to_contain_text("not the access key")
    log_in(page, KEY)
    expect(title(page)).to_have_text("Enabled")
    page.evaluate("window.isOld = true")

    locked.end()
    expect(title(page)).to_have_text("No link", timeout=3000)
    other = KEY[::-1]
    locked.config = replace(locked.config, access_key=other)
    locked.start()
    expect(page.locator("#login")).to_be_visible()
    expect(page.locator(".banner-reason")).to_contain_text("access key")
    gateway.calls.clear()
    page.keyboard.press("Escape")
    assert gateway.wait_for(lambda calls: calls == [("protective_stop", True)])
    log_in(page, other)
    expect(title(page)).to_have_text("Enabled")

    page.context.clear_cookies()
    page.locator("#stop-motion").click()
    expect(page.locator("#login")).to_be_visible()
    log_in(page, other)
    expect(page.locator("#login")).to_be_hidden()
    page.locator("#stop-motion").click()
    assert gateway.wait_for(lambda calls: ("stop_motion",) in calls)
    assert page.evaluate("window.isOld") is True


def test_stop_that_is_pressed_while_nobody_answers_is_carried_out_once_somebody_does(show, serving, gateway):
    page = show(serving.port)
    expect(title(page)).to_have_text("Enabled")
    serving.end()
    page.locator("#stop").click()
    expect(page.locator("#stop-message")).to_contain_text("NOT CONFIRMED")
    serving.start()
    assert gateway.wait_for(lambda calls: ("protective_stop", True) in calls)
    expect(page.locator("#stop-message")).to_have_text("STOP is confirmed.")


def test_a_second_browser_is_told_who_drives_and_takes_over_only_from_one_that_is_idle(open_page, gateway, robot):
    first, second = open_page(), open_page()
    first.locator("#stop-motion").click()
    assert gateway.wait_for(lambda calls: calls == [("stop_motion",)])
    expect(first.locator("#link-control")).to_have_text("you")
    expect(second.locator("#link-control")).to_have_text("another browser")
    since = "Another browser drives since "
    for place in ("#jog-why", "#poses-why", "#gripper-why", "#record-why"):
        expect(second.locator(place)).to_contain_text(since)
    assert second.evaluate(LIVE) == []
    expect(second.locator("#take-over")).to_be_hidden()
    second.locator("#stop").click()
    assert gateway.wait_for(lambda calls: calls[-1] == ("protective_stop", True))
    expect(first.locator(".jog-button").first).to_be_enabled()

    clock = robot.control._clock
    robot.control._clock = lambda: clock() + IDLE + 1.0
    second.locator("#take-over").click()
    expect(second.locator("#link-control")).to_have_text("you")
    expect(second.locator(".jog-button").first).to_be_enabled()
    expect(first.locator("#jog-why")).to_contain_text(since)
    assert first.evaluate(LIVE) == []


def test_a_browser_that_is_closed_leaves_control(open_page, gateway, robot):
    first, second = open_page(), open_page()
    first.locator("#stop-motion").click()
    expect(second.locator(".jog-button").first).to_be_disabled()
    first.close()
    clock = robot.control._clock
    robot.control._clock = lambda: clock() + GRACE
    expect(second.locator(".jog-button").first).to_be_enabled()
    second.locator("#stop-motion").click()
    assert gateway.wait_for(lambda calls: calls == [("stop_motion",)] * 2)
