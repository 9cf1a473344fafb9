"""What every fault of the emulator is: a named, described set of parameters that can be applied and undone."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, ClassVar

from armature.emulator.bus.bus import EmulatedBus
from armature.emulator.servo.servo import Servo
from armature.errors import ConfigError

Undo = Callable[[], None]


def parameter(default: Any, unit: str, lowest: float, highest: float, meaning: str) -> Any:
    """A parameter of a fault, with its bounds."""
    return field(default=default, metadata={"unit": unit, "bounds": (lowest, highest), "meaning": meaning})


@dataclass(frozen=True)
class Fault(ABC):
    """One fault; its class says which, its fields how.

    Raises:
        ConfigError: a parameter outside its bounds, or a joint where it strikes the whole arm.
    """

    name: ClassVar[str]
    of_joint: ClassVar[bool] = True  # whether it can strike a single joint
    joint: str | None = None  # whose servo; None: every servo

    def __post_init__(self) -> None:
        if self.joint is not None and not self.of_joint:
            raise ConfigError(
                f"fault {self.name}: joint", self.joint, "it strikes the whole arm; leave the joint out"
            )
        for item in parameters(type(self)):
            _check(f"fault {self.name}: {item.name}", getattr(self, item.name), item.metadata)

    def apply(self, bus: EmulatedBus) -> Undo | None:
        """Bring it about.

        Returns:
            What takes it away again; None if it leaves nothing to take away.

        Raises:
            ConfigError: the bus has no such joint, or its plant cannot do this.
        """
        return self._begin(bus)

    @abstractmethod
    def _begin(self, bus: EmulatedBus) -> Undo | None:
        """Bring it about; see `apply`."""

    def servos(self, bus: EmulatedBus) -> tuple[Servo, ...]:
        """The servos that it strikes."""
        return bus.servos if self.joint is None else (bus.servo(self.joint),)


def parameters(kind: type[Fault]) -> tuple[Field[Any], ...]:
    """The parameters of a kind of fault, besides the joint."""
    return tuple(item for item in fields(kind) if "bounds" in item.metadata)


def describe(fault: Fault) -> str:
    """The fault as one line, as its maker would write it."""
    joint = [f"joint={fault.joint}"] if fault.joint else []
    values = [f"{item.name}={figure(getattr(fault, item.name))}" for item in parameters(type(fault))]
    return " ".join([fault.name, *joint, *values])


def figure(value: float) -> str:
    """A number as a person writes it; whole numbers keep all their digits."""
    return str(value) if isinstance(value, int) else f"{value:g}"


def _check(where: str, value: Any, facts: Mapping[str, Any]) -> None:
    lowest, highest = facts["bounds"]
    if not (math.isfinite(value) and lowest <= value <= highest):
        raise ConfigError(where, value, f"it takes {figure(lowest)} to {figure(highest)} {facts['unit']}".rstrip())
