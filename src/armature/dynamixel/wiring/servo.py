"""One servo, the joint that it turns, and how."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from armature.core.model.arm import Limit
from armature.dynamixel.tables.model import ServoModel
from armature.dynamixel.tables.roles import OperatingMode, Role
from armature.errors import GoalRefused

# A limit of half a turn each way is one tick more than a servo has, and files round it: a joint goes as far as its
# servo does [tick].
FULL_TURN = 2
_ROUNDING = 1e-6  # of a step of Goal Current: a limit of whole steps is them all


@dataclass(frozen=True)
class ServoWiring:
    """One servo and the joint that it turns: servo angle = direction · reduction · joint + zero_offset."""

    joint: str
    servo_id: int
    model: ServoModel
    direction: int  # +1 or -1
    zero_offset: float  # servo angle at joint position 0 [rad]
    reduction: float  # servo angle for one unit of the joint [rad/rad] or [rad/m]
    torque_constant: float = math.nan  # measured on this very servo [N·m/A]; NaN where it was not
    mode: OperatingMode = OperatingMode.POSITION
    current_limit: float = math.nan  # what it may use in current-based position control [A]
    range: tuple[float, float] | None = None  # of its joint's motion, as found by hand [rad] or [m]
    second: ServoWiring | None = None  # another servo that turns the same joint
    is_second: bool = False  # whether it is that other servo
    bus: str = ""  # on which it hangs; "" where there is one without a name
    group: str = ""  # its joint's, arm or gripper; "" where the URDF tells

    @property
    def name(self) -> str:
        """Its joint's, unless it is a joint's second servo."""
        return second_name(self.joint) if self.is_second else self.joint

    @property
    def motors(self) -> int:
        """How many servos, of one model and reduction, turn the joint."""
        return 2 if self.is_second or self.second is not None else 1

    def bound(self, limit: Limit) -> Limit:
        """The limit of the joint as far as its servos reach, both where there are two."""
        ends = [sorted(map(one.to_position, one.reach)) for one in (self, self.second) if one is not None]
        lower, upper = max(lower for lower, _ in ends), min(upper for _, upper in ends)
        return replace(limit, lower=max(limit.lower, lower), upper=min(limit.upper, upper))

    def narrow(self, limit: Limit) -> Limit:
        """A limit of the joint, as far as it lies in its range of motion and in its servos' reach and ratings."""
        limit = self.bound(limit)
        lower, upper = self.range or (limit.lower, limit.upper)
        return Limit(
            max(limit.lower, lower),
            min(limit.upper, upper),
            min(limit.velocity, self.model.no_load_speed / self.reduction),
            min(limit.effort, self.motors * self.model.stall_torque * self.reduction),
        )

    def to_ticks(self, position: float) -> int:
        """Register value of a joint position [rad] or [m]."""
        angle = self.direction * self.reduction * position + self.zero_offset
        return round(angle / self.model.position_unit)

    def to_position(self, ticks: float) -> float:
        """Joint position [rad] or [m] of a register value."""
        angle = ticks * self.model.position_unit - self.zero_offset
        return self.direction * angle / self.reduction

    def to_velocity(self, units: float) -> float:
        """Joint velocity [rad/s] or [m/s] of a velocity register value."""
        return self.direction * units * self.model.velocity_unit / self.reduction

    def to_effort(self, current: float) -> float:
        """Joint torque [N·m] or force [N] of a current [A] in the joint's direction; NaN without a factor."""
        return self.torque_constant * self.reduction * current

    def goal_current(self, effort: float) -> int:
        """Value of Goal Current with which the joint gives no more than an effort.

        Args:
            effort: the limit [N·m] or [N], above 0.

        Raises:
            GoalRefused: no limit, or the joint's servo cannot keep to one.
        """
        where = f"effort of {self.joint}"
        if not 0.0 < effort < math.inf:
            raise GoalRefused(where, effort, "give a limit above 0, or 0 for that of the wiring file alone")
        step, most = self._effort_step(effort, where), self.ram[Role.GOAL_CURRENT]
        units = most if effort >= most * step else math.floor(effort / step + _ROUNDING)
        if not units:
            raise GoalRefused(where, effort, f"its servo limits it in steps of {step:.3g}; give more")
        return units

    def _effort_step(self, effort: float, where: str) -> float:
        """What the joint gives for one step of Goal Current [N·m] or [N]."""
        unit = self.model.current_unit
        if unit is None:
            why = f"{self.model.name} measures no current, and so cannot limit its effort"
            raise GoalRefused(where, effort, f"{why}; give 0 or nothing")
        if self.mode is not OperatingMode.CURRENT_BASED_POSITION:
            why = f"its servo limits no current in mode {self.mode}"
            wanted = f"mode: {OperatingMode.CURRENT_BASED_POSITION}"
            raise GoalRefused(where, effort, f"{why}; set {wanted} in the wiring file, or give 0 or nothing")
        step = self.to_effort(unit) + (0.0 if self.second is None else self.second.to_effort(unit))
        if math.isnan(step):
            why = "what its servo gives for an ampere is not known"
            raise GoalRefused(where, effort, f"{why}; measure torque_constant for the wiring file, or give 0")
        return step

    @property
    def step(self) -> float:
        """Joint position of one encoder tick [rad] or [m]."""
        return self.model.position_unit / self.reduction

    @property
    def reach(self) -> tuple[int, int]:
        """Least and greatest goal that it takes as the factory delivers it [tick]."""
        model = self.model
        if self.mode.counts_turns:
            return model[Role.GOAL_POSITION].minimum, model[Role.GOAL_POSITION].maximum
        if not model.has(Role.MAX_POSITION_LIMIT):
            return 0, model.resolution - 1
        return model.default(Role.MIN_POSITION_LIMIT), model.default(Role.MAX_POSITION_LIMIT)

    @property
    def ram(self) -> dict[Role, int]:
        """Raw values of RAM registers that follow from the wiring."""
        if math.isnan(self.current_limit) or not self.model.has(Role.GOAL_CURRENT):
            return {}
        return {Role.GOAL_CURRENT: self.model[Role.GOAL_CURRENT].to_raw(self.current_limit)}


def second_name(joint: str) -> str:
    """Name of a joint's second servo; it may stand in a ROS name."""
    return f"{joint}_second"
