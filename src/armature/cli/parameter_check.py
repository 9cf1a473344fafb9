"""Parameter files checked by the names, types and bounds of all that the nodes read, before a node reads them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from armature.cli.parameter_table import known_by_node
from armature.core.model.parameter_file import GivenParameter, misspelt_nodes, of_other_nodes
from armature.errors import ConfigError, nearest
from armature.graph import full_name
from armature.nodes.common.parameters.parameters import ROS_OWN, is_shared
from armature.nodes.common.parameters.wanted import Wanted
from armature.robots import NODES

# Nodes of ros2_control whose work is done by others here.
_INSTEAD = {
    "controller_manager": "the controllers run by themselves, and the rate of the bus is rate of /servo_interface",
    "joint_state_broadcaster": "/servo_interface publishes the joint states",
}
# Controllers are named as one likes: what blocks of other names may be meant for, by their plugins or usual names.
_CONTROLLERS = {
    "arm_controller": ("JointTrajectoryController", "joint_trajectory_controller"),
    "gripper_controller": ("GripperActionController", "gripper_action_controller"),
}
_OF_ANY_CONTROLLER = {"joint", "joints", "type"}

Known = Mapping[str, Mapping[str, Wanted]]
"""Parameters by node and name."""


def find_refused(
    given: Sequence[GivenParameter], joints: Sequence[str], gripper: Collection[str] | None = None
) -> Iterator[ConfigError]:
    """What the nodes would refuse by names, types and bounds, and blocks of theirs that have other names.

    Args:
        given: by parameter files.
        joints: of the arm.
        gripper: those of the gripper among them; None where it is not known.
    """
    known = known_by_node(joints, gripper)
    blocks = of_other_nodes(given, NODES)
    meant = {block.nodes: _meant(block, given, known) for block in blocks}
    misspelt = _misspelt(given)  # whoever reads the file refuses them
    foreign = {nodes: node for nodes, node in meant.items() if node and nodes not in misspelt}
    for block in blocks:
        if block.nodes in foreign:
            yield _refused_block(block, foreign)
    for each in given:
        nodes = NODES if each.is_for_any else (meant.get(each.nodes, each.node),)
        if not each.name.startswith(ROS_OWN) and nodes != ("",):
            yield from _refused(each, nodes, known)


def notes_of(given: Sequence[GivenParameter], joints: Sequence[str], namespace: str = "") -> Iterator[str]:
    """What no node of the graph reads: blocks of other programs, which may stand in the same file, and namespaces.

    Args:
        given: by parameter files.
        joints: of the arm.
        namespace: of the graph.
    """
    known, misspelt = known_by_node(joints, None), _misspelt(given)
    for block in of_other_nodes(given, NODES):
        if block.nodes not in misspelt and not _meant(block, given, known):
            why = _INSTEAD.get(block.node, "what stands there is not read here")
            yield f"{block.block}: no node of this graph is called {block.nodes}; {why}"
    place = f"whose namespace is /{namespace.strip('/')}" if namespace else "which has no namespace"
    for block in {each.nodes: each for each in given if each.is_for_any or each.node in NODES}.values():
        if not any(block.is_for(full_name(namespace, node)) for node in NODES):
            anywhere = "/**" if block.is_for_any else f"/**/{block.node}"
            yield f"{block.block}: {block.nodes} is no node of this graph, {place}; {anywhere} is in any namespace"


def in_order(errors: Iterable[ConfigError]) -> list[ConfigError]:
    """Errors in the order of files and lines; those that have none come last."""

    def key(error: ConfigError) -> tuple[bool, str, int]:
        file, mark, rest = error.where.partition(", line ")
        line = re.match(r"\d+", rest)
        return (not mark, file if mark else "", int(line[0]) if line else 0)

    return sorted(errors, key=key)


def _misspelt(given: Sequence[GivenParameter]) -> set[object]:
    return {error.value for error in misspelt_nodes(given, NODES)}


def _refused_block(block: GivenParameter, foreign: Mapping[str, str]) -> ConfigError:
    """A block of a controller's parameters under another name; of several ones only one can be meant for it."""
    node = foreign[block.nodes]
    others = [nodes for nodes, other in foreign.items() if other == node and nodes != block.nodes]
    so = f", as those of {', '.join(others)} are: only one of them may" if others else ":"
    more = "several arms: docs/howto/two_arms.md" if others else f"nodes are {', '.join(NODES)}"
    allowed = f"its parameters are those of /{node}{so} name the block /**/{node}; {more}"
    return ConfigError(f"{block.block}: node", block.nodes, allowed)


def _meant(block: GivenParameter, given: Sequence[GivenParameter], known: Known) -> str:
    """The controller that a block of another name is meant for; empty where that is none."""
    names = [each.name for each in given if each.nodes == block.nodes and not each.name.startswith(ROS_OWN)]
    plugins = [
        str(each.value) for each in given if each.name in (f"{block.node}.type", "type") and _types(each, block)
    ]
    for node, endings in _CONTROLLERS.items():
        if any(text.endswith(endings) for text in (plugins or [block.node])):
            return node
    if plugins or block.node in _INSTEAD:
        return ""
    for node in _CONTROLLERS:
        groups = {name.partition(".")[0] for name in known[node]}  # whatever its joints are called
        matching = [name for name in names if name.partition(".")[0] in groups]
        if 2 * len(matching) > len(names) and set(matching) - _OF_ANY_CONTROLLER:
            return node
    return ""


def _types(given: GivenParameter, block: GivenParameter) -> bool:
    """Whether a parameter says of which plugin a controller is: its own, or its manager's."""
    return given.nodes == block.nodes if given.name == "type" else given.node == "controller_manager"


def _refused(each: GivenParameter, nodes: Sequence[str], known: Known) -> Iterator[ConfigError]:
    where = f"{each.where}: parameter {each.name}"
    lacking = [node for node in nodes if each.name not in known[node]]
    if lacking and not is_shared(each.name):
        yield ConfigError(where, each.value, _instead(each, lacking[0], known))
    for node in nodes:
        if each.name in known[node]:
            yield from _refused_value(each, known[node][each.name])


def _refused_value(given: GivenParameter, known: Wanted) -> Iterator[ConfigError]:
    try:
        known.checked(given.value)
    except ConfigError as error:
        yield ConfigError(f"{given.where}: {error.where}", error.value, error.allowed)


def _instead(each: GivenParameter, lacking: str, known: Known) -> str:
    """What would work for a parameter that a node does not have."""
    owner = next((node for node in NODES if each.name in known[node]), "")
    if owner:
        return f"/{lacking} has no such parameter, /{owner} has: write it under /**/{owner}"
    if each.is_for_any:
        names = {name for of_node in known.values() for name in of_node}
        return f"the graph has no such parameter; {nearest(each.name, names)}"
    return f"/{lacking} has no such parameter; {nearest(each.name, known[lacking])}"
