"""Every way in which the servo interface's process can end, every state in which that can find the arm."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from std_srvs.srv import SetBool

from armature.core.model.urdf import read_urdf
from armature.dynamixel.protocol.bus import ServoBus
from armature.dynamixel.protocol.serial_port import SerialPort
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.wiring.arm import Wiring
from armature.emulator.faults import console
from armature.nodes.common import topics
from armature.nodes.common.exit_message import read_exit_message
from armature.nodes.emulator.console import ask
from armature.signals import BURST

from .emulated import SERVOS, URDF
from .servo_graph import ServoGraph, command, environment

LONGEST_END = 20.0  # of a busy machine; it never waits for a time that runs out [s]
# As launch does: one process group for all, and whoever started them outlives a Ctrl-C and waits for them.
LAUNCHER = """
import json, signal, subprocess, sys
signal.signal(signal.SIGINT, lambda *_: None)
sys.exit(subprocess.Popen(json.loads(sys.argv[2])).wait())
"""
WIRING = Wiring.from_yaml(SERVOS.read_text("utf-8"), read_urdf(URDF.read_text("utf-8")))


class Launched(ServoGraph):
    """The servo interface under a launcher, with a file of its exit message."""

    def __init__(self, port: Path, folder: Path) -> None:
        super().__init__(port, folder / "log")
        self.words_file = folder / "exit_message_file"
        self.has_no_terminal = False
        self.place = 0.0  # of the waist [rad]
        self.servo = 0  # its process id, once it is to end
        self._master, slave = os.openpty()
        self._terminal = os.ttyname(slave)
        os.close(slave)

    def _join(self) -> None:
        super()._join()
        self.change_state = self.node.create_client(ChangeState, "servo_interface/change_state")

    def start(self, **parameters: object) -> Launched:
        """Start it, and await its services."""
        self.join_anew_if_killed()
        given = {"state_folder": self.log.parent / "state", "exit_message_file": self.words_file, **parameters}
        launcher = self.log.with_name("ros2")
        launcher.write_text(LAUNCHER)
        line = [sys.executable, str(launcher), "launch", json.dumps(command(self.port, self.namespace, **given))]
        terminal = os.open("/dev/null" if self.has_no_terminal else self._terminal, os.O_RDWR | os.O_NOCTTY)
        with self.log.open("ab") as log:
            started = subprocess.Popen(
                line, env=environment(), stdin=terminal, stdout=log, stderr=log, start_new_session=True
            )
        os.close(terminal)
        self.processes.append(started)
        self.until(lambda: all(client.service_is_ready() for client in self.clients.values()), 40.0)
        return self

    def servo_interface(self) -> int:
        """Its process id."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0])

    def everybody(self) -> list[int]:
        """The launcher, the servo interface and the bus process, as a service's control group holds them."""
        return [self.child(), self.process.pid, self.servo_interface()]

    def change(self, transition: int) -> bool:
        """Whether a transition of the lifecycle has succeeded."""
        self.until(self.change_state.service_is_ready)
        request = ChangeState.Request(transition=Transition(id=transition))
        future = self.change_state.call_async(request)
        self.until(future.done)
        return future.result().success

    def close(self) -> None:
        """Kill what is left."""
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        super().close()
        os.close(self._master)


# States


def disabled(_graph: Launched) -> None:
    """Torque is off."""


def enabled(graph: Launched) -> None:
    """At rest, away from the pose in which it parks."""
    assert graph.enable().success
    graph.until(lambda: graph.state() == "ENABLED" and graph.commanded)
    begin = graph.positions()["waist"]
    graph.place = 0.4 if begin < 0.1 else -0.4
    graph.move_waist(graph.place - begin, 1.0)
    graph.until(lambda: graph.state() != "MOVING")
    assert graph.state() == "ENABLED", graph.values()


def moving(graph: Launched) -> None:
    """In the midst of a motion."""
    enabled(graph)
    graph.move_waist(-2.0 * graph.place, 3.0)


def parking(graph: Launched) -> None:
    """On the way to park, since that was asked for before."""
    enabled(graph)
    graph.clients[topics.ENABLE.name].call_async(SetBool.Request(data=False))
    graph.until(lambda: graph.state() == "PARKING")


def fault(graph: Launched) -> None:
    """The supply is weak."""
    enabled(graph)
    ask(graph.port, console.inject("voltage_dip", "shoulder", {"voltage": "9"}, 60.0))
    graph.until(lambda: graph.state() == "FAULT")


def protective_stop(graph: Launched) -> None:
    """STOP was pressed."""
    enabled(graph)
    assert graph.stop().success
    graph.until(lambda: graph.state() == "PROTECTIVE_STOP")


STATES = (disabled, enabled, moving, parking, fault, protective_stop)
LATCHED = (fault, protective_stop)


# Ways


def ctrl_c(graph: Launched) -> None:
    """In a terminal: one for the whole group."""
    os.killpg(graph.process.pid, signal.SIGINT)


