"""The bus cycle: write what is asked, read what is, decide what follows. Nobody needs to ask for any of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from armature.dynamixel.loop.loop_state import LoopState
from armature.dynamixel.motion.parking import Parking
from armature.dynamixel.motion.setpoints import Setpoint
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.pair import goal_of_second
from armature.dynamixel.servo.presence import call_roll
from armature.dynamixel.status.cause import ASTRAY, DEAF, STUBBORN, Cause, Reaction
from armature.dynamixel.status.states import Fault, Mode
from armature.errors import ArmatureError, BusError, PortError


class BusCycle(LoopState):
    """All servos of one arm, cycle by cycle. Time comes in; the bus does the waiting."""

    # Start and return

    def start(self, now: float) -> None:
        """Open the bus, check who is there, adopt what the servos are doing. Nothing moves.

        At the first start every servo must be there; at a return those that are there go on.

        Raises:
            PortError, BusMismatch, ServoTimeout, CorruptPacket, ServoRefused.
            CommandRefused: a servo with its torque on works in another mode than position control.
        """
        axes = self._servos.axes.values()
        was_on = any(axis.torque for axis in axes)
        self._bus.open(may_lack=self._resumes)
        try:
            absent = call_roll(self._bus, [axis.wiring for axis in axes], may_lack=self._resumes)
            self._read_all(absent, now)
            self._adopt([axis for axis in axes if not axis.misses], now, was_on)
        except ArmatureError:
            self._bus.close()
            raise
        self._is_connected = self._resumes = True
        self._at = now

    def _read_all(self, absent: Iterable[int], now: float) -> None:
        for axis in self._servos.axes.values():
            axis.misses = 0
            if axis.wiring.servo_id in absent:
                self._servos.reader.expect_silence(axis)
        self._servos.reader.read_all(now)

    def _adopt(self, present: list[Axis], now: float, was_on: bool) -> None:
        trips, writes = self.watchdog_trips, self.eeprom_writes
        self._grip.adopt(present)
        self._free.compliances.adopt(present)
        written = self._prepare(present, now)
        known = [axis for axis in present if not axis.lost_turns]
        points = {axis.wiring.joint: axis.position for axis in known if not axis.wiring.is_second}
        goals = {axis.name: self._servos.goal_of(axis) for axis in known if axis.torque}
        self._conduct.setpoints.hold({**points, **self._servos.set_points(goals)})
        self._faults.suspend()
        torque = self._servos.torque
        mode = Mode.DISABLED if torque == "off" and not was_on else Mode.HOLDING
        why = "ready" if torque == "off" else "the servos were holding; their goals are adopted"
        has_tripped = self.watchdog_trips > trips
        if has_tripped:
            why = "the servos had heard nothing and stopped by their bus watchdog; they hold where they are"
        if self.eeprom_writes > writes:
            count = self.eeprom_writes - writes
            why += f"; {count} EEPROM registers differed and were written ({', '.join(written)})"
        if keeping := self._keeping(present):
            why += f"; until torque is off {keeping}"
        self._conduct.begin(mode, why)
        self._unheard = {axis.name for axis in self._servos.axes.values() if axis.misses}
        if has_tripped:
            self._conduct.cause = self._conduct.cause or Cause.BUS_WATCHDOG
        self._blame(now)

    def _keeping(self, present: list[Axis]) -> str:
        kept = {axis.name: self._servos.preparation.kept(axis) for axis in present}
        return "; ".join(f"{name} keeps {gains}" for name, gains in kept.items() if gains)

    def _prepare(self, present: list[Axis], now: float) -> tuple[str, ...]:
        """Bring registers to what is wanted, if all can be; returns names of those of the EEPROM."""
        preparation = self._servos.preparation
        for axis in present:  # one that cannot be used is refused before anything is written
            preparation.examine(axis)
        written = dict.fromkeys(name for axis in present for name in preparation.restore(axis, keeps_gains=True))
        if "Operating Mode" in written:  # which may have changed the count of turns
            self._servos.reader.read_all(now)
        return tuple(written)

    # One cycle

    def cycle(self, now: float, slack: float = math.inf) -> None:
        """Write goals, read all servos, and see to what was read.

        Args:
            now: the time of this cycle; set-points are sampled at it [s].
            slack: until when what can wait may begin, by the port's time [s].
        """
        try:
            if self._bus.is_open:
                self._exchange(now, slack)
                self._see_to(now)
                self.cycles += 1
        except PortError as error:
            self._lose_bus(str(error))
        if not self._bus.is_open:
            self._lose_bus("the port is gone; check cable and power")
        self._at = now

    def _exchange(self, now: float, slack: float) -> None:
        if self._conduct.expects_torque:
            self._write_goals(now)
        self.asked_at = self._bus.now()
        self._servos.reader.read_states(now)
        self._servos.reader.read_slowly(now, is_late=self._bus.now() > slack)

    def _write_goals(self, now: float) -> None:
        targets = self._targets(now)
        self._feedforward.forget(self._conduct.setpoints.anew())
        led = self._feedforward.goals(targets, now)
        goals = {
            axis.wiring.servo_id: axis.wiring.to_ticks(led[joint])
            for joint, axis in self._servos.joints.items()
            if axis.torque and joint in led and not self._is_deaf(axis)
        }
        for axis in self._servos.seconds:
            if axis.torque and axis.wiring.joint in led and not self._is_deaf(axis):
                goals[axis.wiring.servo_id] = goal_of_second(axis, led[axis.wiring.joint])
        if goals:
            register = next(iter(self._servos.axes.values())).wiring.model.registers["Goal Position"]
            self._bus.sync_write(register, goals)

    def _targets(self, now: float) -> Mapping[str, Setpoint]:
        conduct = self._conduct
        targets = conduct.setpoints.sample(now)
        if paused := conduct.stride.pause(targets, now):
            conduct.setpoints.rest(conduct.stride.positions)
            conduct.halt(now)
            conduct.why = f"the bus loop was held up for {paused:.2f} s; holding where the arm was sent last"
            targets = conduct.setpoints.sample(now)
        conduct.stride.note(targets, now)
        return targets

    def _is_deaf(self, axis: Axis) -> bool:
        """Whether a servo gets no goals: it would not follow, or would pull against one that does not."""
        faults = self._faults.by_joint
        if not faults:  # as nearly always, and asked for every servo in every cycle
            return False
        fault = faults.get(axis.name)
        if fault is not None and fault.cause in DEAF:
            return True
        other = faults.get(axis.partner.name) if axis.partner else None
        return other is not None and other.cause in STUBBORN

    def _see_to(self, now: float) -> None:
        conduct = self._conduct
        if self._unheard:
            self._hear_the_absent()
        self._recover_tripped(now)
        self._blame(now)
        for news in self._recovery.go_on(now, torque_expected=conduct.expects_torque):
            conduct.why = self._beside_what_persists(news)
        if self._free.is_active:
            self._free.go_on(now)
        if conduct.protective_stop and self._policy.reaction(Cause.PROTECTIVE_STOP) is Reaction.TORQUE_OFF:
            conduct.end()
            conduct.mode = Mode.DISABLED
        if conduct.mode is Mode.HOLDING and not self._faults.by_joint and self._servos.torque == "off":
            conduct.mode = Mode.DISABLED
        self._cut_what_must_be()
        if conduct.parking is not None:
            self._go_on_parking(conduct.parking, now)

    def _hear_the_absent(self) -> None:
        """A servo that was absent at the start may hold a load: nobody asked for its torque to go off."""
        heard = [axis for axis in self._servos.axes.values() if axis.name in self._unheard and not axis.misses]
        self._unheard.difference_update(axis.name for axis in heard)
        holding = ", ".join(axis.name for axis in heard if axis.torque)
        if holding and self._conduct.mode is Mode.DISABLED:
            self._conduct.mode, self._conduct.why = Mode.HOLDING, f"{holding} came back and holds"

    def _beside_what_persists(self, news: str) -> str:
        """News of one joint behind the gravest fault of the others, which it must not hide."""
        others = [fault for fault in self._faults.by_joint.values() if not news.startswith(f"{fault.joint}:")]
        if not others:
            return news
        gravest = min(others, key=lambda fault: fault.cause.gravity)
        return f"{gravest.joint}: {gravest.cause}; {news}"

    def _recover_tripped(self, now: float) -> None:
        """Take back servos that have stopped by themselves; they refuse goals and do not say so."""
        time, paused = self._servos.watchdogs.time, now - self._at
        if not (time and self._conduct.expects_torque):
            return
        stopped = [axis for axis in self._servos.obeying() if axis.is_stopped_by_watchdog]
        if paused > time / 2.0:  # so long that they may have: look at once
            stopped = self._servos.watchdogs.tripped(self._servos.obeying())
        if not stopped:
            return
        self._end_motion(self._policy.reaction(Cause.BUS_WATCHDOG), now)
        for axis in stopped:
            self._take_back(axis, now)
        joints = ", ".join(axis.name for axis in stopped)
        held_up = f"the bus loop was held up for {paused:.2f} s; " if paused > time / 2.0 else ""
        why = f"{held_up}bus watchdog: {joints} stopped by itself and holds; its goal was set to where it is"
        self._conduct.why, self._conduct.cause = why, Cause.BUS_WATCHDOG

    def _take_back(self, axis: Axis, now: float) -> None:
        try:
            self._conduct.setpoints.hold(self._servos.hold_of(axis.wiring.joint))
        except PortError:
            raise
        except BusError as error:
            self._faults.note(axis, Cause.BUS_WATCHDOG, f"it stopped and cannot be released: {error}", now)

    # Faults

    def _blame(self, now: float) -> None:
        """Look for new faults, and do at once what their policies say."""
        sent = self._conduct.stride.positions
        expected, loads = self._conduct.expects_torque, self._feedforward.loads
        yielding = self._giving_way.look(now)
        astray: dict[str, tuple[Cause, str]] = {}
        for fault in self._faults.look(sent, now, torque_expected=expected, yielding=yielding, loads=loads):
            axis = self._servos.axes[fault.joint]
            if self._faults.reaction(axis, fault.cause) is Reaction.YIELD:
                self._faults.end(fault.joint)
                astray.setdefault(axis.wiring.joint, (fault.cause, fault.detail))
            else:
                self._react(fault, now)
        if astray:
            self._yield(astray, now)
        conduct = self._conduct
        if conduct.mode is Mode.ENABLED and conduct.cause in ASTRAY and not self._giving_way.told:
            conduct.why, conduct.cause = "nothing is in the way any more", None

    def _react(self, fault: Fault, now: float) -> None:
        conduct, reaction = self._conduct, self._policy.reaction(fault.cause)
        axis = self._servos.axes[fault.joint]
        if reaction is Reaction.PARK and conduct.mode is Mode.PARKING:
            return
        self._end_motion(reaction, now)
        if fault.cause in ASTRAY:  # whatever is in its way is not pushed any more
            self._giving_way.retreat([axis.wiring.joint], now)
        if fault.cause is Cause.DISAGREEMENT:
            conduct.setpoints.hold(self._servos.apart(axis))
        conduct.wants_park = reaction is Reaction.PARK and conduct.expects_torque
        if reaction is Reaction.TORQUE_OFF:
            self._faults.limp.add(axis.wiring.joint)
        conduct.why, conduct.cause = str(fault), fault.cause

    def _yield(self, astray: Mapping[str, tuple[Cause, str]], now: float) -> None:
        """Stop, and let joints go back to where they are; commands that lead away are taken.

        Args:
            astray: by what joints were found not to follow, with the value and the bound.
            now: [s].
        """
        conduct, was_parking = self._conduct, self._conduct.mode is Mode.PARKING
        told = [self._giving_way.note(joint, *found, now) for joint, found in astray.items()]
        conduct.give_way(now)
        self._giving_way.retreat(astray, now)
        if self._faults.by_joint:  # which are graver, and have told already
            return
        where = "; ".join(fault.detail for fault in self._giving_way.told.values())
        conduct.why = f"{'not parked: ' if was_parking else ''}{where}; {told[0].done}; {told[0].remedy}"
        conduct.cause = told[0].cause

    def _end_motion(self, reaction: Reaction, now: float) -> None:
        if reaction is Reaction.HOLD and self._conduct.mode is not Mode.PARKING:
            self._conduct.end()
        else:  # a way to park is long, and its end is not where to hold
            self._conduct.halt(now)

    def _cut_what_must_be(self) -> None:
        """Torque that is to be off, also where a request to cut it has failed because an answer was lost."""
        is_disabled = self._conduct.mode is Mode.DISABLED
        if not (is_disabled or self._faults.limp or self._faults.let_go):
            return
        on = [axis for axis in self._servos.obeying() if is_disabled or self._faults.may_be_limp(axis)]
        self._servos.cut(on)

    def _lose_bus(self, reason: str) -> None:
        for axis in self._servos.axes.values():
            axis.forget()
        if not self._is_connected:
            return
        self._is_connected = False
        self._bus.close()
        self._conduct.end()
        self._conduct.why, self._conduct.cause = reason, Cause.DISCONNECTED
        self._faults.suspend()

    # Parking

    def _go_on_parking(self, parking: Parking, now: float) -> None:
        if now < parking.ends:
            return
        positions = {joint: axis.position for joint, axis in self._servos.joints.items()}
        if parking.is_overdue(now):
            self._conduct.halt(now)
            self._conduct.why = f"not parked: {parking.farthest(positions)}; torque stays on"
        elif parking.is_there(positions, self._limits):
            self._disable("disabled")  # what it has left on goes off in the next cycles

    def _disable(self, why: str) -> BusError | None:
        """Cut all torque; returns what went wrong with the last servo that did not take it."""
        self._conduct.end()
        self._conduct.mode, self._conduct.why = Mode.DISABLED, why
        self._faults.clear()
        self._unheard.clear()
        return self._servos.cut(list(self._servos.axes.values()))
