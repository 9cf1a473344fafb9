"""Changing values in the text of a wiring file, of which every other character stays as its owner wrote it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import yaml

from armature.core.model.units import resolution, written
from armature.dynamixel.wiring.servo import ServoWiring
from armature.errors import ConfigError

_KEY, _RANGE, _DIRECTION, _CONFIRMED = "zero_offset", "range", "direction", "confirmed"


class _Edit(NamedTuple):
    """Characters to be replaced by others."""

    begin: int
    end: int
    text: str


class _File:
    """The text of a wiring file, and where its values stand in it."""

    def __init__(self, text: str, source: str) -> None:
        self.text = text
        self._source = source
        self._root = yaml.compose(text, Loader=yaml.SafeLoader)
        self._uses = Counter(map(id, _walk(self._root)))

    def find(self, path: tuple[str, ...]) -> yaml.Node | None:
        """The node at a path, None where its last key is missing.

        Raises:
            ConfigError: there is no such entry, or it stands in several places by an alias.
        """
        where, node = self.where(path), self._root
        for key in path:
            entries = node.value if isinstance(node, yaml.MappingNode) else []
            found = [value for name, value in entries if name.value == key]
            if not found and key == path[-1] and isinstance(node, yaml.MappingNode):
                return None
            if not found:
                raise ConfigError(where, None, f"write {path[-1]} there, with a value of its own")
            node = found[0]
            if self._uses[id(node)] > 1:
                raise ConfigError(where, key, "it stands in several places by an alias; write it out in each")
        return node

    def line(self, path: tuple[str, ...]) -> yaml.ScalarNode:
        """A value of one line, which has to be there.

        Raises:
            ConfigError: it is not, or stands in several places by an alias.
        """
        node = self.find(path)
        if node is None:
            raise ConfigError(self.where(path), None, f"write {path[-1]} there, with a value of its own")
        if isinstance(node, yaml.ScalarNode) and node.style not in ("|", ">"):
            return node
        raise ConfigError(self.where(path), "a block of lines", "write number and unit on one line")

    def where(self, path: tuple[str, ...]) -> str:
        """A path for errors."""
        return f"{self._source}: {'.'.join(path)}"

    def with_edits(self, edits: Iterable[_Edit]) -> str:
        """The text with edits that do not touch each other."""
        text = self.text
        for edit in sorted(edits, reverse=True):
            text = text[: edit.begin] + edit.text + text[edit.end :]
        return text


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
    file = _File(text, source)
    edits = []
    for place, offset in offsets.items():
        node = file.line(("joints", *place, _KEY))
        quote, unit = node.style or "", node.value.split()[-1]
        number = f"{quote}{written(offset, unit)}{quote}"
        edits.append(_Edit(node.start_mark.index, node.end_mark.index, number))
    return file.with_edits(edits)


def with_directions(text: str, directions: Mapping[tuple[str, ...], int], source: str) -> str:
    """Put directions into the text of a wiring file.

    Args:
        text: a wiring file that can be read.
        directions: by entry_of() the servo, 1 or -1.
        source: its name, for errors.

    Raises:
        ConfigError: a direction does not stand in its own place.
    """
    file = _File(text, source)
    nodes = {file.line(("joints", *place, _DIRECTION)): sign for place, sign in directions.items()}
    return file.with_edits(_Edit(n.start_mark.index, n.end_mark.index, str(sign)) for n, sign in nodes.items())


def with_confirmation(text: str, digest: str, source: str) -> str:
    """Put the digest of what was confirmed into the text of a wiring file, at its end where it is new.

    Args:
        text: a wiring file that can be read.
        digest: of the wiring that it describes.
        source: its name, for errors.

    Raises:
        ConfigError: there is one already that does not stand in its own place.
    """
    file = _File(text, source)
    if file.find((_CONFIRMED,)) is not None:
        node = file.line((_CONFIRMED,))
        return file.with_edits([_Edit(node.start_mark.index, node.end_mark.index, digest)])
    line_end = "\r\n" if "\r\n" in text else "\n"
    gap = "" if text.endswith("\n") else line_end
    note = "# Directions and zeros as they were tested by hand; void once one of them changes."
    return f"{text}{gap}{note}{line_end}{_CONFIRMED}: {digest}{line_end}"


def with_ranges(text: str, ranges: Mapping[str, tuple[float, float]], sliding: Iterable[str], source: str) -> str:
    """Put ranges of motion into the text of a wiring file; one that is new comes behind the joint's zero offset.

    Args:
        text: a wiring file that can be read.
        ranges: lower and upper end by joint [rad] or [m].
        sliding: joints that do not turn.
        source: its name, for errors.

    Raises:
        ConfigError: a range, or the zero offset before it, does not stand in its own place.
    """
    file, slides = _File(text, source), set(sliding)
    return file.with_edits(
        _range_edit(file, ("joints", joint), ends, "mm" if joint in slides else "")
        for joint, ends in ranges.items()
    )


def _range_edit(file: _File, entry: tuple[str, ...], ends: tuple[float, float], unit: str) -> _Edit:
    offset = file.line((*entry, _KEY))
    node = file.find((*entry, _RANGE))
    if node is None:
        return _behind(file, entry, offset, _written_range(ends, unit or offset.value.split()[-1]))
    if not isinstance(node, yaml.SequenceNode) or not node.flow_style:
        raise ConfigError(file.where((*entry, _RANGE)), "a block of lines", "write [lower, upper] on one line")
    written = _written_range(ends, node.value[0].value.split()[-1])
    return _Edit(node.start_mark.index, node.end_mark.index, written)


def _behind(file: _File, entry: tuple[str, ...], offset: yaml.ScalarNode, written: str) -> _Edit:
    """A range that is new: behind the zero offset, or on a line of its own behind that one's."""
    parent = file.find(entry)
    assert isinstance(parent, yaml.MappingNode)  # it has a zero offset
    at = offset.end_mark.index
    if parent.flow_style:
        return _Edit(at, at, f", {_RANGE}: {written}")
    indent = next(key.start_mark.column for key, value in parent.value if value is offset)
    line_end = "\r\n" if "\r\n" in file.text else "\n"
    at = file.text.find(line_end, at)
    at = len(file.text) if at < 0 else at
    return _Edit(at, at, f"{line_end}{' ' * indent}{_RANGE}: {written}")


def _walk(node: yaml.Node | None) -> list[yaml.Node]:
    """Every place in which a node stands; what an alias names stands in several."""
    if isinstance(node, yaml.MappingNode):
        return [node, *(found for pair in node.value for part in pair for found in _walk(part))]
    if isinstance(node, yaml.SequenceNode):
        return [node, *(found for part in node.value for found in _walk(part))]
    return [node] if node is not None else []


def _written_range(ends: tuple[float, float], unit: str) -> str:
    """Rounded outward, so that an end at a limit of the URDF takes nothing from it."""
    step = resolution(unit)
    lower, upper = (step * way(end / step) for way, end in zip((math.floor, math.ceil), ends, strict=True))
    return f"[{written(lower, unit)}, {written(upper, unit)}]"
