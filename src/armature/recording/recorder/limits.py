"""How much is kept in memory and how much of the disk is left free, as parameters."""

from __future__ import annotations

from dataclasses import dataclass

from armature.errors import ConfigError


@dataclass(frozen=True)
class RecorderLimits:
    """Bounds on memory and disk.

    Attributes:
        snapshot_seconds: how far back a snapshot reaches [s].
        snapshot_bytes: of the messages kept for it.
        queue_bytes: of the messages that wait for the disk.
        free_bytes: free space below which nothing is recorded.
    """

    snapshot_seconds: float = 20.0
    snapshot_bytes: int = 64_000_000
    queue_bytes: int = 64_000_000
    free_bytes: int = 200_000_000

    def __post_init__(self) -> None:
        if not 0 < self.snapshot_seconds <= 3600:
            raise ConfigError(
                "parameter snapshot_seconds", self.snapshot_seconds, "it must lie above 0 and up to 3600 s"
            )
        for name in ("snapshot_bytes", "queue_bytes"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"parameter {name}", getattr(self, name), "it must be positive")
        if self.free_bytes < 0:
            raise ConfigError("parameter free_bytes", self.free_bytes, "it must be 0 or more")
