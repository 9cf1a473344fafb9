"""The bus cycle: write what is asked, read what is, decide what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from armature.core.model import ArmModel
from armature.core.stopping import Dynamics
from armature.dynamixel.axis import Axis
from armature.dynamixel.bus import ServoBus
from armature.dynamixel.control_table import servo_model_by_number
from armature.dynamixel.mode import Fault, Mode
from armature.dynamixel.reader import Reader
from armature.dynamixel.setpoints import Piece, Setpoint, Setpoints
from armature.dynamixel.torque import TorqueSwitch
from armature.dynamixel.wiring import Wiring
from armature.errors import BusError, BusMismatch, CommandRefused, ConfigError, GoalRefused, PortError

_CLEAR = "call /servo_interface/clear_faults once the cause is gone"


@dataclass(frozen=True)
class LoopSettings:
    """How the loop works."""

    dynamics: Mapping[str, Dynamics]  # by joint
    registers: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # RAM values by joint
    misses_allowed: int = 5  # cycles without an answer before a servo counts as missing
    park_tolerance: float = 0.1  # [rad] or [m] of the joint's span
    park_settle: float = 2.0  # [s]

    def __post_init__(self) -> None:
        if self.misses_allowed < 1:
            raise ConfigError("misses_allowed", self.misses_allowed, "it must be at least 1")


class ServoLoop:
    """All servos of one arm, cycle by cycle. Time comes in; the bus does the waiting."""

    def __init__(self, bus: ServoBus, wiring: Wiring, arm: ArmModel, settings: LoopSettings) -> None:
        self.axes = {servo.joint: Axis(servo) for servo in wiring.servos}
        self.faults: dict[str, Fault] = {}
        self.why = "starting"
        self.session = ""
        self.cycles = 0
        self._bus = bus
        self._settings = settings
        self._mode = Mode.STARTING
        self._stop_latched = False
        limits = {joint: arm.limit(joint) for joint in self.axes}
        self._setpoints = Setpoints(limits, settings.dynamics)
        self._switch = TorqueSwitch(bus, limits, settings.registers)
        self._reader = Reader(bus, self.axes, settings.misses_allowed)
        self._parking: Parking | None = None
        self._recovering: set[str] = set()

    # What is so

    def mode(self, now: float) -> Mode:
        """The state to show."""
        if not self._bus.is_open:
            return Mode.DISCONNECTED
        if self._stop_latched:
            return Mode.PROTECTIVE_STOP
        if self.faults:
            return Mode.FAULT
        if self._mode is Mode.ARMED and self._setpoints.is_moving(now):
            return Mode.MOVING
        return self._mode

    def torque(self) -> str:
        """on, off or partial."""
        on = [bool(axis.torque) for axis in self.axes.values()]
        return "on" if all(on) else "partial" if any(on) else "off"

    def setpoints(self, now: float) -> dict[str, Setpoint]:
        """What is being commanded; empty before the first start."""
        return self._setpoints.sample(now)

    # Start and return

    def start(self, now: float) -> None:
        """Open the bus, check who is there, adopt what the servos are doing. Nothing moves.

        Raises:
            PortError, BusMismatch, ServoTimeout, CorruptPacket.
        """
        was_on = any(axis.torque for axis in self.axes.values())
        self._bus.open()
        try:
            self._check_servos()
            self._reader.read_all(now)
            self._switch.prepare(self.axes.values())
            self._adopt(now, was_on)
        except BusError:
            self._bus.close()
            raise

    def _check_servos(self) -> None:
        found = self._bus.found(axis.wiring.servo_id for axis in self.axes.values())
        wanted = {axis.wiring.servo_id: axis.wiring.model for axis in self.axes.values()}
        if found != {servo_id: model.number for servo_id, model in wanted.items()}:
            raise BusMismatch(
                self._bus.path,
                [f"id {servo_id} {model.name}" for servo_id, model in wanted.items()],
                [f"id {servo_id} {_model_name(number)}" for servo_id, number in found.items()],
            )

    def _adopt(self, now: float, was_on: bool) -> None:
        positions = {}
        for joint, axis in self.axes.items():
            positions[joint] = self._switch.goal(axis) if axis.torque else axis.position
        self._setpoints.hold(positions)
        self.session = ""
        self.faults.clear()
        torque = self.torque()
        self._mode = Mode.DISARMED if torque == "off" else Mode.HOLDING
        self.why = "ready" if torque == "off" else "the servos were holding; their goals are adopted"
        for axis in self.axes.values():
            if not axis.torque and (torque == "partial" or was_on):
                self._fault(axis, "its torque is off: it was reset or lost power", now)

    # One cycle

    def cycle(self, now: float) -> None:
        """Write goals, read all servos, and see to what was read.

        Args:
            now: the time of this cycle; set-points are sampled at it [s].
        """
        if not self._bus.is_open:
            return
        try:
            self._write_goals(now)
            self._reader.read_states(now)
            self._reader.read_slowly(now)
        except PortError as error:
            self._lose_bus(str(error))
            return
        self._judge(now)
        self._go_on_parking(now)
        self.cycles += 1

    def _write_goals(self, now: float) -> None:
        targets = self._setpoints.sample(now)
        goals = {
            axis.wiring.servo_id: axis.wiring.to_ticks(targets[joint].position)
            for joint, axis in self.axes.items()
            if axis.torque and joint not in self.faults
        }
        if goals:
            register = next(iter(self.axes.values())).wiring.model.registers["Goal Position"]
            self._bus.sync_write(register, goals)

    # Judgement

    def _judge(self, now: float) -> None:
        wanted = self._mode in (Mode.HOLDING, Mode.ARMED, Mode.PARKING)
        for joint, axis in self.axes.items():
            if axis.hardware_error:
                self._fault(axis, f"hardware error: {axis.hardware_error_names()}", now)
            elif self._reader.is_missing(axis):
                if joint not in self._recovering:
                    self._fault(axis, "it does not answer", now, needs_clearing=False)
            elif wanted and axis.torque is False and joint not in self._recovering:
                self._fault(axis, "its torque is off: it was reset", now)
            elif joint in self.faults and not axis.misses:
                self._rejoin(axis)

    def _fault(self, axis: Axis, cause: str, now: float, *, needs_clearing: bool = True) -> None:
        joint = axis.wiring.joint
        if joint in self.faults and self.faults[joint].cause == cause:
            return
        remedy = _CLEAR if needs_clearing else "check its cable; it joins by itself when it answers"
        self.faults[joint] = Fault(joint, cause, "the others stopped and hold", remedy, needs_clearing, now)
        self.why = str(self.faults[joint])
        self._halt(now)

    def _rejoin(self, axis: Axis) -> None:
        """A servo is well again: one that only was silent joins the others; one that was reset needs clearing."""
        joint = axis.wiring.joint
        if joint in self._recovering:
            self._restore(axis)
        elif not self.faults[joint].needs_clearing:
            if axis.torque:
                self._setpoints.hold({joint: self._switch.goal(axis)})
            self.why = f"{joint}: recovered from: {self.faults.pop(joint).cause}"

    def _halt(self, now: float) -> None:
        """Stop within limits and hold; no command of this session is followed any more."""
        self._setpoints.stop(now)
        self.session = ""
        self._parking = None
        if self._mode in (Mode.ARMED, Mode.PARKING):
            self._mode = Mode.HOLDING

    def _lose_bus(self, reason: str) -> None:
        self._bus.close()
        self.session = ""
        self.why = reason
        self._parking = None
        self._mode = Mode.HOLDING if any(axis.torque for axis in self.axes.values()) else Mode.DISARMED
        for axis in self.axes.values():
            axis.miss()

    # Requests

    def follow(self, piece: Piece, now: float) -> None:
        """Follow a piece of motion.

        Raises:
            CommandRefused: it is of another session, or commands are not taken now.
            GoalRefused: it would jump or leave the limits; the arm stops and holds.
        """
        mode = self.mode(now)
        if not (mode.takes_commands and piece.session == self.session):
            why = f"it is of session {piece.session or 'none'}, the present one is {self.session or 'none'}"
            raise CommandRefused("set-point", f"the state is {mode.name} and {why}", "arm, then send a new goal")
        try:
            self._setpoints.accept(piece, now)
        except GoalRefused as error:
            self.why = str(error)
            self._halt(now)
            raise

    def arm(self, session: str, now: float) -> None:
        """Torque on with goal := measured where it is off, and take commands of a new session.

        Raises:
            CommandRefused: the state does not allow it.
            BusError: a servo did not take it; those just switched on are off again.
        """
        mode = self.mode(now)
        if mode not in (Mode.DISARMED, Mode.HOLDING, Mode.ARMED):
            raise CommandRefused("arm", f"the state is {mode.name} ({self.why})", _way_out(mode))
        if mode is Mode.DISARMED:
            self._setpoints.hold(self._switch.on(list(self.axes.values())))
        self._mode = Mode.ARMED
        self.session = session
        self.why = "armed"

    def park(self, piece: Piece, now: float) -> None:
        """Follow a way to rest, then torque off.

        Raises:
            CommandRefused: the state does not allow it.
            GoalRefused: the way does not begin where the arm is.
        """
        mode = self.mode(now)
        if mode not in (Mode.HOLDING, Mode.ARMED) or self.torque() != "on":
            raise CommandRefused("park", f"the state is {mode.name} ({self.why})", _way_out(mode))
        self._setpoints.accept(piece, now)
        self._mode = Mode.PARKING
        self.session = ""
        self.why = "parking"
        joints = piece.trajectory.joints
        end = dict(zip(joints, map(float, piece.trajectory.positions[-1]), strict=True))
        self._parking = Parking(end, piece.start + piece.trajectory.duration)

    def orphan(self) -> None:
        """Nobody commands any more: what is under way ends as it says, at rest; then hold."""
        if self._mode is Mode.ARMED:
            self._mode = Mode.HOLDING
            self.why = "the controlling process is gone; holding"
        self.session = ""

    def hold(self, why: str, now: float) -> None:
        """Stop within limits and hold; refuse commands."""
        self._halt(now)
        self.why = why

    def torque_off(self, now: float) -> None:
        """Cut the torque of all servos at once; an arm that is not at rest falls.

        Raises:
            BusError: a servo did not take it.
        """
        self._halt(now)
        self._switch.off(list(self.axes.values()))
        self._mode = Mode.DISARMED
        self.faults.clear()
        self.why = "disarmed"

    def protective_stop(self, on: bool, now: float) -> None:
        """Stop within limits, hold and latch; or release the latch to HOLDING."""
        if on:
            self._halt(now)
            self.why = "protective stop"
        elif self._stop_latched:
            self.why = "protective stop released"
        self._stop_latched = on

    def clear_faults(self) -> str:
        """Recover every faulted joint: reboot it if it latched an error, restore RAM, goal := measured, torque on.

        A rebooting servo is silent for some tenths of a second; it joins the others when it answers.

        Returns:
            What is being done.

        Raises:
            CommandRefused: the bus is gone, or a cause persists.
            BusError: a servo did not take it.
        """
        if not self._bus.is_open:
            raise CommandRefused("clear_faults", self.why, "reconnect the bus first")
        if not self.faults:
            return "there is no fault"
        silent = [joint for joint in self.faults if self.axes[joint].misses]
        if silent:
            raise CommandRefused("clear_faults", f"{', '.join(silent)} does not answer", "check cable and power")
        for joint in self.faults:
            self._begin_recovery(self.axes[joint])
        self.why = f"recovering {', '.join(self.faults)}"
        return self.why

    def _begin_recovery(self, axis: Axis) -> None:
        if axis.hardware_error:
            self._bus.reboot(axis.wiring.servo_id)
            axis.hardware_error = 0
            axis.torque = False
            axis.misses = self._settings.misses_allowed  # it is silent while it reboots; probes find it again
        self._recovering.add(axis.wiring.joint)

    def _restore(self, axis: Axis) -> None:
        """Give a reset servo its RAM again, and its torque where the others have theirs."""
        joint = axis.wiring.joint
        self._recovering.discard(joint)
        try:
            self._switch.prepare([axis])
            if any(other.torque for other in self.axes.values()):
                self._setpoints.hold(self._switch.on([axis]))
        except (BusError, CommandRefused) as error:
            self.why = f"{joint}: recovery failed: {error}"
            return
        del self.faults[joint]
        self.why = f"{joint}: recovered"
        self._mode = Mode.HOLDING if axis.torque else Mode.DISARMED

    def _go_on_parking(self, now: float) -> None:
        if self._parking is None or now < self._parking.ends:
            return
        away = {joint: abs(self.axes[joint].position - end) for joint, end in self._parking.pose.items()}
        worst = max(away, key=lambda joint: away[joint])
        if all(distance <= self._settings.park_tolerance for distance in away.values()):
            self.torque_off(now)
        elif now > self._parking.ends + self._settings.park_settle:
            self.hold(f"not parked: {worst} is {away[worst]:.3f} away; torque stays on", now)


@dataclass(frozen=True)
class Parking:
    """A way to rest that is being followed."""

    pose: Mapping[str, float]  # where it ends, by joint [rad] or [m]
    ends: float  # monotonic [s]


def _model_name(number: int) -> str:
    try:
        return servo_model_by_number(number).name
    except ConfigError:
        return f"model number {number}"


def _way_out(mode: Mode) -> str:
    return {
        Mode.FAULT: _CLEAR,
        Mode.PROTECTIVE_STOP: "release the protective stop first",
        Mode.DISCONNECTED: "reconnect the bus",
        Mode.DISARMED: "arm first",
    }.get(mode, "wait until the arm holds")
