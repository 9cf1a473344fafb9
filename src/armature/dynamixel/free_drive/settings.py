"""How a joint is compliant."""

from __future__ import annotations

from dataclasses import dataclass

from armature.errors import ConfigError


@dataclass(frozen=True)
class FreeDriveSettings:
    """How a joint is compliant; parameters free_drive.current and free_drive.speed.

    Raises:
        ConfigError: a value out of its range.
    """

    current: float = 0.1  # that a servo gives beyond what it carries at rest [A]
    speed: float = 0.4  # share of the joint's velocity limit, beyond which it is held

    def __post_init__(self) -> None:
        if not 0.0 < self.current <= 10.0:
            raise ConfigError("parameter free_drive.current", self.current, "it must be above 0 and at most 10 A")
        if not 0.0 < self.speed <= 1.0:
            raise ConfigError("parameter free_drive.speed", self.speed, "it must be above 0 and at most 1")
