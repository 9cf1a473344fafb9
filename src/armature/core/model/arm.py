"""The arm as its URDF describes it: joints, limits and the tree of frames."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from armature.core.model.links import Hull
from armature.errors import ConfigError, bounds

MOVING = ("revolute", "prismatic", "continuous")
# Positions are written in degrees or millimetres with a few digits; a limit met but for rounding is met.
_ROUNDING = 1e-6  # [rad] or [m]
TOOL = "tool0"  # the tool's frame, where there is one (REP-199)


@dataclass(frozen=True)
class Mimic:
    """A joint that follows another: position = multiplier · other + offset."""

    joint: str
    multiplier: float
    offset: float  # [rad] or [m]


@dataclass(frozen=True)
class Limit:
    """Bounds of a joint, from the URDF's limit element."""

    lower: float  # [rad] or [m]
    upper: float  # [rad] or [m]
    velocity: float  # [rad/s] or [m/s]; infinite where the URDF gives none
    effort: float  # [N·m] or [N]; infinite where the URDF gives none

    def allows(self, position: float) -> bool:
        """Whether a position lies within the bounds [rad] or [m]; one that meets them but for rounding does."""
        return self.lower - _ROUNDING <= position <= self.upper + _ROUNDING

    @property
    def span(self) -> float:
        """Of which margins are shares [rad] or [m]; a joint of many turns is held to those of one."""
        return min(self.upper - self.lower, 2.0 * math.pi)


@dataclass(frozen=True)
class Friction:
    """What turning a joint takes beside weight and inertia: `<dynamics>` of the URDF."""

    dry: float = 0.0  # [N·m] or [N]
    viscous: float = 0.0  # [N·m·s/rad] or [N·s/m]

    def at(self, velocity: float) -> float:
        """Its most at a velocity [rad/s] or [m/s], NaN where that is not known, whichever way."""
        return self.dry + (0.0 if math.isnan(velocity) else self.viscous * abs(velocity))


@dataclass(frozen=True)
class Joint:
    """One joint of the URDF; the transform places the child frame in the parent frame at position 0."""

    name: str
    kind: str  # revolute, continuous, prismatic or fixed
    parent: str
    child: str
    xyz: tuple[float, float, float]  # [m]
    rpy: tuple[float, float, float]  # [rad], fixed axes
    axis: tuple[float, float, float]
    limit: Limit | None
    mimic: Mimic | None
    friction: Friction = Friction()

    @property
    def is_driven(self) -> bool:
        """Whether a servo moves this joint (it moves and mimics none)."""
        return self.kind in MOVING and self.mimic is None

    @property
    def unit(self) -> str:
        """Of its position."""
        return "m" if self.kind == "prismatic" else "rad"

    def bounds_beyond(self, position: float) -> str:
        """Its limits in words, with the digits that tell them from a position beyond them [rad] or [m]."""
        if self.limit is None:
            return ""
        lower, upper = self.limit.lower, self.limit.upper
        if self.unit == "m":
            return f"{bounds(lower, upper, position)} m"
        degrees = bounds(math.degrees(lower), math.degrees(upper), math.degrees(position), ".1f")
        return f"{bounds(lower, upper, position)} rad ({degrees} deg)"


@dataclass(frozen=True)
class ArmModel:
    """Joints of one arm in the order of the URDF."""

    name: str
    root: str
    joints: tuple[Joint, ...]
    urdf: str = field(default="", repr=False)  # its text
    hulls: tuple[Hull, ...] = field(default=(), repr=False)  # of the meshes that it collides with
    touching: tuple[tuple[str, str], ...] = ()  # pairs of links, or a link and the floor, that always touch
    notes: tuple[str, ...] = ()  # what a user should know of how the files were taken
    gripper: tuple[str, ...] = ()  # names of the driven joints that are the gripper's

    @property
    def driven(self) -> tuple[Joint, ...]:
        """Joints that a servo moves, in the order of the URDF."""
        return tuple(joint for joint in self.joints if joint.is_driven)

    @property
    def gripper_joints(self) -> tuple[Joint, ...]:
        """Driven joints that are the gripper's."""
        return tuple(joint for joint in self.driven if joint.name in self.gripper)

    @property
    def arm_joints(self) -> tuple[Joint, ...]:
        """Driven joints that are not the gripper's."""
        return tuple(joint for joint in self.driven if joint not in self.gripper_joints)

    @property
    def tool(self) -> str:
        """The tool's frame: tool0, else the link of the arm's joint that most others carry, in whatever order."""
        links = [self.root, *(joint.child for joint in self.arm_joints)]
        carried = {link: sum(joint in self.arm_joints for joint in self.chain(link)) for link in links}
        is_named = any(joint.child == TOOL for joint in self.joints)
        return TOOL if is_named else max(links, key=lambda link: carried[link])

    def chain(self, link: str) -> tuple[Joint, ...]:
        """The joints that carry a link, the nearest to it first."""
        parents = {joint.child: joint for joint in self.joints}
        found = []
        while link in parents:
            found.append(parents[link])
            link = parents[link].parent
        return tuple(found)

    def joint(self, name: str) -> Joint:
        """Find a joint.

        Raises:
            ConfigError: the URDF has no joint of this name.
        """
        for joint in self.joints:
            if joint.name == name:
                return joint
        raise ConfigError("joint", name, f"the URDF of {self.name} has {_names(self.driven)}")

    def limit(self, name: str) -> Limit:
        """Bounds of a driven joint.

        Raises:
            ConfigError: no such joint, or it is fixed.
        """
        limit = self.joint(name).limit
        if limit is None:
            raise ConfigError("joint", name, f"it does not move; moving joints are {_names(self.driven)}")
        return limit

    def limited(self, limits: Mapping[str, Limit]) -> ArmModel:
        """The same arm with other bounds of some joints, by name."""
        joints = (replace(joint, limit=limits.get(joint.name, joint.limit)) for joint in self.joints)
        return replace(self, joints=tuple(joints))


def require_bounds(arm: ArmModel) -> None:
    """Refuse an arm with a driven joint whose speed or effort nothing bounds.

    Raises:
        ConfigError: naming it.
    """
    for joint in arm.driven:
        limit = arm.limit(joint.name)
        for name, bound in (("velocity", limit.velocity), ("effort", limit.effort)):
            if not math.isfinite(bound):
                allowed = (
                    "the URDF leaves it out or has 0, and no rating of a servo is known: give it in its <limit>"
                )
                raise ConfigError(f"joint {joint.name}: limit {name}", bound, allowed)


def _names(joints: Iterable[Joint]) -> str:
    return ", ".join(joint.name for joint in joints)
