"""The text of a file of poses with one pose more, or less; every other character stays as its owner wrote it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import yaml

from armature.core.model.arm import ArmModel
from armature.core.model.document import StrictLoader, pairs_of
from armature.core.model.poses import read_poses
from armature.core.model.units import quantity, resolution, written
from armature.errors import ConfigError

_ROUNDING = 4e-5  # of numbers as they are written [rad] or [m]


def with_pose(text: str, name: str, pose: Mapping[str, float], arm: ArmModel, source: str = "poses.yaml") -> str:
    """Put a pose into the text of a file of poses: its numbers in place of those before, or a new one at the end.

    Args:
        text: a file that can be read, or nothing at all.
        name: of the pose.
        pose: its positions, within the limits [rad] or [m].
        arm: that takes it.
        source: the file's name, for errors.

    Raises:
        ConfigError: the pose does not stand in a place of its own; the text as it would be cannot be read.
    """
    root = yaml.compose(text, Loader=StrictLoader)
    if _entry(root, name) is not None:
        changed = _replaced(text, name, pose, arm, source)
    elif isinstance(root, yaml.MappingNode) and root.flow_style:
        inner = ", ".join(f"{_key(joint)}: {_place(arm, joint, pose[joint])}" for joint in pose)
        gap = ", " if root.value else ""
        changed = _spliced(text, root.end_mark.index - 1, f"{gap}{name}: {{{inner}}}")
    else:
        changed = _appended(text, root, name, pose, arm)
    before = {} if root is None else read_poses(text, arm, source)
    _require_same({**before, name: pose}, read_poses(changed, arm, source), f"{source}: {name}")
    return changed


def without_pose(text: str, name: str, arm: ArmModel, source: str = "poses.yaml") -> str:
    """Take a pose out of the text of a file of poses; its comments stay.

    Raises:
        ConfigError: it does not stand on lines of its own.
    """
    root = yaml.compose(text, Loader=StrictLoader)
    found = [pair for pair in pairs_of(root) if pair[0].value == name] if root is not None else []
    own_lines = isinstance(root, yaml.MappingNode) and not root.flow_style
    if not found or not own_lines:
        raise ConfigError(f"{source}: {name}", name, "it does not stand on lines of its own: remove it by hand")
    key, value = found[0]
    last = _last(value)
    end = text.find("\n", max(last.end_mark.index - 1, key.end_mark.index))
    begin = key.start_mark.index - key.start_mark.column
    changed = text[:begin] + (text[end + 1 :] if end >= 0 else "")
    left = {other: pose for other, pose in read_poses(text, arm, source).items() if other != name}
    if left:
        _require_same(left, read_poses(changed, arm, source), f"{source}: {name}")
    return changed


def _entry(root: yaml.Node | None, name: str) -> yaml.Node | None:
    if root is None:
        return None
    return next((value for key, value in pairs_of(root) if key.value == name), None)


def _replaced(text: str, name: str, pose: Mapping[str, float], arm: ArmModel, source: str) -> str:
    """The text with the numbers of a pose that is there, each in its unit; joints that it left out behind them."""
    where, entry = f"{source}: {name}", _entry(yaml.compose(text, Loader=StrictLoader), name)
    values = {} if entry is None else {key.value: value for key, value in pairs_of(entry)}
    if not values or any(joint not in pose for joint in values):
        raise ConfigError(where, None, "write it out with a line for each joint, without alias and merge key")
    for joint in sorted(values, key=lambda joint: -values[joint].start_mark.index):
        node = values[joint]
        if not isinstance(node, yaml.ScalarNode) or node.style in ("|", ">"):
            raise ConfigError(f"{where}.{joint}", None, "write number and unit on one line")
        quote = node.style or ""
        number = _place(arm, joint, pose[joint], node.value.split()[-1])
        text = _spliced(text, node.start_mark.index, f"{quote}{number}{quote}", node.end_mark.index)
    for joint in (joint for joint in pose if joint not in values):
        text = _with_joint(text, name, f"{_key(joint)}: {_place(arm, joint, pose[joint])}")
    return text


def _with_joint(text: str, name: str, line: str) -> str:
    """The text with one more joint of a pose, behind the last one."""
    entry = _entry(yaml.compose(text, Loader=StrictLoader), name)
    assert isinstance(entry, yaml.MappingNode)
    key, value = entry.value[-1]
    if entry.flow_style:
        return _spliced(text, value.end_mark.index, f", {line}")
    end = text.find("\n", value.end_mark.index)
    end = len(text) if end < 0 else end - (text[end - 1] == "\r")
    return _spliced(text, end, f"{_line_end(text)}{' ' * key.start_mark.column}{line}")


def _appended(text: str, root: yaml.Node | None, name: str, pose: Mapping[str, float], arm: ArmModel) -> str:
    line_end = _line_end(text)
    margin = " " * (root.start_mark.column if root is not None else 0)
    gap = "" if not text or text.endswith("\n") else line_end
    lines = [f"{name}:", *(f"  {_key(joint)}: {_place(arm, joint, pose[joint])}" for joint in pose)]
    return text + gap + "".join(f"{margin}{line}{line_end}" for line in lines)


def _place(arm: ArmModel, joint: str, position: float, unit: str = "") -> str:
    """A position with its unit, rounded so that it stays within the limits."""
    limit = arm.limit(joint)
    unit = unit or ("mm" if arm.joint(joint).kind == "prismatic" else "deg")
    step = resolution(unit)
    texts = [written(position + shift, unit) for shift in (0.0, -step, step)]
    return next((text for text in texts if limit.allows(quantity(joint, text, (unit,)))), texts[0])


def _key(joint: str) -> str:
    return joint if re.fullmatch(r"[^\W\d]\w*(?:-\w+)*", joint) else json.dumps(joint, ensure_ascii=False)


def _spliced(text: str, begin: int, new: str, end: int | None = None) -> str:
    return text[:begin] + new + text[begin if end is None else end :]


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _last(node: yaml.Node) -> yaml.Node:
    """The last thing that stands in a node: a node of lines ends where the next one begins."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[-1] if isinstance(last, tuple) else last
    return node


def _require_same(
    wanted: Mapping[str, Mapping[str, float]], found: Mapping[str, Mapping[str, float]], where: str
) -> None:
    """Refuse an edit that would make of any pose what nobody asked for."""
    same = wanted.keys() == found.keys() and all(
        wanted[name].keys() == found[name].keys()
        and all(abs(wanted[name][joint] - place) < _ROUNDING for joint, place in found[name].items())
        for name in wanted
    )
    if not same:
        raise ConfigError(where, None, "it cannot be written between what stands there: write it by hand")
