"""The bus cycle: write goals, read states, supervise. It runs without any request."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from armature.dynamixel.loop.adoption import Adoption
from armature.dynamixel.loop.parts import LoopParts
from armature.dynamixel.loop.reactions import Reactions
from armature.dynamixel.motion.overrun import describe_pause
from armature.dynamixel.motion.parking import Parking
from armature.dynamixel.motion.setpoints import Setpoint
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.pair import goal_of_second
from armature.dynamixel.status.cause import MAY_HOLD, NOT_FOLLOWING, Cause, Reaction
from armature.dynamixel.status.states import Mode
from armature.errors import PARKING_INTERRUPTED, PortError


class BusCycle:
    """All servos of one arm, cycle by cycle. Time comes in; the bus does the waiting."""

    def __init__(self, parts: LoopParts, *, resumes: bool) -> None:
        """Args: the loop's parts, and whether a loop before this one served the same servos."""
        self.count = 0
        self.requested_at = -math.inf  # when the states read last were asked for, by the port's time [s]
        self.last_cycle_at = 0.0  # of the last cycle [s]
        self.reactions = Reactions(parts)
        self._adoption = Adoption(parts, self.reactions, resumes=resumes)
        self._parts = parts
        self._bus = parts.bus
        self._servos = parts.servos
        self._commanded = parts.commanded
        self._faults = parts.faults
        self._is_connected = False
        self._told: dict[str, str] = {}  # what has happened to servos since all were well
        self._is_all_well = True

    def start(self, now: float) -> None:
        """Open the bus and adopt what the servos are doing; see Adoption.begin for what it raises."""
        self._adoption.begin(now)
        self._is_connected = True
        self.last_cycle_at = now

    def run(self, now: float, slack: float = math.inf) -> None:
        """Write goals, read all servos, and react to what was read.

        Args:
            now: the time of this cycle; set-points are sampled at it [s].
            slack: until when what can wait may begin, by the port's time [s].
        """
        try:
            if self._bus.is_open:
                self._exchange(now, slack)
                self._supervise(now)
                self.count += 1
        except PortError as error:
            self._lose_bus(str(error))
        if not self._bus.is_open:
            self._lose_bus("the port is gone; check cable and power")
        self.last_cycle_at = now

    # Goals out, states in

    def _exchange(self, now: float, slack: float) -> None:
        if self._commanded.expects_torque:
            self._write_goals(now)
        self.requested_at = self._bus.now()
        self._servos.reader.read_states(now)
        self._servos.reader.read_slow_values(now, is_late=self._bus.now() > slack)

    def _write_goals(self, now: float) -> None:
        targets = self._targets(now)
        feedforward = self._parts.feedforward
        feedforward.reset(self._commanded.setpoints.pop_newly_held())
        led = feedforward.goals(targets, now)
        goals = {
            axis.wiring.servo_id: axis.wiring.to_ticks(led[joint])
            for joint, axis in self._servos.joints.items()
            if axis.torque and joint in led and not self._is_not_following(axis)
        }
        for axis in self._servos.seconds:
            if axis.torque and axis.wiring.joint in led and not self._is_not_following(axis):
                goals[axis.wiring.servo_id] = goal_of_second(axis, led[axis.wiring.joint])
        if goals:
            self._servos.write_goals(goals)

    def _targets(self, now: float) -> Mapping[str, Setpoint]:
        commanded = self._commanded
        targets = commanded.setpoints.sample(now)
        if paused := commanded.overrun.find_pause(targets, now):
            commanded.setpoints.rest(commanded.overrun.positions)
            commanded.halt(now)
            commanded.why = f"{describe_pause(paused)}; holding where the arm was sent last"
            targets = commanded.setpoints.sample(now)
        commanded.overrun.note(targets, now)
        return targets

    def _is_not_following(self, axis: Axis) -> bool:
        """Whether a servo gets no goals: it would not follow, or would pull against one that does not."""
        faults = self._faults.by_joint
        if not faults:  # as nearly always, and asked for every servo in every cycle
            return False
        fault = faults.get(axis.name)
        if fault is not None and fault.cause in NOT_FOLLOWING:
            return True
        other = faults.get(axis.partner.name) if axis.partner else None
        return other is not None and other.cause in MAY_HOLD

    # What follows

    def _supervise(self, now: float) -> None:
        commanded = self._commanded
        if self._parts.missing_at_start:
            self._adoption.adopt_late_servos()
        self.reactions.recover_tripped(now, now - self.last_cycle_at)
        self.reactions.update(now)
        if messages := self._parts.recovery.update(now, torque_expected=commanded.expects_torque):
            self._tell(messages)
        if self._parts.free_drive.is_active:
            self._parts.free_drive.update(now)
        if commanded.protective_stop and self._parts.policy.reaction(Cause.PROTECTIVE_STOP) is Reaction.TORQUE_OFF:
            commanded.end_session()
            commanded.mode = Mode.DISABLED
        if commanded.mode is Mode.HOLDING and not self._faults.by_joint and self._servos.torque == "off":
            commanded.mode = Mode.DISABLED
        self.reactions.enforce_torque_off()
        if commanded.parking is not None:
            self._check_parking(commanded.parking, now)

    def _tell(self, messages: Sequence[str]) -> None:
        """Say what has happened to servos, with those to which the same has happened since all were well."""
        if self._is_all_well:
            self._told.clear()
        for message in messages:
            servo, _, text = message.partition(": ")
            self._told[servo] = text
        alike = [name for name, other in self._told.items() if other == text]
        self._commanded.why = self._with_gravest_fault(alike, text)
        self._is_all_well = not self._faults.by_joint

    def _with_gravest_fault(self, servos: Sequence[str], text: str) -> str:
        """What has happened to servos behind the gravest fault of the others, which it must not hide."""
        message = f"{', '.join(servos)}: {text}"
        others = [fault for fault in self._faults.by_joint.values() if fault.joint not in servos]
        if not others:
            return message
        gravest = min(others, key=lambda fault: fault.cause.gravity)
        return f"{gravest.joint}: {gravest.cause}; {message}"

    def _lose_bus(self, reason: str) -> None:
        for axis in self._servos.axes.values():
            axis.mark_silent()
        if not self._is_connected:
            return
        self._is_connected = False
        self._bus.close()
        self._commanded.end_session()
        self._commanded.why, self._commanded.cause = reason, Cause.DISCONNECTED
        self._faults.suspend()

    def _check_parking(self, parking: Parking, now: float) -> None:
        if now < parking.end_time:
            return
        positions = {joint: axis.position for joint, axis in self._servos.joints.items()}
        if parking.is_overdue(now):
            self._commanded.halt(now)
            self._commanded.why = f"{PARKING_INTERRUPTED}{parking.describe_farthest(positions)}; torque stays on"
        elif parking.has_arrived(positions, self._parts.limits):
            self.reactions.disable("disabled")  # what it has left on goes off in the next cycles
