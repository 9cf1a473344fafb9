"""Limits of the joints as parameters that all nodes of an arm share: `limits.<joint>.<name>`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace

from rclpy.node import Node

from armature.core.model.arm import ArmModel, Joint, Limit
from armature.core.refusals import Refusals
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.stopping import Dynamics
from armature.dynamixel.wiring.arm import Wiring
from armature.dynamixel.wiring.confirmed import NOT_CONFIRMED, how_to_confirm
from armature.errors import ConfigError, apart, bounds, listed, named
from armature.nodes.common.parameters.parameters import given_values, located, read

_PREFIX = "limits."
# Parameters of controllers for their own joints beside these (`group_node.JointParameters`).
_OF_CONTROLLERS = ("margin", "start_tolerance")
REDUCED = 0.1
"""Share of velocity, acceleration and jerk that is left until directions and zeros are confirmed by hand."""
# What the servo interface tells of a joint's limits, in this order.
_BOUNDS = ("lower", "upper", "velocity", "acceleration", "jerk")
_ROUNDING = 1e-6  # of a bound that was told in nine digits [share]
# Where none are given.
_TURNING = Dynamics(4.0, 40.0)  # [rad/s²], [rad/s³]
_SLIDING = Dynamics(0.2, 2.0)  # [m/s²], [m/s³]


@dataclass(frozen=True)
class JointLimits:
    """Limits of one joint: those that a URDF lacks, and those that narrow the URDF's."""

    acceleration: float  # of every motion and stop; 4 rad/s² or 0.2 m/s² unless given
    jerk: float  # of every motion and stop; 40 rad/s³ or 2 m/s³ unless given
    velocity: float  # the URDF's unless given; it can only be less [rad/s] or [m/s]
    lower: float  # the URDF's unless given; it can only narrow it [rad] or [m]
    upper: float  # the URDF's unless given; it can only narrow it [rad] or [m]


@dataclass(frozen=True)
class ArmLimits:
    """Limits of an arm's driven joints."""

    arm: ArmModel  # its limits narrowed
    dynamics: Mapping[str, Dynamics]  # by joint
    is_reduced: bool = False  # whether they are a tenth, since nobody has confirmed directions and zeros

    def within(self, wiring: Wiring) -> ArmLimits:
        """The same within the joints' ranges of motion; a tenth of them where the wiring is not confirmed."""
        narrowed = replace(self, arm=wiring.narrow_limits(self.arm))
        return narrowed if wiring.is_confirmed else narrowed._reduced()

    @property
    def note(self) -> str:
        """What a refusal by these limits adds; empty where they are whole."""
        return f"{NOT_CONFIRMED}; {how_to_confirm()}" if self.is_reduced else ""

    def _reduced(self) -> ArmLimits:
        limits = {joint: self.arm.limit(joint) for joint in self.dynamics}
        return ArmLimits(
            self.arm.limited({j: replace(one, velocity=REDUCED * one.velocity) for j, one in limits.items()}),
            {j: Dynamics(REDUCED * one.acceleration, REDUCED * one.jerk) for j, one in self.dynamics.items()},
            is_reduced=True,
        )


def limit_values(arm: ArmModel, dynamics: Mapping[str, Dynamics]) -> dict[str, str]:
    """The limits that the servo interface holds to, as values of its state; see `find_disagreement`.

    Args:
        arm: its limits narrowed.
        dynamics: by joint.
    """
    limits = {joint: vars(arm.limit(joint)) | vars(dynamics[joint]) for joint in dynamics}
    return {
        f"{_PREFIX}{joint}": " ".join(f"{of_joint[bound]:.9g}" for bound in _BOUNDS)
        for joint, of_joint in limits.items()
    }


