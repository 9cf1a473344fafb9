"""Changes of a node's parameters while it runs: refused in the words of its start, and with what would work.

rclpy calls a parameter that it does not know by no name, and refuses an integer where a number is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from armature.core.recovery_commands import in_namespace
from armature.core.refusals import Refusals
from armature.errors import ConfigError, nearest
from armature.nodes.common.parameters.command_line import given_to
from armature.nodes.common.parameters.wanted import Wanted

TIME_SOURCE = "use_sim_time"
_SET = "_set_parameters_atomically"  # of rclpy, which all ways of setting lead through
# Of a node that another process runs than the one of its name.
_PROCESSES = {"gripper_controller": "arm_controller"}


@dataclass(frozen=True)
class Reading:
    """A dataclass of parameters as a node has read it."""

    kind: Any
    wanted: Mapping[str, Wanted]  # by field

    def names(self) -> set[str]:
        """Of its parameters."""
        return {each.name for each in self.wanted.values()}

    def with_values(self, values: Mapping[str, Any]) -> Any:
        """The dataclass with these values, by parameter.

        Raises:
            ConfigError: what it refuses itself.
        """
        return self.kind(**{field: each.checked(values[each.name]) for field, each in self.wanted.items()})


_readings: WeakKeyDictionary[Any, dict[tuple[str, str], Reading]] = WeakKeyDictionary()


def note_reading(node: Node, prefix: str, reading: Reading) -> None:
    """Let changes of a node's parameters be checked by what it has read them into."""
    _readings.setdefault(node, {})[reading.kind.__name__, prefix] = reading


def names_read(node: Node) -> set[str]:
    """Names of all parameters that a node has read, or would take."""
    return {name for reading in _of(node) for name in reading.names()}


def explain_changes(node: Node) -> None:
    """Let a node check and refuse changes of its parameters as it does at its start."""
    if _SET in vars(node):  # as where a lifecycle node is configured again
        return
    set_checked = getattr(node, _SET)

    def set_explained(changes: list[Parameter]) -> SetParametersResult:
        refusals, taken, notes = Refusals(), [], ""
        for change in changes:
            with refusals.noted():
                taken.append(_checked(node, change))
        with refusals.noted():
            notes = _check_together(node, taken)
        if refusals.found:
            reason = in_namespace("\n".join(map(str, refusals.found)), node.get_namespace())
            return SetParametersResult(successful=False, reason=reason)
        result = set_checked(taken)
        return SetParametersResult(successful=True, reason=notes) if result.successful else result

    setattr(node, _SET, set_explained)


def _checked(node: Node, change: Parameter) -> Parameter:
    """A change in the type of its parameter.

    Raises:
        ConfigError: a value that cannot be used, or a parameter that does not change.
    """
    if change.name == TIME_SOURCE:  # a node that runs has stamps, deadlines and motions of one clock
        allowed = "it is read at the start: give it in the parameter file, then restart the process"
        raise ConfigError(f"parameter {change.name}", change.value, allowed)
    known = {each.name: each for reading in _of(node) for each in reading.wanted.values()}
    if change.name not in known:
        if not node.has_parameter(change.name):  # nor is it one of ROS itself
            allowed = f"/{node.get_name()} has no such parameter; {nearest(change.name, known)}"
            raise ConfigError(f"parameter {change.name}", change.value, allowed)
        return change
    wanted = known[change.name]
    value = wanted.checked(change.value)
    if not wanted.changes:
        raise ConfigError(f"parameter {change.name}", change.value, _how_to_change(node, change.name))
    return Parameter(change.name, value=list(value) if isinstance(value, tuple) else value)


def _how_to_change(node: Node, name: str) -> str:
    given = given_to(node, name)
    if given and given.is_of_command_line:
        return (
            "it is read-only while the process runs, and its command line gives it: start the graph with another"
        )
    process = _PROCESSES.get(node.get_name(), node.get_name())
    where = "write it into the robot's arm.yaml or the file of --params-file"
    return f"it is read-only while the process runs: {where}, then: armature restart {process}"


def _check_together(node: Node, changes: Iterable[Parameter]) -> str:
    """Let the dataclasses of parameters refuse what does not fit the others.

    Returns:
        What there is to be said of the new values.

    Raises:
        ConfigError: they do not fit.
    """
    changed = {change.name: change.value for change in changes}
    notes = []
    for reading in _of(node):
        names = reading.names()
        if names & changed.keys():
            values = {name: changed.get(name, node.get_parameter(name).value) for name in names}
            notes.append(getattr(reading.with_values(values), "note", ""))
    return "; ".join(filter(None, notes))


def _of(node: Node) -> tuple[Reading, ...]:
    return tuple(_readings.get(node, {}).values())
