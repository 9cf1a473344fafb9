"""What a servo must fulfil before its torque may be turned on, checked without moving or writing anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from armature.core.health import Stage
from armature.core.model.arm import Limit
from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.protocol.base import Bus
from armature.dynamixel.protocol.discovery import FoundServo
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.eeprom import APPLY, EEPROM_ROLES, Protection, differences
from armature.dynamixel.servo.preparation import runs_away
from armature.dynamixel.servo.presence import ANSWERS_ALL, ping_each
from armature.dynamixel.servo.registers import Registers
from armature.dynamixel.servo.torque import REST_MARGIN
from armature.dynamixel.status.cause import Cause, Reaction
from armature.dynamixel.tables.roles import MEASURED, Feature, Role
from armature.dynamixel.wiring.arm import ServoWiring
from armature.errors import CorruptPacket, ServoTimeout

_READS = 20  # of a servo, to find another one with the same id
MANY_DAMAGED = _READS // 4  # more is no bad cable and no busy machine
_DEFAULT_POLICY = FaultPolicy()


class Verdict(IntEnum):
    """How severe a result is."""

    OK = 0
    WARNING = 1  # it works, not well
    FAILURE = 2  # the arm must not, or cannot, be used so


@dataclass(frozen=True)
class CheckResult:
    """The result of checking one subject."""

    subject: str
    verdict: Verdict
    detail: str
    remedy: str = ""


def duplicate_id(subject: str, detail: str) -> CheckResult:
    """What is told where servos share an id.

    Args:
        subject: the id, and the servo that should have it.
        detail: how it shows.
    """
    remedy = "connect them one by one, and give each an id of its own"
    return CheckResult(subject, Verdict.FAILURE, f"duplicate id: {detail}", remedy)


def check_servo(
    bus: Bus, wiring: ServoWiring, present: FoundServo, limit: Limit, policy: FaultPolicy = _DEFAULT_POLICY
) -> Iterator[CheckResult]:
    """Check one servo that answers against its own limits and the URDF's.

    Args:
        bus: open.
        wiring: what the servo should be.
        present: what it has answered to a ping.
        limit: of its joint, by the URDF.
        policy: with the thresholds that will hold once the arm is started.

    Raises:
        PortError: the port is gone.
    """
    subject = f"id {wiring.servo_id} {wiring.name}"
    damaged, lost = count_bad_reads(bus, wiring)
    if lost == _READS and ping_each(bus, (wiring.servo_id,)):
        name = wiring.model.name_of(Role.STATUS_RETURN_LEVEL)
        detail = f"it answers pings and nothing else, as with a {name} of 0"
        yield CheckResult(subject, Verdict.FAILURE, detail, f"armature setup --apply {wiring.name} cures it")
        return
    if damaged > MANY_DAMAGED:
        yield duplicate_id(
            subject, f"{damaged} of {_READS} answers are damaged, though each ping is answered well"
        )
        return
    try:
        values = Registers(bus).read_many(Axis(wiring), _ROLES)
    except (ServoTimeout, CorruptPacket) as error:
        yield CheckResult(subject, Verdict.FAILURE, str(error), "check its cable; armature check again")
        return
    problems = [problem for check in _CHECKS for problem in check(wiring, limit, values)]
    problems += _check_temperature(wiring, values, policy)
    if damaged or lost:
        detail = f"of {_READS} answers {damaged} were damaged, {lost} lost or late"
        problems.append((Verdict.WARNING, detail, "check its cable and ground, and whether this machine is busy"))
    problems += _check_watchdog(wiring, present)
    for verdict, detail, remedy in problems:
        yield CheckResult(subject, verdict, detail, remedy)
    if not problems:
        yield CheckResult(subject, Verdict.OK, _summary(wiring, present, values))


def count_bad_reads(bus: Bus, wiring: ServoWiring) -> tuple[int, int]:
    """How many answers are damaged, and how many do not come.

    Two servos with one id answer a ping alike, and so well; what they measure differs, and so damages each other.
    """
    measured = wiring.model.block(MEASURED)
    assert measured is not None  # every model has a position
    damaged = lost = 0
    for _ in range(_READS):
        try:
            bus.read_block(wiring.servo_id, measured.address, measured.length)
        except CorruptPacket:
            damaged += 1
        except ServoTimeout:
            lost += 1
    return damaged, lost


Problem = tuple[Verdict, str, str]
_ROLES = (
    *EEPROM_ROLES,
    *(Role.HOMING_OFFSET, Role.TEMPERATURE_LIMIT, Role.MAX_VOLTAGE_LIMIT, Role.MIN_VOLTAGE_LIMIT),
    *(Role.PWM_LIMIT, Role.VELOCITY_LIMIT, Role.CURRENT_LIMIT, Role.SHUTDOWN, Role.STATUS_RETURN_LEVEL),
    Role.PRESENT_POSITION,
    *(Role.TORQUE_ENABLE, Role.HARDWARE_ERROR, Role.PRESENT_VOLTAGE, Role.PRESENT_TEMPERATURE),
)
Values = Mapping[Role, int]
"""Raw values of those registers that a servo has."""


def _check_limits(wiring: ServoWiring, limit: Limit, values: Values) -> Iterator[Problem]:
    if wiring.mode.counts_turns or Role.MAX_POSITION_LIMIT not in values:  # they hold in position control alone
        return
    kept = wiring.narrow(limit)
    lower, upper = sorted((wiring.to_ticks(kept.lower), wiring.to_ticks(kept.upper)))
    lowest, highest = values[Role.MIN_POSITION_LIMIT], values[Role.MAX_POSITION_LIMIT]
    if lower < lowest or upper > highest:
        detail = f"the joint's limits are ticks {lower} to {upper}, the servo takes {lowest} to {highest}"
        yield Verdict.FAILURE, detail, f"{APPLY}; or narrow the URDF's limits"


def _check_range(wiring: ServoWiring, limit: Limit, values: Values) -> Iterator[Problem]:
    kept = wiring.narrow(limit)
    if (kept.lower, kept.upper) != (limit.lower, limit.upper) and not wiring.is_second:
        detail = f"its range of motion leaves {kept.lower:.4f} to {kept.upper:.4f} of the URDF's limits"
        detail += f" {limit.lower:.4f} to {limit.upper:.4f}; positions beyond are refused"
        yield Verdict.WARNING, detail, "narrow the URDF's limits, or calibrate its range again"


def _check_settings(wiring: ServoWiring, limit: Limit, values: Values) -> Iterator[Problem]:
    model = wiring.model
    if offset := values.get(Role.HOMING_OFFSET, 0):
        shift = wiring.step * offset
        detail = f"its {model.name_of(Role.HOMING_OFFSET)} of {offset} shifts positions by {shift:.3f}"
        if runs_away(wiring):
            tripped = model.name_of(Role.BUS_WATCHDOG)
            detail += f"; in extended position control a tripped {tripped} would let its motor run away"
        verdict = Verdict.FAILURE if runs_away(wiring) else Verdict.WARNING
        yield verdict, detail, "write 0 to it, and mind it in the wiring file's zero_offset"
    if values.get(Role.DRIVE_MODE, 0) & model.reverse:
        name = model.name_of(Role.DRIVE_MODE)
        yield (
            *(Verdict.WARNING, f"its {name} is reverse: it turns against its `direction`"),
            f"write 0 to its {name}, or turn `direction` round",
        )
    for role in (Role.PWM_LIMIT, Role.VELOCITY_LIMIT, Role.CURRENT_LIMIT):
        if role in values and values[role] < model.default(role):
            detail = f"its {model.name_of(role)} is {values[role]}, less than the factory's {model.default(role)}"
            verdict = Verdict.WARNING if values[role] else Verdict.FAILURE
            yield (
                verdict,
                f"{detail}: it gives less than its model can",
                "leave it if that is meant, or setup --apply",
            )
    if Role.SHUTDOWN in values and model.default(Role.SHUTDOWN) & ~values[Role.SHUTDOWN]:
        detail = f"its {model.name_of(Role.SHUTDOWN)} is {values[Role.SHUTDOWN]}, the factory's is"
        yield (
            *(
                Verdict.WARNING,
                f"{detail} {model.default(Role.SHUTDOWN)}: it does not protect itself from all errors",
            ),
            APPLY,
        )


def _check_eeprom(wiring: ServoWiring, limit: Limit, values: Values) -> Iterator[Problem]:
    """What keeps the arm from starting, as the start finds it; position limits are told by _check_limits."""
    model = wiring.model
    is_locked = bool(values[Role.TORQUE_ENABLE])
    remedy = "support the arm, switch its power off and on" if is_locked else APPLY
    for each in differences(wiring, limit, values):
        if each.role in (Role.MIN_POSITION_LIMIT, Role.MAX_POSITION_LIMIT):
            continue
        detail = f"its {each}"
        if each.role is Role.OPERATING_MODE:
            detail = f"its operating mode is {each.now}, the wiring wants {each.wanted} ({wiring.mode})"
        if each.role is Role.SHADOW_ID:
            detail = f"it obeys id {each.now} too, its {model.name_of(Role.SHADOW_ID)}"
        is_needed = not is_locked or each.role in (Role.OPERATING_MODE, Role.SHADOW_ID)
        yield Verdict.FAILURE if is_needed else Verdict.WARNING, detail, remedy
    level = values.get(Role.STATUS_RETURN_LEVEL, ANSWERS_ALL)
    if level != ANSWERS_ALL:
        detail = (
            f"its {model.name_of(Role.STATUS_RETURN_LEVEL)} is {level}: it does not answer when it is written to"
        )
        yield Verdict.FAILURE, detail, APPLY


def _check_place(wiring: ServoWiring, limit: Limit, values: Values) -> Iterator[Problem]:
    """A joint beyond its limits: its torque may not come on there."""
    if wiring.is_second or wiring.mode.counts_turns:
        return
    kept, position = wiring.narrow(limit), wiring.to_position(values[Role.PRESENT_POSITION])
    slack = REST_MARGIN * kept.span
    if not kept.lower - slack <= position <= kept.upper + slack:
        detail = f"it stands at {position:.3f}, beyond its limits {kept.lower:.3f} to {kept.upper:.3f}"
        remedy = "move it by hand into its range; if it is in it, its zero_offset is wrong: armature calibrate"
        yield Verdict.FAILURE, detail, remedy


def _check_state(wiring: ServoWiring, limit: Limit, values: Values) -> Iterator[Problem]:
    axis = Axis(wiring, hardware_error=wiring.model.errors_of(values.get(Role.HARDWARE_ERROR, 0)))
    if axis.hardware_error:
        detail = f"hardware error: {axis.hardware_error_names()}"
        yield Verdict.FAILURE, detail, "remove the cause, then reboot the servo or switch its power off and on"
    axis.protection = Protection.of(wiring.model, values)
    axis.update_environment(values, 0.0)
    lowest, highest = axis.protection.lowest_voltage, axis.protection.highest_voltage
    if axis.voltage < lowest or axis.voltage > highest:
        detail = f"{axis.voltage:.1f} V, it takes {lowest:.1f} to {highest:.1f} V"
        yield Verdict.FAILURE, detail, "check the power supply and the cable's cross-section"


def _check_temperature(wiring: ServoWiring, values: Values, policy: FaultPolicy) -> Iterator[Problem]:
    roles = (Role.PRESENT_TEMPERATURE, Role.TEMPERATURE_LIMIT)
    if any(role not in values for role in roles):
        return
    warm, hottest = (wiring.model[role].to_si(values[role]) for role in roles)
    stage = policy.temperature.stage(warm - hottest, Stage.NORMAL)
    if not stage:
        return
    ends = warm >= hottest or (stage is Stage.STOP and policy.reaction(Cause.TEMPERATURE) is not Reaction.SLOW)
    bound = f"its limit is {hottest:.0f} °C, a fault from {hottest + policy.temperature.stop:g} °C on"
    yield Verdict.FAILURE if ends else Verdict.WARNING, f"{warm:.0f} °C, {bound}", "let it cool down"


def _check_watchdog(wiring: ServoWiring, present: FoundServo) -> Iterator[Problem]:
    """Without it a servo moves on to its last goal when the computer falls silent."""
    model = wiring.model
    if model.supports(Feature.BUS_WATCHDOG, present.firmware):
        return
    name = model.name_of(Role.BUS_WATCHDOG)
    first = model.since.get(Feature.BUS_WATCHDOG)
    if first is not None:
        yield Verdict.WARNING, f"firmware {present.firmware} has no {name}", f"update it to {first} or newer"
    else:
        detail = f"{model.name} has no {name}: it goes on to its last goal if this computer falls silent"
        yield Verdict.WARNING, detail, "be ready to switch its power off"


_CHECKS: tuple[Callable[[ServoWiring, Limit, Values], Iterator[Problem]], ...] = (
    _check_limits,
    _check_range,
    _check_eeprom,
    _check_place,
    _check_settings,
    _check_state,
)


def _summary(wiring: ServoWiring, present: FoundServo, values: Values) -> str:
    axis = Axis(wiring)
    axis.update_environment(values, 0.0)
    measured = [f"{axis.voltage:.1f} V", f"{axis.temperature:.0f} °C"]
    facts = [f"{wiring.model.name} firmware {present.firmware}", *(text for text in measured if "nan" not in text)]
    return ", ".join([*facts, f"torque {'on' if values[Role.TORQUE_ENABLE] else 'off'}"])