def find_disagreement(own: GroupLimits, arm: ArmModel, values: Mapping[str, str]) -> str:
    """Where a controller has fewer joints than the servo interface, or wider limits, which it would refuse.

    Args:
        own: limits of the controller.
        arm: its arm, whose joints without a servo count as fixed in all that it computes.
        values: of the servo interface's state.

    Returns:
        In words; empty where there is nothing, and where the state has no limits.
    """
    driven = {joint.name for joint in arm.driven}
    for joint in (name.removeprefix(_PREFIX) for name in values if name.startswith(_PREFIX)):
        if joint not in driven:
            return f"it takes {named(joint)} for fixed, the servo interface moves it"
    told = {joint: values[f"{_PREFIX}{joint}"].split() for joint in own.joints if f"{_PREFIX}{joint}" in values}
    if told and own.note and "limits" not in values:
        return "it keeps limits of a tenth, and was started before the servo interface, whose limits are whole"
    for joint, bounds_of_joint in told.items():
        for name, bound in zip(_BOUNDS, map(float, bounds_of_joint), strict=True):
            ours = float(getattr(own, name)[own.joints.index(joint)])
            beyond = bound - ours if name == "lower" else ours - bound
            if beyond > _ROUNDING * max(1.0, abs(bound)):
                return f"its {name} limit of {joint} is {apart(ours, bound, 'g')}, the servo interface's {bound:g}"
    return ""


def read_limits(node: Node, arm: ArmModel, wiring: Wiring | None = None) -> ArmLimits:
    """The limits that hold for a node's arm.

    Args:
        node: whose parameters are read.
        arm: as it is wired.
        wiring: within which they hold; None for what the URDF alone says.

    Raises:
        ConfigError: an unknown joint or limit, or a value that is wider than the URDF's or makes no sense.
    """
    with located(node):
        limits = _read(node, arm)
    return limits if wiring is None else limits.within(wiring)


def _read(node: Node, arm: ArmModel) -> ArmLimits:
    refusals = Refusals(_unknown_names(node, arm))
    dynamics, narrowed = {}, {}
    for joint in arm.driven:
        with refusals.noted():
            limit, otherwise = arm.limit(joint.name), _otherwise(joint)
            given = read(node, JointLimits, f"{_PREFIX}{joint.name}.", **vars(limit) | vars(otherwise))
            dynamics[joint.name] = _dynamics(given, joint.name)
            narrowed[joint.name] = _narrowed(given, joint.name, limit)
    refusals.raise_all()
    return ArmLimits(arm.limited(narrowed), dynamics)


def _otherwise(joint: Joint) -> Dynamics:
    return _SLIDING if joint.kind == "prismatic" else _TURNING


def _dynamics(given: JointLimits, joint: str) -> Dynamics:
    for name in ("acceleration", "jerk"):
        _require(0.0 < getattr(given, name) < math.inf, given, joint, name, "it must be a number above 0")
    return Dynamics(given.acceleration, given.jerk)


def _narrowed(given: JointLimits, joint: str, urdf: Limit) -> Limit:
    only = "the URDF's limits can only be narrowed"
    speed = f"it must be above 0 and up to {apart(urdf.velocity, given.velocity, 'g')}; {only}"
    _require(0.0 < given.velocity <= urdf.velocity, given, joint, "velocity", speed)
    lower = f"it must be within {bounds(urdf.lower, given.upper, given.lower, 'g', 'and')}; {only}"
    _require(urdf.lower <= given.lower < given.upper, given, joint, "lower", lower)
    upper = f"it must be within {bounds(given.lower, urdf.upper, given.upper, 'g', 'and')}; {only}"
    _require(given.upper <= urdf.upper, given, joint, "upper", upper)
    return replace(urdf, lower=given.lower, upper=given.upper, velocity=given.velocity)


def _require(holds: bool, given: JointLimits, joint: str, name: str, allowed: str) -> None:
    if not holds:
        raise ConfigError(f"parameter {_PREFIX}{joint}.{name}", getattr(given, name), allowed)


def _unknown_names(node: Node, arm: ArmModel) -> Iterator[ConfigError]:
    joints = [joint.name for joint in arm.driven]
    limits = (*(field.name for field in fields(JointLimits)), *_OF_CONTROLLERS)
    for name, value in given_values(node, _PREFIX).items():
        joint, _, limit = name.rpartition(".")
        if joint not in joints or limit not in limits:
            allowed = f"{listed('joints', joints)}, their limits are {', '.join(limits)}"
            yield ConfigError(f"parameter {_PREFIX}{name}", value, allowed)
