"""Which processes of a graph run, and who runs them: the stand-alone runner, another launcher, or nobody."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from armature.errors import ProcessError
from armature.graph import PROCESS_NAMES, existing_runtime_folder
from armature.nodes.common.device_holder import describe_process
from armature.running_processes import BUS, GraphProcesses, Running
from armature.standalone import Supervisor

_INIT = 1  # adopts the processes of a parent that has died


@dataclass(frozen=True)
class Graph:
    """The graph of a namespace on this machine."""

    supervisor: Supervisor
    processes: GraphProcesses

    @staticmethod
    def of(namespace: str, environment: Mapping[str, str] = os.environ) -> Graph:
        """The graph of a namespace, running or not.

        Raises:
            ConfigError: its runtime folder is not its user's alone.
        """
        runtime = existing_runtime_folder(environment, namespace)
        return Graph(Supervisor(runtime), GraphProcesses(runtime, namespace, PROCESS_NAMES, environment))

    def require_runner(self, process_name: str) -> Supervisor:
        """The runner of the graph, to restart one of its processes.

        Raises:
            ProcessError: it does not run; says what runs instead, and what to do.
        """
        if self.supervisor.is_running():
            return self.supervisor
        found = self.processes.find()
        for each in found:
            if each.name == process_name and each.parent > _INIT and not each.has_runner:
                why = f"{describe_process(each.parent)} started it, not armature up"
                raise ProcessError(
                    process_name, why, f"end it with: kill {each.pid}; arm.launch.py starts it again"
                )
        raise without_runner(found)


def without_runner(found: list[Running]) -> ProcessError:
    """The error that there is no runner, with what to do.

    Args:
        found: the processes that run without it.
    """
    nodes = [running for running in found if running.name != BUS]
    names = ", ".join(running.name for running in nodes)
    if not found:
        return ProcessError("graph", "it is not running", "start it with: armature up")
    if not nodes:
        held = f"only its bus process {found[0].pid} runs; it may hold the arm"
        return ProcessError(
            "graph", held, f"start it with: armature up; or: kill {found[0].pid} (the servos hold)"
        )
    if any(running.has_runner for running in nodes):
        why = f"it has died; {names} still run, and nothing restarts them"
        return ProcessError("runner", why, "end them with: armature down")
    launcher = nodes[-1].parent
    if launcher <= _INIT:
        pids = " ".join(str(running.pid) for running in nodes)
        return ProcessError("graph", f"{names} run without a launcher", f"end it with: kill -INT {pids}")
    remedy = f"end it there: Ctrl-C, or kill -INT {launcher}"
    return ProcessError("graph", f"it was started by {describe_process(launcher)}, not by armature up", remedy)


def process_info(running: Running) -> dict[str, Any]:
    """One process in the form of supervisord."""
    return {"name": running.name, "statename": "RUNNING", "pid": running.pid, "description": f"pid {running.pid}"}
