"""What the routes share: the robot, the stream and who may connect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from armature.core.jog_limits import LEASE
from armature.core.model.arm import ArmModel
from armature.monitor.api.control import Control
from armature.monitor.api.jog_order import JogOrder
from armature.monitor.api.security import Access
from armature.monitor.gateway import Gateway
from armature.monitor.hub import StreamHub


@dataclass(frozen=True)
class MonitorConfig:
    """The configuration of the web application."""

    arm: ArmModel
    poses: Mapping[str, Mapping[str, float]]  # [rad] or [m] by joint, by pose
    trusted_hosts: frozenset[str] = frozenset({"localhost"})
    access_key: str | None = None  # None: whoever reaches the server is let in
    jog_lease: float = LEASE  # [s] that a joint goes on moving without another jog request
    # Files by the page's name for them, the mesh itself first, by the URDF's name for it.
    meshes: Mapping[str, Mapping[str, Path]] = field(default_factory=dict)
    missing_meshes: Mapping[str, str] = field(default_factory=dict)  # why there is none, by the same name


@dataclass(frozen=True)
class Services:
    """What the routes share."""

    gateway: Gateway
    hub: StreamHub
    config: MonitorConfig
    access: Access
    jog_order: JogOrder
    control: Control
