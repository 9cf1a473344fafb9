"""What the tool carries."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Payload:
    """A mass at the tool, as a point."""

    mass: float = 0.0  # [kg]
    at: tuple[float, float, float] = (0.0, 0.0, 0.0)  # its centre in the tool's frame [m]

    def __str__(self) -> str:
        place = " at {:g} {:g} {:g} m of the tool".format(*self.at) if any(self.at) else ""
        return f"payload of {self.mass:g} kg{place}"
