"""The processes of an arm on virtual time, any of which may be killed or stand still."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from armature.bench.faults.cases import Case
from armature.bench.faults.situations import FaultBench
from armature.bench.simulation.virtual import ARM, PERIOD, WIRING, limited
from armature.dynamixel.loop.loop import ServoLoop
from armature.dynamixel.protocol.multi_bus import bus_on
from armature.errors import ArmatureError, PortError
from armature.nodes.bus_process.child import REOPEN_EVERY, START_TRIES
from armature.nodes.servo_interface.bus_process.connection import RESPAWN_EVERY
from armature.nodes.servo_interface.controller_watch import SILENCE

STALL = 0.5  # [s]
_BEGIN = 0.4  # until a Python process does something [s]
_SUPERVISED = 1.5  # until the supervisor has another process up [s]


class ProcessBench(FaultBench):
    """A bench whose loop lives in a process of its own, which is started again when it has ended."""

    def __init__(self, case: Case, *, resumes: bool = False) -> None:
        """Args: as FaultBench."""
        super().__init__(case, resumes=resumes)
        self._case = case
        self._begins_at: float | None = None  # the next bus process [s]
        self._opens_at = 0.0
        self._later: list[tuple[float, Callable[[], object]]] = []

    def kill_bus(self) -> None:
        """The bus process is gone between two cycles; its ROS half starts the next one."""
        latched = self.loop.state.protective_stop_latched
        self.bus.close()
        self.bus = bus_on(self.ports, WIRING)
        settings = replace(self.settings, resumes=True, protective_stop=latched)
        self.loop = ServoLoop(self.bus, WIRING, limited(ARM, self._case.limits), settings)
        self._begins_at = self.now + RESPAWN_EVERY + _BEGIN

    def stall_bus(self) -> None:
        """It is put aside, and the arm does not wait for it."""
        self._pass(STALL)

    def kill_ros_half(self) -> None:
        """Its end is heard at once; the one that takes over asks for nothing."""
        self.loop.orphan()
        self._mute(_SUPERVISED)

    def kill_controller(self) -> None:
        """Its set-points end; the ROS half finds that out."""
        self.let_go()
        self.is_controlled = False
        self._later.append((self.now + _SUPERVISED, self._restart_controller))
        self._later.append((self.now + SILENCE, lambda: self.loop.controller_gone("controller gone", self.now)))

    def mute_controller(self) -> None:
        """Nothing of it arrives for a while: it, or the ROS half between, stands still."""
        self._mute(STALL)

    def cycle(self) -> None:
        """One cycle's time, whether or not there is a process that uses it."""
        if self._begins_at is not None:
            self._pass(PERIOD)
            if self.now >= self._begins_at:
                self._begin()
            return
        if not self.bus.is_open and self.now >= self._opens_at:
            self._opens_at = self.now + REOPEN_EVERY
            self._reopen()
        for due in [item for item in self._later if item[0] <= self.now]:
            self._later.remove(due)
            due[1]()
        super().cycle()

    def _begin(self) -> None:
        """As the bus process starts: again where a packet was lost, and another process where that fails."""
        self._begins_at = None
        for _ in range(START_TRIES):
            try:
                self.loop.start(self.now)
                return
            except PortError:
                return  # it waits for its port
            except ArmatureError:
                continue
        self._begins_at = self.now + RESPAWN_EVERY + _BEGIN

    def _reopen(self) -> None:
        try:
            self.loop.start(self.now)
        except ArmatureError as error:
            self.loop.explain(str(error))

    def _mute(self, seconds: float) -> None:
        self.is_controlled = False
        self._later.append((self.now + seconds, self._restart_controller))

    def _restart_controller(self) -> None:
        self.is_controlled = True

    def _pass(self, seconds: float) -> None:
        end = self.port.time + seconds
        while self.port.time < end:
            self.port.time += PERIOD
            self.far.advance(self.port.time)
            self.look()


Strike = Callable[[ProcessBench], object]
STRIKES: Mapping[str, Strike] = {
    "kill bus": lambda bench: bench.kill_bus(),
    "kill ros half": lambda bench: bench.kill_ros_half(),
    "kill controller": lambda bench: bench.kill_controller(),
    "stall bus": lambda bench: bench.stall_bus(),
    "stall ros half": lambda bench: bench.mute_controller(),
    "stall controller": lambda bench: bench.mute_controller(),
}
