"""Heat of a servo in two nodes: the winding, and the case with the sensor.

The manual publishes no thermal figures; those here are chosen such that a servo at 40 % of its stall current
for long reaches 80 °C, where it protects itself.
"""

from __future__ import annotations

_ROOM = 25.0  # [°C]
_CASE_RISE = 340.0  # [K] above the room, at stall for ever
_CASE_TIME = 300.0  # [s]
_WINDING_RISE = 90.0  # [K] above the case, at stall
_WINDING_TIME = 12.0  # [s]
# Resistance of copper, at 25 °C [1/K].
_COPPER = 3.9e-3


class Heat:
    """Temperatures of one servo."""

    def __init__(self) -> None:
        self.case = _ROOM  # [°C]
        self.winding = _ROOM  # [°C]
        self._held: list[float] = []

    @property
    def conductance(self) -> float:
        """Of the winding, as a share of a cold one's."""
        return 1.0 / (1.0 + _COPPER * (self.winding - _ROOM))

    def step(self, square: float, dt: float) -> None:
        """Advance by dt [s] under a load with this mean square, as a share of the stall's."""
        excess = self.winding - self.case
        self.winding += (_WINDING_RISE * square - excess) * dt / _WINDING_TIME
        flow = _CASE_RISE / _WINDING_RISE * (self.winding - self.case)
        self.case += (_ROOM + flow - self.case) * dt / _CASE_TIME
        if self._held:
            self.case = max(self._held)

    def hold(self, temperature: float) -> None:
        """Keep the case at a temperature [°C], as a hot neighbour would."""
        self._held.append(temperature)
        self.case = temperature

    def release(self, temperature: float) -> None:
        """End what hold() began."""
        self._held.remove(temperature)
