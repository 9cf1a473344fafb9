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
    client = SimpleNamespace(faster=("waist", "elbow"), request=lambda name, **_: asked.append(name))
    services.is_active, services._bus = True, SimpleNamespace(client=client)
    with pytest.raises(
        CommandRefused, match=r"lets waist, elbow move faster than the files .*; disable, which parks"
    ):
        services._enable(SetBool.Request(data=True))
    assert asked == []


def test_a_bus_process_from_before_a_calibration_is_not_enabled():
    services = object.__new__(ServoServices)
    asked = []
    client = SimpleNamespace(faster=(), has_other_places=True, request=lambda name, **_: asked.append(name))
    services.is_active, services._bus = True, SimpleNamespace(client=client)
    with pytest.raises(
        CommandRefused, match=r"goes by other directions, zero offsets or axes than .*; disable, which parks"
    ):
        services._enable(SetBool.Request(data=True))
    assert asked == []


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
