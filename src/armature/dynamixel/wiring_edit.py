"""Changing values in the text of a wiring file, of which every other character stays as its owner wrote it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

import yaml

from armature.dynamixel.servo_wiring import ServoWiring
from armature.errors import ConfigError

_KEY = "zero_offset"
# Digits behind the point: a hundredth of a tick and less.
_DIGITS = {"deg": 3, "rad": 5}


def entry_of(servo: ServoWiring) -> tuple[str, ...]:
    """Where in the joints of a wiring file a servo's entry stands."""
    return (servo.joint, "second") if servo.is_second else (servo.joint,)


def with_zero_offsets(text: str, offsets: Mapping[tuple[str, ...], float], source: str) -> str:
    """Put zero offsets into the text of a wiring file, each in the unit in which it stands there.

    Args:
        text: a wiring file that can be read.
        offsets: by entry_of() the servo [rad].
        source: its name, for errors.

    Raises:
        ConfigError: an offset does not stand in its own place: it is missing, an alias, or of several lines.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    uses = Counter(map(id, _walk(root)))
    nodes = {place: _find(root, ("joints", *place, _KEY), uses, source) for place in offsets}
    for place, node in sorted(nodes.items(), key=lambda item: -item[1].start_mark.index):
        quote = node.style or ""
        written = f"{quote}{_written(offsets[place], node.value)}{quote}"
        text = text[: node.start_mark.index] + written + text[node.end_mark.index :]
    return text


def _walk(node: yaml.Node | None) -> list[yaml.Node]:
    """Every place in which a node stands; what an alias names stands in several."""
    if isinstance(node, yaml.MappingNode):
        return [node, *(found for pair in node.value for part in pair for found in _walk(part))]
    if isinstance(node, yaml.SequenceNode):
        return [node, *(found for part in node.value for found in _walk(part))]
    return [node] if node is not None else []


def _find(root: yaml.Node | None, path: tuple[str, ...], uses: Mapping[int, int], source: str) -> yaml.ScalarNode:
    where, node = f"{source}: {'.'.join(path)}", root
    for key in path:
        entries = node.value if isinstance(node, yaml.MappingNode) else []
        found = [value for name, value in entries if name.value == key]
        if not found:
            raise ConfigError(where, None, f"write {path[-1]} there, with a value of its own")
        node = found[0]
        if uses[id(node)] > 1:
            raise ConfigError(where, key, "it stands in several places by an alias; write it out in each")
    if isinstance(node, yaml.ScalarNode) and node.style not in ("|", ">"):
        return node
    raise ConfigError(where, "a block of lines", "write number and unit on one line")


def _written(offset: float, before: str) -> str:
    unit = before.split()[-1]
    value = math.degrees(offset) if unit == "deg" else offset
    number = f"{value:.{_DIGITS[unit]}f}".rstrip("0").rstrip(".")
    return f"{'0' if number == '-0' else number} {unit}"
