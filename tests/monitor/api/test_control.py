from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from armature.errors import CommandRefused
from armature.monitor.api.control import GRACE, IDLE, Control
from armature.monitor.app import create_app
from armature.monitor.gateway import MotionStatus, ServoInterfaceState


@pytest.fixture
def control(gateway, clock):
    made = Control(gateway, clock)
    made.note_stream_opened("first")
    made.note_stream_opened("second")
    return made


def command(control, page, **options):
    with control.driving(page, "jog", **options):
        pass


def test_nobody_drives_until_somebody_commands(control):
    assert control.driver() is None
    command(control, "first")
    assert control.driver().page == "first"


def test_the_first_keeps_control_while_it_commands_and_the_second_is_told_who_drives(control, clock):
    for _ in range(30):
        command(control, "first")
        clock.now += 1.0
        with pytest.raises(CommandRefused, match="another browser has been driving for"):
            command(control, "second")
    with pytest.raises(CommandRefused, match="another browser"):
        control.take_over("second")
    assert control.driver().held == 30.0


def test_one_that_is_idle_is_relieved_only_by_who_takes_over(control, clock):
    command(control, "first")
    clock.now += IDLE + 0.1
    assert control.driver().idle
    with pytest.raises(CommandRefused, match="take over first"):
        command(control, "second")
    control.take_over("second")
    command(control, "second")
    with pytest.raises(CommandRefused, match="another browser"):
        command(control, "first")


def test_a_page_that_has_gone_drives_no_more_and_one_that_connects_again_does(control, clock):
    command(control, "first")
    clock.now += IDLE
    control.note_stream_closed("first")
    clock.now += GRACE - 0.1
    assert control.driver().page == "first"
    control.note_stream_opened("first")
    clock.now += 1.0
    assert control.driver().page == "first"
    control.note_stream_closed("first")
    clock.now += GRACE + 0.1
    assert control.driver() is None
    command(control, "second")


def test_a_program_without_a_stream_drives_until_some_seconds_after_its_last_command(control, clock):
    command(control, "")
    with pytest.raises(CommandRefused, match="a program has been driving"):
        command(control, "first")
    clock.now += GRACE + 0.1
    command(control, "first")


@pytest.mark.parametrize(("state", "is_idle"), [("MOVING", False), ("ENABLED", True)])
def test_nobody_takes_over_while_a_motion_is_under_way(control, clock, gateway, state, is_idle):
    command(control, "first")
    moving = MotionStatus("pose home", "running")
    gateway.newest = replace(gateway.newest, motion=moving, state=ServoInterfaceState(state))
    clock.now += IDLE + 1.0
    assert control.driver().idle is is_idle


def test_a_command_that_waits_for_its_answer_keeps_control(control, clock):
    with control.driving("first", "disable"):
        control.note_stream_closed("first")
        clock.now += IDLE + 30.0
        assert not control.driver().idle


def test_a_command_of_a_page_that_does_not_drive_keeps_nobody_in_control(control, clock):
    with control.driving("second", "record", takes=False):
        command(control, "first")
        control.note_stream_closed("first")
        clock.now += GRACE + 1.0
        assert control.driver() is None


def test_recording_needs_control_and_does_not_take_it(control):
    command(control, "first", takes=False)
    assert control.driver() is None
    command(control, "second")
    with pytest.raises(CommandRefused):
        command(control, "first", takes=False)


@pytest.fixture
def pages(app):
    """Two browsers' pages; what each posts."""

    def page(number):
        return lambda path, **body: app.test_client().post(
            f"/api/{path}", json=body, headers={"X-Armature-Page": number}
        )

    return page("first"), page("second")


COMMANDS = {
    "enable": {},
    "disable": {},
    "stop_motion": {},
    "clear_faults": {},
    "torque_off": {},
    "pose": {"pose": "home"},
    "gripper": {"position": 0.01},
    "jog": {"velocities": {"elbow": 0.1}, "press": 1, "sequence": 0},
    "record": {"on": True},
    "take_over": {},
}


@pytest.mark.parametrize(("path", "body"), COMMANDS.items())
def test_every_command_of_a_second_browser_is_refused(pages, gateway, path, body):
    first, second = pages
    assert first("enable").status_code == 200
    response = second(path, **body)
    assert response.status_code == 409
    assert "another browser has been driving for 0 s" in response.json["message"]
    assert gateway.calls == [("enable", True)]


@pytest.mark.parametrize(("path", "engaged"), [("protective_stop", True), ("release", False)])
def test_stop_and_release_are_everybodys(pages, gateway, path, engaged):
    first, second = pages
    first("enable")
    assert second(path).status_code == 200
    assert gateway.calls[-1] == ("protective_stop", engaged)


def test_stop_and_release_take_no_control(pages):
    first, second = pages
    second("protective_stop")
    second("release")
    assert first("enable").status_code == 200


def test_the_end_of_a_second_browsers_press_ends_no_press_of_the_first(pages, gateway):
    first, second = pages
    first("jog", **COMMANDS["jog"])
    assert second("jog", velocities={"elbow": 0.0}, press=9, sequence=9).status_code == 409
    assert gateway.calls == [("jog", {"elbow": 0.1})]


def test_who_drives_is_shown_with_the_state(app, pages):
    assert app.test_client().get("/api/state").json["driver"] is None
    pages[0]("enable")
    driver = app.test_client().get("/api/state").json["driver"]
    assert (driver["page"], driver["idle"]) == ("first", False)


def test_a_page_number_that_is_none_is_refused(client, gateway):
    response = client.post("/api/enable", json={}, headers={"X-Armature-Page": "<script>"})
    assert response.status_code == 422
    assert gateway.calls == []


def test_a_stream_keeps_its_page_in_control(gateway, hub, page_root, config, clock):
    control = Control(gateway, clock)
    client = create_app(gateway, hub, page_root, config, control).test_client()
    stream = client.get("/api/stream?page=first")
    command(control, "first")
    clock.now += GRACE + 1.0
    assert control.driver().page == "first"
    stream.close()
    clock.now += GRACE + 1.0
    assert control.driver() is None


def test_two_that_command_at_once_do_not_both_drive(gateway):
    control, refusals = Control(gateway), []
    begin = threading.Barrier(8)

    def drive(page):
        begin.wait()
        try:
            command(control, page)
        except CommandRefused as error:
            refusals.append(error)

    threads = [threading.Thread(target=drive, args=(f"page-{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refusals) == 7
