"""What a lifecycle manager's transitions ask of the bus process."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from std_srvs.srv import SetBool

from armature.errors import CommandRefused
from armature.nodes.servo_interface.components import Components
from armature.nodes.servo_interface.services import ServoServices


def test_a_bus_process_that_was_started_for_a_confirmed_arm_is_not_enabled_once_it_is_none():
    services = object.__new__(ServoServices)
    asked = []
    client = SimpleNamespace(
        was_found=True, turned=(), faster=("waist", "elbow"), request=lambda name, **_: asked.append(name)
    )
    services.is_active, services._bus = True, SimpleNamespace(client=client)
    with pytest.raises(
        CommandRefused, match=r"lets waist, elbow move faster than the files .*; run armature disable, which parks"
    ):
        services._enable(SetBool.Request(data=True))
    assert asked == []


@pytest.mark.parametrize(
    ("differences", "was_found", "told"),
    [
        (
            ((), (), ("wrist",)),
            True,
            "lets wrist move less fast than the files .*; run armature disable, which parks; then ",
        ),
        (
            (("elbow",), ("waist",), ()),
            True,
            "another direction, zero offset, .* for elbow .*; run armature disable, which parks",
        ),
        (
            (("elbow",), (), ()),
            False,
            "for elbow than the wiring file; the files have changed .* armature restart servo_interface",
        ),
    ],
)
def test_a_bus_process_with_other_settings_is_not_enabled_and_the_refusal_names_the_joints(
    differences, was_found, told
):
    services = object.__new__(ServoServices)
    turned, faster, slower = differences
    client = SimpleNamespace(was_found=was_found, turned=turned, faster=faster, slower=slower)
    services.is_active, services._bus = True, SimpleNamespace(client=client)
    with pytest.raises(CommandRefused, match=told):
        services._enable(SetBool.Request(data=True))


@pytest.fixture
def found():
    """The parts beside a bus process that was found with another direction of the elbow."""
    parts = object.__new__(Components)
    parts._node = SimpleNamespace(get_logger=lambda: SimpleNamespace(info=lambda _text: None))
    parts.asked = []
    parts.client = SimpleNamespace(
        was_found=True, has_our_settings=False, turned=("elbow",), faster=(), slower=(),
        notify=lambda name, why="": parts.asked.append((name, why)),
    )  # fmt: skip
    parts.disabling = SimpleNamespace(is_under_way=False)
    return parts


def status(mode, why=""):
    return SimpleNamespace(mode=mode, why=why)


def test_an_arm_that_is_found_with_another_wiring_says_once_why_it_holds(found):
    found._react_to_other_settings(status("HOLDING", "the controlling process is gone"), found.client)
    [(name, why)] = found.asked
    assert name == "hold"
    assert "another direction, zero offset, reduction, id or model for elbow than the wiring file" in why
    found._react_to_other_settings(status("HOLDING", why), found.client)
    assert len(found.asked) == 1


def test_a_process_with_other_settings_ends_once_the_arm_is_disabled_and_that_was_answered(found):
    found.disabling.is_under_way = True
    for mode in ("HOLDING", "DISABLED"):  # it stops before it parks
        found._react_to_other_settings(status(mode), found.client)
    assert found.asked == []
    found.disabling.is_under_way = False
    found._react_to_other_settings(status("DISABLED"), found.client)
    assert [name for name, _ in found.asked] == ["quit"]


@pytest.mark.parametrize("mode", ["HOLDING", "DISABLED"])
def test_a_process_that_has_our_settings_goes_on(found, mode):
    found.client.has_our_settings = True
    found._react_to_other_settings(status(mode), found.client)
    assert found.asked == []


def test_a_process_that_was_started_from_files_of_today_holds_and_is_not_started_again_and_again(found):
    found.client.was_found = False
    found._react_to_other_settings(status("DISABLED"), found.client)
    assert [name for name, _ in found.asked] == ["hold"]


@pytest.fixture
def components():
    """The parts that taking commands concerns; the bus process tells what it was asked to hold for."""
    parts = object.__new__(Components)
    status = SimpleNamespace(why="enabled")
    client = SimpleNamespace(request=lambda _name, why: setattr(status, "why", why))
    parts.bus = SimpleNamespace(status=status, client=client)
    parts.subscriptions, parts.services = SimpleNamespace(is_open=True), SimpleNamespace(is_active=True)
    return parts


def test_after_deactivate_and_activate_the_reason_is_no_longer_the_deactivation(components):
    components.activate(active=False)
    assert components.bus.status.why == "the servo interface was deactivated; holding"
    assert not components.services.is_active
    components.activate(active=True)
    assert components.bus.status.why == "the servo interface was activated again"
    assert components.services.is_active


def test_an_activation_leaves_another_reason_alone(components):
    components.bus.status.why = "overload of elbow"
    components.activate(active=True)
    assert components.bus.status.why == "overload of elbow"
