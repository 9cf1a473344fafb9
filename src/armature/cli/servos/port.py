"""Which serial port a command uses, and which process holds it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from armature.dynamixel.protocol.device_names import port_paths
from armature.errors import ConfigError, PortError, listed
from armature.nodes.common.device_holder import describe_process, lock_holder
from armature.nodes.common.serial_adapter import stable_names


def chosen_port(given: str) -> str:
    """The given port, or the only adapter that is plugged in.

    Raises:
        ConfigError: none was given, and not exactly one adapter is plugged in.
        PortError: another process holds it.
    """
    port = given or _only_adapter()
    _require_free(port)
    return port


def chosen_ports(given: str, buses: Iterable[str]) -> dict[str, str]:
    """The device of each bus; for a single bus by default the only adapter that is plugged in.

    Raises:
        ConfigError: devices and buses do not match; or see `chosen_port`.
        PortError: another process holds one.
    """
    names = tuple(buses)
    text = given if given or len(names) > 1 else _only_adapter()
    if not text:
        allowed = f"name one device for each bus: {','.join(f'{name}=DEVICE' for name in names)}"
        raise ConfigError("--port", text, allowed)
    paths = port_paths(text, names)
    for path in paths.values():
        _require_free(path)
    return paths


def _require_free(port: str) -> None:
    if Path(port).exists() and not Path(port).is_char_device():
        raise PortError(
            port, "it is no serial device", "name one, such as /dev/ttyUSB0 or armature emulate's --link"
        )
    holder = lock_holder(port)
    if holder is not None:
        raise PortError(port, f"{describe_process(holder)} holds it", "end it first; armature down ends a graph")


def _only_adapter() -> str:
    names = stable_names()
    if len(names) == 1:
        return names[0]
    allowed = listed("adapters", names) if names else "no adapter is plugged in; name a device"
    raise ConfigError("--port", "", allowed)
