from __future__ import annotations

import json

import pytest

from armature.dynamixel.faults.policy import ALLOWED, FaultPolicy
from armature.dynamixel.status.cause import ERROR_BITS, Cause, Reaction, causes_of
from armature.errors import ConfigError


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_has_a_default_that_it_allows(cause):
    assert FaultPolicy().reaction(cause) in ALLOWED[cause]


@pytest.mark.parametrize("cause", list(Cause))
def test_no_cause_cuts_torque_unless_it_is_told_to(cause):
    assert FaultPolicy().reaction(cause) in (Reaction.BACK_OFF, Reaction.STOP, Reaction.HOLD)


def test_settings_survive_the_way_to_another_process():
    policy = FaultPolicy.read({"overload.policy": "torque_off", "temperature.stop": 6.0, "load.time": 2.0})
    again = FaultPolicy.read(json.loads(json.dumps(policy.settings())))
    assert again.settings() == policy.settings()
    assert again.reaction(Cause.OVERLOAD) is Reaction.TORQUE_OFF
    assert again.temperature.stop == -6.0
    assert again.load_time == 2.0


def test_what_is_not_given_keeps_its_default():
    assert FaultPolicy.read({}) == FaultPolicy()


@pytest.mark.parametrize(
    ("cause", "reaction"),
    [
        (Cause.OVERLOAD, Reaction.PARK),  # a limp joint goes nowhere
        (Cause.MISSING, Reaction.TORQUE_OFF),  # nobody hears it
        (Cause.DISCONNECTED, Reaction.PARK),
        (Cause.PROTECTIVE_STOP, Reaction.SLOW),
    ],
)
def test_a_policy_that_its_cause_does_not_allow_is_refused_with_those_it_does(cause, reaction):
    allowed = ", ".join(map(str, ALLOWED[cause]))
    with pytest.raises(ConfigError, match=rf"faults.{cause.value}.policy: '{reaction}' .*{allowed}"):
        FaultPolicy.read({f"{cause.value}.policy": str(reaction)})


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("load.time", 0.0, "within 0.01 and 60"),
        ("bus_watchdog.time", 2.55, "within 0 and 2.54"),
        ("slow_factor", 0.0, "within 0.05 and 1"),
        ("park_time", float("nan"), "within 1 and 45"),
        ("load.warn", 0.9, "each must be at least the one before it"),
        ("temperature.stop", 20.0, "each must be at least the one before it"),
        ("load.time", "long", "a number is needed"),
        ("load.time", True, "a number is needed"),
        ("overload.policy", "jump", "policies are hold, back_off, stop, slow, park, torque_off"),
        ("overlord.policy", "stop", "there are .*faults.overload.policy"),
        ("overload", "stop", "there are"),
        ("load.often", 1.0, "there are"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_with_what_can(name, value, why):
    with pytest.raises(ConfigError, match=why):
        FaultPolicy.read({name: value})


def test_hardware_errors_are_told_apart_by_the_bits_of_the_manual():
    # e-Manual, "Hardware Error Status(70)".
    assert {bit: causes_of(1 << bit) for bit in range(8)} == {
        0: [Cause.INPUT_VOLTAGE],
        1: [],
        2: [Cause.OVERHEATING],
        3: [Cause.ENCODER],
        4: [Cause.ELECTRICAL_SHOCK],
        5: [Cause.OVERLOAD],
        6: [],
        7: [],
    }


def test_of_several_hardware_errors_the_gravest_comes_first():
    assert causes_of(0x3D) == sorted(ERROR_BITS, key=lambda cause: cause.gravity)


def test_causes_read_as_words():
    assert f"{Cause.BUS_WATCHDOG}, {Reaction.TORQUE_OFF}" == "bus watchdog, torque_off"
    assert json.dumps({"cause": Cause.LIMIT}) == '{"cause": "limit"}'
