"""Which serial port a command is to use, and who has it."""

from __future__ import annotations

from armature.errors import ConfigError, PortError
from armature.nodes.holder import lock_holder, process
from armature.nodes.serial_adapter import stable_names


def chosen_port(given: str) -> str:
    """The port that was given, or the only adapter that is plugged in.

    Raises:
        ConfigError: none was given, and there is not exactly one.
        PortError: another process holds it.
    """
    port = given or _only_adapter()
    holder = lock_holder(port)
    if holder is not None:
        raise PortError(port, f"{process(holder)} holds it", "stop that first: armature down ends a graph")
    return port


def _only_adapter() -> str:
    names = stable_names()
    if len(names) == 1:
        return names[0]
    allowed = f"adapters are {', '.join(names)}" if names else "no adapter is plugged in; name a device"
    raise ConfigError("--port", "", allowed)
