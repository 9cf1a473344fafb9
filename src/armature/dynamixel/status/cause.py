"""What can be wrong with an arm, in the words of the manual, and what can be done about it at once."""

from __future__ import annotations

from enum import Enum

from armature.dynamixel.tables.roles import HardwareError


class Cause(str, Enum):
    """Why a joint is at fault, or why the arm stopped; the gravest first, since one fault a joint is shown."""

    # Hardware errors that a servo reports itself; some of them cut its torque.
    ELECTRICAL_SHOCK = "electrical_shock"
    ENCODER = "encoder"
    OVERHEATING = "overheating"
    OVERLOAD = "overload"
    INPUT_VOLTAGE = "input_voltage"
    # Of one joint, found by the loop.
    DISCONNECTED = "disconnected"  # the port is gone: of all joints, or of those on one of several buses
    MISSING = "missing"
    MULTI_TURN_POSITION_LOST = "multi_turn_position_lost"  # it reads another whole turn than before
    SILENT_RESET = "silent_reset"  # brown-out or hot plug: its RAM is not what was written
    BUS_WATCHDOG = "bus_watchdog"
    ENCODER_MISMATCH = "encoder_mismatch"  # of the two servos of one joint
    LIMIT = "limit"
    BLOCKED = "blocked"  # it is sent on, gives much more torque for it, and stands
    FOLLOWING_ERROR = "following_error"
    CONTACT = "contact"  # more torque than the arm's weight asks for
    TEMPERATURE = "temperature"  # beyond our threshold, before the servo's own
    LOAD = "load"  # current, or load where the model measures no current
    COMMUNICATION = "communication"
    # Of the whole arm; they name no joint.
    PROTECTIVE_STOP = "protective_stop"
    OPERATOR_STOP = "operator_stop"
    CONTROLLER_GONE = "controller_gone"

    def __str__(self) -> str:
        """In words; its value is its key, in messages and in parameters (faults.<key>.policy)."""
        return self.value.replace("_", " ")

    @property
    def gravity(self) -> int:
        """The smaller, the graver."""
        return list(Cause).index(self)


ERROR_BITS = {
    Cause.INPUT_VOLTAGE: HardwareError.INPUT_VOLTAGE,
    Cause.OVERHEATING: HardwareError.OVERHEATING,
    Cause.ENCODER: HardwareError.MOTOR_ENCODER,
    Cause.ELECTRICAL_SHOCK: HardwareError.ELECTRICAL_SHOCK,
    Cause.OVERLOAD: HardwareError.OVERLOAD,
}
"""What a servo itself reports, by cause."""


def causes_of(hardware_error: int) -> list[Cause]:
    """Causes of hardware errors, the gravest first."""
    if not hardware_error:  # as nearly always, and for every servo in every cycle
        return []
    return [cause for cause in Cause if ERROR_BITS.get(cause, 0) & hardware_error]


def names_of(hardware_error: int) -> str:
    """Hardware errors in words."""
    return ", ".join(str(cause) for cause, bit in ERROR_BITS.items() if hardware_error & bit) or "none"


# Of these a joint comes back by itself.
OFFLINE = (Cause.DISCONNECTED, Cause.MISSING)
# With these a servo may go on to hold where it is, so another one of the same joint must not be moved.
MAY_HOLD = (*OFFLINE, Cause.BUS_WATCHDOG)
# With these a servo does not follow goals, or it is not known whether it would.
NOT_FOLLOWING = (*OFFLINE, Cause.MULTI_TURN_POSITION_LOST, Cause.SILENT_RESET, Cause.BUS_WATCHDOG)

# A joint with these does not follow its set-point, which goes back to where it is.
OBSTRUCTED = (Cause.BLOCKED, Cause.FOLLOWING_ERROR, Cause.CONTACT, Cause.LOAD)

# With these the arm does not park: a servo would not follow, or does not know where it is.
CANNOT_PARK = (*NOT_FOLLOWING, Cause.ENCODER)


class Reaction(str, Enum):
    """What is done at once."""

    HOLD = "hold"  # the motion under way ends at rest as its segment says; then hold
    # Every joint stops within its limits, and those that do not follow go back to where they are; commands that
    # lead away are taken. Where nothing was commanded to move: stop.
    BACK_OFF = "back_off"
    STOP = "stop"  # every joint stops within its limits; then hold
    SLOW = "slow"  # continue, and ask the controller for less speed
    PARK = "park"  # stop, then go to the park pose and turn torque off
    TORQUE_OFF = "torque_off"  # that joint goes limp; the others stop and hold

    def __str__(self) -> str:
        return self.value
