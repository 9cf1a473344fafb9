"""Values as JSON: what is absent or not a finite number becomes null, never 0."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any

from armature.core.model import ArmModel, Joint
from armature.monitor.gateway import Snapshot


def encode(value: object) -> bytes:
    """One line of JSON (RFC 8259, which knows no NaN)."""
    return json.dumps(_plain(value), allow_nan=False, separators=(",", ":")).encode()


def encode_snapshot(snapshot: Snapshot, viewers: int, capacity: int) -> bytes:
    """What the page shows, with the number of its viewers."""
    return encode({**vars(snapshot), "viewers": viewers, "capacity": capacity})


def describe_joints(arm: ArmModel) -> list[dict[str, object]]:
    """Driven joints with their limits, for the page."""
    return [_describe(joint) for joint in arm.driven]


def _describe(joint: Joint) -> dict[str, object]:
    return {"name": joint.name, "kind": joint.kind, **dataclasses.asdict(joint)["limit"]}


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
