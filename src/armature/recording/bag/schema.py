"""Text and hash of message types, from the definitions that ROS 2 packages install."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from armature.errors import RecordingError

# Basic types of the ROS 2 interface definition language (design.ros2.org, "Interface definition").
_BASIC = re.compile(r"bool|byte|char|float(32|64)|u?int(8|16|32|64)|w?string")
_FIELD_TYPE = re.compile(r"^[A-Za-z][\w/]*")
_RULE = "=" * 80


def message_schema(type_name: str, shares: Sequence[Path]) -> str:
    """Describe a message type and all that it contains, as MCAP's ros2msg encoding wants it.

    Args:
        type_name: for example "sensor_msgs/msg/JointState" or "pkg/action/Name_FeedbackMessage".
        shares: the share/ folders of the ROS 2 prefixes, the first that knows a package wins.

    Raises:
        RecordingError: a definition is not installed.
    """
    package, _, name = type_name.split("/")
    text = _definition(package, name, shares)
    parts = [text]
    parts += [f"{_RULE}\nMSG: {full}\n{part}" for full, part in _definitions(package, text, shares, set())]
    return "\n".join(part.rstrip("\n") for part in parts) + "\n"


def type_hash(type_name: str, shares: Sequence[Path]) -> str:
    """RIHS01 hash of a type as rosidl installed it (REP-2011), or "" where the package carries none."""
    package, kind, name = type_name.split("/")
    path = _find(shares, package, kind, f"{name.split('_')[0]}.json")
    if path is None:
        return ""
    hashes = json.loads(path.read_text(encoding="utf-8"))["type_hashes"]
    return next((str(entry["hash_string"]) for entry in hashes if entry["type_name"] == type_name), "")


def _definitions(package: str, text: str, shares: Sequence[Path], seen: set[str]) -> Iterator[tuple[str, str]]:
    for full in _references(package, text):
        if full in seen:
            continue
        seen.add(full)
        other, name = full.split("/")
        part = _definition(other, name, shares)
        yield full, part
        yield from _definitions(other, part, shares, seen)


def _references(package: str, text: str) -> Iterator[str]:
    for line in text.splitlines():
        match = _FIELD_TYPE.match(line.split("#")[0].strip())
        if match is None or _BASIC.fullmatch(match[0]):
            continue
        kind = "std_msgs/Header" if match[0] == "Header" else match[0].replace("/msg/", "/")
        yield kind if "/" in kind else f"{package}/{kind}"


def _definition(package: str, name: str, shares: Sequence[Path]) -> str:
    if name.endswith("_FeedbackMessage"):
        feedback = name.removesuffix("Message")
        return f"unique_identifier_msgs/UUID goal_id\n{package}/{feedback} feedback\n"
    if name.endswith("_Feedback"):
        action = _read(package, "action", f"{name.removesuffix('_Feedback')}.action", shares)
        return re.split(r"^---\s*$", action, flags=re.MULTILINE)[2].lstrip("\n")
    return _read(package, "msg", f"{name}.msg", shares)


def _read(package: str, kind: str, file: str, shares: Sequence[Path]) -> str:
    path = _find(shares, package, kind, file)
    if path is None:
        raise RecordingError(
            f"{package}/{kind}/{file}",
            f"is not installed below {', '.join(map(str, shares)) or 'any prefix'}; source its workspace",
        )
    return path.read_text(encoding="utf-8")


def _find(shares: Sequence[Path], package: str, kind: str, file: str) -> Path | None:
    candidates = (share / package / kind / file for share in shares)
    return next((path for path in candidates if path.is_file()), None)
