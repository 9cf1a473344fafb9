"""The metadata.yaml of a bag, as rosbag2 reads it (version 9: rosbag2_storage, metadata_io and yaml.hpp)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from armature.errors import RecordingError
from armature.recording.bag.topic import Qos, Topic

VERSION = 9
_KEY = "rosbag2_bagfile_information"
_STATE = "armature_state"
_DROPPED = "dropped_messages"
# libyaml's emitter is ten times faster; a PyYAML built without it lacks the class.
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class BagInfo:
    """What a bag of one file says about itself.

    Attributes:
        file: name of the MCAP file.
        start: log time of the first message [ns since 1970], 0 in an empty bag.
        duration: from the first to the last log time [ns].
        counts: messages of each topic.
        dropped: messages of each topic that were received and could not be written.
        state: "recording", "closed" or "recovered".
        distro: name of the ROS 2 distribution.
        custom: what else the writer wants to be known.
    """

    file: str
    start: int
    duration: int
    counts: Mapping[Topic, int]
    dropped: Mapping[str, int]
    state: str
    distro: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)

    @property
    def messages(self) -> int:
        """Messages in the bag."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class BagNotes:
    """What the writer of a bag noted; see `BagInfo`. The state is "" if another recorder wrote the bag."""

    state: str
    distro: str
    dropped: Mapping[str, int]
    custom: Mapping[str, str]
    files: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)  # by topic
    end: int = 0  # log time of the last message [ns since 1970]


def to_yaml(info: BagInfo) -> str:
    """The text of metadata.yaml."""
    return _dump({_KEY: _as_dict(info)})


def to_serialized_metadata(info: BagInfo) -> str:
    """The same inside the MCAP file, where rosbag2's storage plugin looks for it."""
    return _dump(_as_dict(info))


def qos_yaml(qos: Qos) -> str:
    """The value of a channel's offered_qos_profiles."""
    return _dump([_qos_dict(qos)])


def write_metadata(folder: Path, info: BagInfo) -> None:
    """Replace metadata.yaml in one step, so that a reader or a crash never meets half of it."""
    new = folder / "metadata.yaml.new"
    with new.open("w", encoding="utf-8") as file:
        file.write(to_yaml(info))
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / "metadata.yaml")


def read_notes(folder: Path) -> BagNotes:
    """Read back what the writer of a bag noted last.

    Raises:
        RecordingError: the folder has no metadata.yaml of a bag.
    """
    path = folder / "metadata.yaml"
    try:
        info = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)[_KEY]
        return _notes(info, dict(info["custom_data"] or {}))
    except OSError as error:
        raise RecordingError(str(path), f"cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise RecordingError(str(path), "is not the metadata of a bag") from error


def _notes(info: Mapping[str, Any], custom: dict[str, str]) -> BagNotes:
    state = custom.pop(_STATE, "")
    custom.pop(_DROPPED, None)
    topics = [key.removeprefix(_DROPPED) for key in custom if key.startswith(_DROPPED)]
    dropped = {topic: int(custom.pop(_DROPPED + topic)) for topic in topics}
    counted = info.get("topics_with_message_count") or ()
    begin = int(info.get("starting_time", {}).get("nanoseconds_since_epoch", 0))
    return BagNotes(
        state,
        str(info.get("ros_distro") or ""),
        dropped,
        custom,
        files=tuple(map(str, info.get("relative_file_paths") or ())),
        counts={str(item["topic_metadata"]["name"]): int(item["message_count"]) for item in counted},
        end=begin + int(info.get("duration", {}).get("nanoseconds", 0)),
    )


def _dump(value: object) -> str:
    return str(yaml.dump(value, Dumper=_Dumper, sort_keys=False, default_flow_style=False))


def _as_dict(info: BagInfo) -> dict[str, object]:
    return {
        "version": VERSION,
        "storage_identifier": "mcap",
        **_span(info),
        "topics_with_message_count": [
            {"topic_metadata": _topic_dict(topic), "message_count": count} for topic, count in info.counts.items()
        ],
        "compression_format": "",
        "compression_mode": "",
        "relative_file_paths": [info.file],
        "files": [{"path": info.file, **_span(info)}],
        "custom_data": _custom(info),
        "ros_distro": info.distro,
    }


def _span(info: BagInfo) -> dict[str, object]:
    return {
        "duration": {"nanoseconds": info.duration},
        "starting_time": {"nanoseconds_since_epoch": info.start},
        "message_count": info.messages,
    }


def _custom(info: BagInfo) -> dict[str, str]:
    notes = {_STATE: info.state, _DROPPED: str(sum(info.dropped.values()))}
    notes.update({f"{_DROPPED}{topic}": str(count) for topic, count in info.dropped.items() if count})
    return {**info.custom, **notes}


def _topic_dict(topic: Topic) -> dict[str, object]:
    return {
        "name": topic.name,
        "type": topic.type,
        "serialization_format": "cdr",
        "offered_qos_profiles": [_qos_dict(topic.qos)],
        "type_description_hash": topic.type_hash,
    }


def _qos_dict(qos: Qos) -> dict[str, object]:
    return {
        "history": qos.history,
        "depth": qos.depth,
        "reliability": qos.reliability,
        "durability": qos.durability,
        "deadline": _time(qos.deadline),
        "lifespan": _time(qos.lifespan),
        "liveliness": qos.liveliness,
        "liveliness_lease_duration": _time(qos.liveliness_lease),
        "avoid_ros_namespace_conventions": False,
    }


def _time(nanoseconds: int) -> dict[str, int]:
    return {"sec": nanoseconds // 1_000_000_000, "nsec": nanoseconds % 1_000_000_000}
