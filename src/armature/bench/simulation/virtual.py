"""The bus against the emulator in one process: both run on virtual time, which the bytes themselves advance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from armature.bench.simulation.virtual_port import VirtualPort
from armature.core.model.arm import ArmModel, Limit
from armature.core.model.poses import read_poses
from armature.core.planning.transfer import transfer
from armature.core.trajectory.segments import LoopTime, Segment
from armature.core.trajectory.stopping import Dynamics
from armature.dynamixel.loop.loop import LoopSettings, ServoLoop
from armature.dynamixel.protocol.multi_bus import bus_on
from armature.dynamixel.status.states import Mode
from armature.dynamixel.wiring.arm import Wiring
from armature.emulator.bus.bus import EmulatedBus
from armature.emulator.faults.board import FaultBoard
from armature.emulator.servo.servo import Servo
from armature.nodes.common.robot_files import read_arm
from armature.robots import DEFAULT_ROBOT, find_robot

_ROBOT = find_robot(DEFAULT_ROBOT)
ARM = read_arm("URDF", _ROBOT.urdf)
WIRING = Wiring.from_yaml(_ROBOT.wiring.read_text("utf-8"), ARM)
POSES = read_poses(_ROBOT.poses.read_text("utf-8"), ARM)
JOINTS = WIRING.joints
PERIOD = 0.01  # [s]
_PARK_SPEED = 0.3  # of the velocity limits
_PARKING = 1_000  # serial number of the way


class Bench:
    """An arm of emulated servos with the loop that drives it."""

    def __init__(
        self,
        pose: str | Mapping[str, float] = "home",
        limits: Mapping[str, Limit] | None = None,
        arm: ArmModel = ARM,
        wiring: Wiring = WIRING,
        **settings: Any,
    ) -> None:
        """Args: where the arm stands, limits in place of the URDF's, the arm, and further settings of the loop."""
        start = POSES[pose] if isinstance(pose, str) else pose
        self.far = EmulatedBus.of_arm(arm, wiring, start)
        self.faults = FaultBoard(self.far)
        first, *others = wiring.buses
        self.port = VirtualPort(self.far, first)
        self.ports = {first: self.port} | {name: VirtualPort(self.far, name, beside=self.port) for name in others}
        self.bus = bus_on(self.ports, wiring)
        self.dynamics = {joint: Dynamics(4.0, 40.0) for joint in wiring.joints}
        self.settings = LoopSettings(dynamics=self.dynamics, **settings)
        self._arm, self._wiring = limited(arm, limits or {}), wiring
        self.loop = ServoLoop(self.bus, wiring, self._arm, self.settings)
        self.cycle_override: Callable[[], bool] = lambda: False  # called before a cycle; True: in its place
        self.after_cycle: list[Callable[[], None]] = []  # called after each cycle, at its time
        self.on_cycle: Callable[[], None] = lambda: None  # called at the end of each cycle
        self.cycle_at = PERIOD  # time of the last cycle, or the first one's [s]

    def take_over(self, before: Bench) -> None:
        """Connect to the servos of another bench, as a process does that follows another."""
        self.far, self.faults = before.far, before.faults
        for port in self.ports.values():
            port.far = self.far

    @property
    def now(self) -> float:
        """The time of the bench [s]."""
        return self.port.time

    def servo(self, joint: str) -> Servo:
        """The emulated servo of a joint."""
        return self.far.servo(joint)

    def positions(self) -> dict[str, float]:
        """The true positions of the joints in the physics."""
        return dict(zip(self.far.plant.joints, self.far.plant.positions, strict=True))

    def start(self) -> Bench:
        """Start the loop."""
        self.loop.start(self.now)
        return self

    def enabled(self) -> Bench:
        """Start and enable the loop, session s1."""
        self.start()
        self.run(0.05)
        self.loop.enable("s1", self.now)
        self.run(0.05)
        return self

    def park(self) -> float:
        """Begin the way to the park pose, as the servo interface does; returns how long it takes [s]."""
        setpoints = self.loop.state.setpoints(self.now)
        begin = {joint: setpoint.position for joint, setpoint in setpoints.items()}
        limits = {joint: ARM.limit(joint) for joint in JOINTS}
        way = transfer(JOINTS, begin, POSES["park"], limits, self.dynamics, _PARK_SPEED)
        self.loop.park(Segment(_PARKING, "", LoopTime(self.now), way), self.now)
        return way.duration

    def cycle(self) -> None:
        """One cycle at its time; cycles that a slow one has overrun are skipped, as in the bus process."""
        if self.cycle_override():
            return
        while self.cycle_at <= self.port.time:
            self.cycle_at += PERIOD
        self.port.time = self.cycle_at
        self.far.advance(self.port.time)
        self.loop.cycle(self.port.time)
        for part in self.after_cycle:
            part()
        self.on_cycle()

    def pass_time(self, seconds: float) -> None:
        """Let time pass without a cycle [s]."""
        end = self.port.time + seconds
        while self.port.time < end:
            self.port.time += PERIOD
            self.far.advance(self.port.time)
            self.on_cycle()

    def replace_loop(self, **changes: Any) -> None:
        """Replace the loop by a new one, with changed settings."""
        self.bus.close()
        self.bus = bus_on(self.ports, self._wiring)
        self.loop = ServoLoop(self.bus, self._wiring, self._arm, replace(self.settings, **changes))

    def run(self, seconds: float) -> Bench:
        """Cycle for so long [s]."""
        end = self.now + seconds
        while self.now < end:
            self.cycle()
        return self

    def run_until(self, condition: Callable[[], object], seconds: float = 5.0) -> Bench:
        """Cycle until a condition is true; so many seconds at most."""
        end = self.now + seconds
        while not condition():
            assert self.now < end, f"waited {seconds} s in vain; {self.loop.state.why}"
            self.cycle()
        return self

    def mode(self) -> Mode:
        """The mode of the loop."""
        return self.loop.state.mode(self.now)

    def silence(self, joint: str) -> None:
        """Suppress a servo's answers while it still holds, as with a broken data line."""
        self.servo(joint)._booting = float("inf")

    def speak(self, joint: str) -> None:
        """Let a silenced servo answer again."""
        self.servo(joint)._booting = 0.0


def limited(arm: ArmModel, limits: Mapping[str, Limit]) -> ArmModel:
    """An arm with other limits of some joints."""
    joints = (replace(joint, limit=limits.get(joint.name, joint.limit)) for joint in arm.joints)
    return replace(arm, joints=tuple(joints))
