"""Values as JSON: what is absent or not a finite number becomes null, never 0."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

from armature import __version__
from armature.core.jog_limits import RENEWAL, SPEEDS, USUAL_SPEED
from armature.core.model.arm import ArmModel, Joint
from armature.core.model.gripper import moves_as_one
from armature.monitor.api.control import Driver
from armature.monitor.api.meshes import addresses
from armature.monitor.api.services import MonitorConfig
from armature.monitor.gateway import Snapshot


def encode(value: object) -> bytes:
    """One line of JSON (RFC 8259, which knows no NaN)."""
    return json.dumps(_plain(value), allow_nan=False, separators=(",", ":")).encode()


def encode_snapshot(
    snapshot: Snapshot, viewers: int, capacity: int, driver: Driver | None = None, edition: str = ""
) -> bytes:
    """What the page shows, with the number of its viewers, who drives, and the edition of what is served."""
    more = {"viewers": viewers, "capacity": capacity, "driver": driver, "edition": edition}
    return encode({**vars(snapshot), **more})


def encode_model(config: MonitorConfig) -> bytes:
    """The arm's description, for the page."""
    return encode({**_model(config), "edition": edition_of(config)})


def edition_of(config: MonitorConfig) -> str:
    """A digest of what a page must know to show and command this arm; with another one it must be reloaded."""
    return hashlib.sha256(encode([__version__, _model(config)])).hexdigest()[:12]


def _model(config: MonitorConfig) -> dict[str, object]:
    return {
        "name": config.arm.name,
        "urdf": config.arm.urdf,
        "joints": [_describe(joint, config.arm) for joint in config.arm.driven],
        "gripper_moves_as_one": moves_as_one(config.arm.gripper_joints),
        "meshes": addresses(config),
        "missing_meshes": config.missing_meshes,
        "poses": config.poses,
        "jog": {
            "lease": config.jog_lease,
            "renewal": RENEWAL * config.jog_lease,
            "speeds": SPEEDS,
            "usual_speed": USUAL_SPEED,
        },
    }


def _describe(joint: Joint, arm: ArmModel) -> dict[str, object]:
    group = "gripper" if joint in arm.gripper_joints else "arm"
    return {"name": joint.name, "kind": joint.kind, "group": group, **dataclasses.asdict(joint)["limit"]}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value):
        return _plain(vars(value))
    return value
