"""The processes of an arm on virtual time, any of which may be killed or stand still."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from armature.bench.faults.situations import Stage
from armature.bench.simulation.virtual import PERIOD
from armature.errors import ArmatureError, PortError
from armature.nodes.bus_process.process import REOPEN_EVERY, START_TRIES
from armature.nodes.servo_interface.bus_process.connection import RESPAWN_EVERY
from armature.nodes.servo_interface.controller_watch import SILENCE

STALL = 0.5  # [s]
_BEGIN = 0.4  # until a Python process does something [s]
_SUPERVISED = 1.5  # until the supervisor has another process up [s]


class Processes:
    """The processes in which an arm's loop and its controllers live, each started again when it has ended."""

    def __init__(self, stage: Stage) -> None:
        """Args: the arm and its controllers."""
        self._bench, self._controllers = stage.bench, stage.controllers
        self._bench.cycle_override = self._supervise
        self._begins_at: float | None = None  # the next bus process [s]
        self._opens_at = 0.0
        self._later: list[tuple[float, Callable[[], object]]] = []

    def kill_bus(self) -> None:
        """The bus process is gone between two cycles; its ROS half starts the next one."""
        bench = self._bench
        bench.replace_loop(resumes=True, protective_stop=bench.loop.state.protective_stop_latched)
        self._begins_at = bench.now + RESPAWN_EVERY + _BEGIN

    def stall_bus(self) -> None:
        """It is put aside, and the arm does not wait for it."""
        self._bench.pass_time(STALL)

    def kill_ros_half(self) -> None:
        """Its end is noticed at once; the process that takes over requests nothing."""
        self._bench.loop.lose_parent()
        self._mute(_SUPERVISED)

    def kill_controller(self) -> None:
        """Its set-points end; the ROS half finds that out."""
        self._controllers.release()
        self._controllers.are_alive = False
        self._later.append((self._bench.now + _SUPERVISED, self._restart_controller))
        self._later.append((self._bench.now + SILENCE, self._find_controller_gone))

    def _find_controller_gone(self) -> None:
        self._bench.loop.lose_controller("controller gone", self._bench.now)

    def mute_controller(self) -> None:
        """Nothing of it arrives for a while: it, or the ROS half between, stands still."""
        self._mute(STALL)

    def _supervise(self) -> bool:
        """Start what is due; whether there is no process yet that uses the time of this cycle."""
        if self._begins_at is not None:
            self._bench.pass_time(PERIOD)
            if self._bench.now >= self._begins_at:
                self._begin()
            return True
        if not self._bench.bus.is_open and self._bench.now >= self._opens_at:
            self._opens_at = self._bench.now + REOPEN_EVERY
            self._reopen()
        for due in [item for item in self._later if item[0] <= self._bench.now]:
            self._later.remove(due)
            due[1]()
        return False

    def _begin(self) -> None:
        """As the bus process starts: again where a packet was lost, and another process where that fails."""
        self._begins_at = None
        for _ in range(START_TRIES):
            try:
                self._bench.loop.start(self._bench.now)
                return
            except PortError:
                return  # it waits for its port
            except ArmatureError:
                continue
        self._begins_at = self._bench.now + RESPAWN_EVERY + _BEGIN

    def _reopen(self) -> None:
        try:
            self._bench.loop.start(self._bench.now)
        except ArmatureError as error:
            self._bench.loop.explain(str(error))

    def _mute(self, seconds: float) -> None:
        self._controllers.are_alive = False
        self._later.append((self._bench.now + seconds, self._restart_controller))

    def _restart_controller(self) -> None:
        self._controllers.are_alive = True


Strike = Callable[[Processes], object]
STRIKES: Mapping[str, Strike] = {
    "kill bus": lambda processes: processes.kill_bus(),
    "kill ros half": lambda processes: processes.kill_ros_half(),
    "kill controller": lambda processes: processes.kill_controller(),
    "stall bus": lambda processes: processes.stall_bus(),
    "stall ros half": lambda processes: processes.mute_controller(),
    "stall controller": lambda processes: processes.mute_controller(),
}
