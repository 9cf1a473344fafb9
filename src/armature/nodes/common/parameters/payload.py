"""The parameters of what the tool carries, and the file by which others know it, and a node that is restarted."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from armature.core.payload import Payload
from armature.core.recovery_commands import PAYLOAD
from armature.errors import ConfigError
from armature.nodes.common.parameters.wanted import within

_AT = within(-1.0, 1.0, changes=True)
PAYLOAD_NAMES = ("payload", "payload_at.x", "payload_at.y", "payload_at.z")
"""Parameters of mass and place, in the order of both."""
_TOOL = "tool_frame"


@dataclass(frozen=True)
class PayloadParameters:
    """What the tool carries; set together or one by one while the arm rests."""

    payload: float = field(default=0.0, metadata=within(0.0, 100.0, changes=True))  # that the tool carries [kg]
    payload_at__x: float = field(default=0.0, metadata=_AT)  # its centre along x of the tool's frame [m]
    payload_at__y: float = field(default=0.0, metadata=_AT)  # its centre along y of the tool's frame [m]
    payload_at__z: float = field(default=0.0, metadata=_AT)  # its centre along z of the tool's frame [m]


@dataclass(frozen=True)
class KeptPayload:
    """Where a payload outlives its node."""

    payload_file: str = ""  # file in which the arm controller keeps what the tool carries; "" for none


@dataclass(frozen=True)
class Carried:
    """What the tool of an arm carries, and which frame that is."""

    payload: Payload
    tool: str

    def write(self, file: Path) -> None:
        """Write it down, whole or not at all; raises OSError."""
        values = (self.payload.mass, *self.payload.at)
        fresh = file.with_name(f".{file.name}.{os.getpid()}")
        fresh.write_text(json.dumps({**dict(zip(PAYLOAD_NAMES, values, strict=True)), _TOOL: self.tool}), "utf-8")
        fresh.replace(file)

    @staticmethod
    def read(file: str | Path) -> Carried | None:
        """What is written down; None where there is no such file.

        Raises:
            ConfigError: it cannot be read.
        """
        try:
            values = json.loads(Path(file).read_text("utf-8")) if file else None
            if values is None:
                return None
            mass, x, y, z = (float(values[key]) for key in PAYLOAD_NAMES)
            return Carried(Payload(mass, (x, y, z)), str(values[_TOOL]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError("payload file", str(file), f"set it anew: {PAYLOAD} MASS") from error

    @staticmethod
    def find(file: str | Path) -> Carried | None:
        """The same, and None where it cannot be read, which its writer tells: an arm parks all the same."""
        with suppress(ConfigError):
            return Carried.read(file)
        return None