def ctrl_c_and_its_echo(graph: Launched) -> None:
    """Without a terminal launch sends another one, on a busy machine late."""
    os.killpg(graph.process.pid, signal.SIGINT)
    time.sleep(0.15)  # longer than a burst of one signal
    with suppress(ProcessLookupError):
        os.kill(graph.servo, signal.SIGINT)


def ctrl_c_twice(graph: Launched) -> None:
    """By a person who sees it park, or has waited."""
    is_seen = ("PARKING",) if graph.state() != "PARKING" else ()
    os.killpg(graph.process.pid, signal.SIGINT)
    begun = time.monotonic()
    graph.until(lambda: time.monotonic() > begun + 2.0 * BURST)  # two at once are one act
    graph.until(
        lambda: graph.state() in is_seen or time.monotonic() > begun + 1.2 or graph.process.poll() is not None
    )
    with suppress(ProcessLookupError):
        os.killpg(graph.process.pid, signal.SIGINT)


def sigterm(graph: Launched) -> None:
    """To the servo interface alone."""
    os.kill(graph.servo, signal.SIGTERM)


def sigterm_for_all(graph: Launched) -> None:
    """As systemd ends a service, and the machine its services."""
    for pid in graph.everybody():
        os.kill(pid, signal.SIGTERM)


def terminal_closed(graph: Launched) -> None:
    """A hang-up for every process."""
    for pid in graph.everybody():
        os.kill(pid, signal.SIGHUP)


def asked_to_quit(graph: Launched) -> None:
    """By Ctrl-\\ in a terminal, of which launch dies."""
    os.killpg(graph.process.pid, signal.SIGQUIT)


def launcher_killed(graph: Launched) -> None:
    """Its processes have lost whoever attended to them."""
    graph.process.kill()


def deactivated(graph: Launched) -> None:
    """By a lifecycle manager, which had changed its mind before, and then a Ctrl-C."""
    is_enabled = graph.state() == "ENABLED"
    assert graph.change(Transition.TRANSITION_DEACTIVATE)
    if is_enabled:
        graph.until(lambda: "was deactivated" in graph.values()["why"])
        assert graph.change(Transition.TRANSITION_ACTIVATE)
        graph.until(lambda: "activated again" in graph.values()["why"])
        assert graph.change(Transition.TRANSITION_DEACTIVATE)
    ctrl_c(graph)


def cleaned_up(graph: Launched) -> None:
    """As far as it lets itself be cleaned up, and then a Ctrl-C."""
    assert graph.change(Transition.TRANSITION_DEACTIVATE)
    has_torque = graph.values()["torque"] != "off"
    assert graph.change(Transition.TRANSITION_CLEANUP) != has_torque
    assert graph.clients[topics.PROTECTIVE_STOP.name].service_is_ready() or not has_torque
    ctrl_c(graph)


def shut_down(graph: Launched) -> None:
    """By a lifecycle manager, which nobody can refuse, and then a Ctrl-C."""
    assert graph.change(Transition.TRANSITION_ACTIVE_SHUTDOWN)
    ctrl_c(graph)


WAYS = (
    ctrl_c,
    ctrl_c_and_its_echo,
    ctrl_c_twice,
    sigterm,
    sigterm_for_all,
    terminal_closed,
    asked_to_quit,
    launcher_killed,
    deactivated,
    cleaned_up,
    shut_down,
)
HOLDING_WAYS = (ctrl_c_twice, deactivated, cleaned_up)


# What comes of it


def end(graph: Launched, way: Callable[[Launched], None]) -> str:
    """Let it end in a way; returns its exit message, once nothing of it is left."""
    graph.servo = graph.servo_interface()
    way(graph)
    graph.until(lambda: not _lives(graph.servo), LONGEST_END)
    graph.process.wait(5.0)
    graph.until(lambda: _no_child(graph), 10.0)
    words = read_exit_message(graph.words_file)
    assert words == read_exit_message(graph.log)
    return words


def torque(port: Path) -> bool:
    """Whether some servo has torque, by its register."""
    bus = ServoBus(SerialPort(str(port), WIRING.buses[""], 0.1))
    bus.open()
    try:
        return any(bus.read(each.servo_id, each.model[Role.TORQUE_ENABLE]) for each in WIRING.servos)
    finally:
        bus.close()


def code(graph: Launched, way: Callable[[Launched], None]) -> int | None:
    """The exit code; None where whoever would have had it was killed, or ended by the signal itself."""
    silent = (launcher_killed, sigterm_for_all, terminal_closed, asked_to_quit)
    return None if way in silent or graph.process.returncode < 0 else graph.process.returncode


def _lives(pid: int) -> bool:
    with suppress(OSError):
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[0]
    return False


def _no_child(graph: Launched) -> bool:
    try:
        graph.child()
    except AssertionError:
        return True
    return False
