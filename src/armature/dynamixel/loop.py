"""The bus cycle: write what is asked, read what is, decide what follows."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from armature.core.model import ArmModel
from armature.core.stopping import Dynamics
from armature.dynamixel.axis import Axis
from armature.dynamixel.bus import ServoBus
from armature.dynamixel.faults import CLEAR, RESET, Faults
from armature.dynamixel.mode import Fault, Mode
from armature.dynamixel.parking import Parking
from armature.dynamixel.policy import FaultPolicy
from armature.dynamixel.reader import Reader
from armature.dynamixel.recovery import Recovery
from armature.dynamixel.roll_call import call_roll
from armature.dynamixel.setpoints import Piece, Setpoint, Setpoints
from armature.dynamixel.stride import Stride
from armature.dynamixel.torque import TorqueSwitch
from armature.dynamixel.wiring import Wiring
from armature.errors import ArmatureError, BusError, CommandRefused, ConfigError, GoalRefused, PortError

# 200 ms and the stop behind them, from any speed that the limits allow (ARCHITECTURE.md, the way of a jog).
_LONGEST_PIECE = 5.0  # [s]
_WITH_TORQUE = (Mode.HOLDING, Mode.ARMED, Mode.PARKING)


@dataclass(frozen=True)
class LoopSettings:
    """How the loop works."""

    dynamics: Mapping[str, Dynamics]  # by joint
    registers: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # RAM values by joint
    misses_allowed: int = 5  # cycles without an answer before a servo counts as missing
    protective_stop: bool = False  # latched already, by a loop before this one
    resumes: bool = False  # a loop before this one served these servos: one that is missing is a fault, no refusal
    policy: FaultPolicy = field(default_factory=FaultPolicy)
    following_error: Mapping[str, float] = field(default_factory=dict)  # bound by joint [rad] or [m]; 0: off

    def __post_init__(self) -> None:
        if self.misses_allowed < 1:
            raise ConfigError("misses_allowed", self.misses_allowed, "it must be at least 1")


class ServoLoop:
    """All servos of one arm, cycle by cycle. Time comes in; the bus does the waiting."""

    def __init__(self, bus: ServoBus, wiring: Wiring, arm: ArmModel, settings: LoopSettings) -> None:
        """Args: a closed bus, the servos on it, the arm that they move, and how."""
        self.axes = {servo.joint: Axis(servo) for servo in wiring.servos}
        self.why = "starting"
        self.session = ""
        self.cycles = 0
        self.protective_stop_latched = settings.protective_stop
        self._bus = bus
        self._mode = Mode.STARTING
        self._limits = {joint: arm.limit(joint) for joint in self.axes}
        self._stride = Stride(self._limits)
        self._setpoints = Setpoints(self._limits, settings.dynamics)
        self._switch = TorqueSwitch(bus, self._limits, settings.registers)
        self._reader = Reader(bus, self.axes, settings.misses_allowed)
        self._faults = Faults(self.axes, self._reader)
        self._recovery = Recovery(bus, self.axes, self._reader, self._faults, self._switch, self._setpoints)
        self._parking: Parking | None = None
        self._is_connected = False

    # What is so

    @property
    def faults(self) -> Mapping[str, Fault]:
        """What is wrong, by joint."""
        return self._faults.by_joint

    def mode(self, now: float) -> Mode:
        """The state to show."""
        if not self._bus.is_open:
            return Mode.DISCONNECTED
        if self.protective_stop_latched:
            return Mode.PROTECTIVE_STOP
        if self.faults:
            return Mode.FAULT
        if self._mode is Mode.ARMED and self.is_moving(now):
            return Mode.MOVING
        return self._mode

    def is_moving(self, now: float) -> bool:
        """Whether a motion is being commanded."""
        return self._setpoints.is_moving(now)

    def torque(self) -> str:
        """on, off or partial, as last known."""
        on = [bool(axis.torque) for axis in self.axes.values()]
        return "on" if all(on) else "partial" if any(on) else "off"

    def setpoints(self, now: float) -> dict[str, Setpoint]:
        """What is being commanded; empty before the first start."""
        return self._setpoints.sample(now)

    # Start and return

    def start(self, now: float) -> None:
        """Open the bus, check who is there, adopt what the servos are doing. Nothing moves.

        Raises:
            PortError, BusMismatch, ServoTimeout, CorruptPacket, ServoRefused.
            CommandRefused: a servo with its torque on works in another mode than position control.
        """
        was_on = any(axis.torque for axis in self.axes.values())
        self._bus.open()
        try:
            call_roll(self._bus, (axis.wiring for axis in self.axes.values()))
            for axis in self.axes.values():
                axis.misses = 0
            self._reader.read_all(now)
            self._switch.prepare(self.axes.values())
            self._adopt(now, was_on)
        except ArmatureError:
            self._bus.close()
            raise
        self._is_connected = True

    def _adopt(self, now: float, was_on: bool) -> None:
        self._setpoints.hold(
            {joint: self._switch.goal(axis) if axis.torque else axis.position for joint, axis in self.axes.items()}
        )
        self._stride.forget()
        self.session = ""
        self._parking = None
        self._faults.clear()
        torque = self.torque()
        self._mode = Mode.DISARMED if torque == "off" and not was_on else Mode.HOLDING
        self.why = "ready" if torque == "off" else "the servos were holding; their goals are adopted"
        for axis in self.axes.values():
            if self._mode is Mode.HOLDING and not axis.torque:
                self._blame(self._faults.note(axis, RESET, now), now)

    # One cycle

    def cycle(self, now: float) -> None:
        """Write goals, read all servos, and see to what was read.

        Args:
            now: the time of this cycle; set-points are sampled at it [s].
        """
        try:
            if self._bus.is_open:
                self._exchange(now)
                self._see_to(now)
                self.cycles += 1
        except PortError as error:
            self._lose_bus(str(error))
        if not self._bus.is_open:
            self._lose_bus("the port is gone; check cable and power")

    def _exchange(self, now: float) -> None:
        if self._mode in _WITH_TORQUE:
            self._write_goals(now)
        self._reader.read_states(now)
        self._reader.read_slowly(now)

    def _write_goals(self, now: float) -> None:
        targets = self._setpoints.sample(now)
        if paused := self._stride.pause(targets, now):
            self._setpoints.hold(self._stride.positions)
            self._halt(now)
            self.why = f"the bus loop was held up for {paused:.2f} s; holding where the arm was sent last"
            targets = self._setpoints.sample(now)
        self._stride.note(targets, now)
        goals = {
            axis.wiring.servo_id: axis.wiring.to_ticks(targets[joint].position)
            for joint, axis in self.axes.items()
            if axis.torque and joint not in self.faults
        }
        if goals:
            register = next(iter(self.axes.values())).wiring.model.registers["Goal Position"]
            self._bus.sync_write(register, goals)

    def _see_to(self, now: float) -> None:
        self._blame(self._faults.look(now, torque_expected=self._mode in _WITH_TORQUE), now)
        self.why = self._recovery.go_on() or self.why
        if self._mode is Mode.HOLDING and not self.faults and self.torque() == "off":
            self._mode = Mode.DISARMED
        if self._mode is Mode.DISARMED:
            self._switch_off_rest()
        if self._parking is not None:
            self._go_on_parking(self._parking, now)

    def _blame(self, fault: Fault | None, now: float) -> None:
        if fault is not None:
            self._halt(now)
            self.why = str(fault)

    def _switch_off_rest(self) -> None:
        """Torque that a failed request has left on, because an answer was lost, goes off."""
        left_on = [axis for axis in self.axes.values() if axis.torque and not axis.misses]
        with suppress(BusError):  # the next cycle tries again
            self._switch.off(left_on)

    def _halt(self, now: float) -> None:
        """Stop within limits and hold; no command of this session is followed any more."""
        self._setpoints.stop(now)
        self.session = ""
        self._parking = None
        if self._mode in (Mode.ARMED, Mode.PARKING):
            self._mode = Mode.HOLDING

    def _lose_bus(self, reason: str) -> None:
        for axis in self.axes.values():
            axis.forget()
        if not self._is_connected:
            return
        self._is_connected = False
        self._bus.close()
        self.session = ""
        self.why = reason
        self._parking = None
        self._faults.clear()

    def _go_on_parking(self, parking: Parking, now: float) -> None:
        if now < parking.ends:
            return
        positions = {joint: axis.position for joint, axis in self.axes.items()}
        if parking.is_overdue(now):
            self.hold(f"not parked: {parking.farthest(positions)}; torque stays on", now)
        elif parking.is_there(positions, self._limits):
            with suppress(BusError):  # what it has left on goes off in the next cycles
                self.torque_off(now)

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
            _require_short(piece, now)
            self._setpoints.accept(piece, now)
        except GoalRefused as error:
            self._halt(now)
            self.why = str(error)
            raise

    def arm(self, session: str, now: float) -> None:
        """Torque on with goal := measured where it is off, and take commands of a new session.

        Raises:
            CommandRefused: the state does not allow it.
            BusError: a servo did not take it; those just switched on are off again.
        """
        self._require("arm", (Mode.DISARMED, Mode.HOLDING, Mode.ARMED), now)
        if self._mode is Mode.DISARMED:
            self._setpoints.hold(self._switch.on(list(self.axes.values())))
            self._stride.forget()
        self._mode = Mode.ARMED
        self.session = session
        self.why = "armed"

    def park(self, piece: Piece, now: float) -> None:
        """Follow a way to rest, then torque off.

        Raises:
            CommandRefused: the state does not allow it.
            GoalRefused: the way does not begin where the arm is.
        """
        self._require("park", (Mode.HOLDING, Mode.ARMED), now)
        self._setpoints.accept(piece, now)
        self._mode = Mode.PARKING
        self.session = ""
        self.why = "parking"
        self._parking = Parking.along(piece)

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
            BusError: a servo did not take it yet; the next cycles try again.
        """
        self._halt(now)
        self._mode = Mode.DISARMED
        self._faults.clear()
        self.why = "disarmed"
        self._switch.off(list(self.axes.values()))

    def protective_stop(self, on: bool, now: float) -> None:
        """Stop within limits, hold and latch; or release the latch to HOLDING."""
        if on:
            self._halt(now)
            self.why = "protective stop"
        elif self.protective_stop_latched:
            self.why = "protective stop released"
        self.protective_stop_latched = on

    def clear_faults(self, now: float) -> str:
        """Recover every faulted joint: reboot it if it latched an error, restore RAM, goal := measured, torque on.

        Returns:
            What is being done.

        Raises:
            CommandRefused: the bus is gone, or a cause persists.
            BusError: a servo did not take it.
        """
        if not self._bus.is_open:
            raise CommandRefused("clear_faults", self.why, "reconnect the bus first")
        self.why = self._recovery.begin(now)
        return self.why

    def _require(self, request: str, allowed: tuple[Mode, ...], now: float) -> None:
        mode = self.mode(now)
        if mode not in allowed:
            raise CommandRefused(request, f"the state is {mode.name} ({self.why})", _way_out(mode))


def _require_short(piece: Piece, now: float) -> None:
    """A piece looks a little ahead, so that an arm whose controller dies soon rests."""
    for what, value in (("start from now", piece.start - now), ("duration", piece.trajectory.duration)):
        if value > _LONGEST_PIECE:
            raise GoalRefused(f"set-point: {what} [s]", value, f"at most {_LONGEST_PIECE:g} s may lie ahead")


def _way_out(mode: Mode) -> str:
    return {
        Mode.FAULT: CLEAR,
        Mode.PROTECTIVE_STOP: "release the protective stop first",
        Mode.DISCONNECTED: "reconnect the bus",
        Mode.DISARMED: "arm first",
    }.get(mode, "wait until the arm holds")
