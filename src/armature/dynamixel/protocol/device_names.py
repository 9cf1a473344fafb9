"""How the serial devices of an arm's buses are written in one text."""

from __future__ import annotations

import os.path
from collections.abc import Iterable, Mapping

from armature.errors import ConfigError


def port_paths(text: str, buses: Iterable[str]) -> dict[str, str]:
    """Absolute path of each bus's serial device; links are kept, since a link is a port's stable name.

    Args:
        text: the device; of several buses "NAME=DEVICE,NAME=DEVICE", or a folder that has a device for each by
            its name.
        buses: their names, "" for the only one.

    Raises:
        ConfigError: a bus without a device, a device twice, or a name that is no bus.
    """
    names = tuple(buses)
    if names == ("",):
        return {"": os.path.abspath(text)}  # noqa: PTH100  # Path.resolve would follow the link
    if "=" not in text:
        return {name: os.path.abspath(os.path.join(text, name)) for name in names}  # noqa: PTH100, PTH118
    pairs = [_pair(item, names) for item in text.split(",")]
    given = dict(pairs)
    if len(pairs) != len(names) or set(given) != set(names) or len(set(given.values())) < len(names):
        raise ConfigError("port", text, f"one device of its own for each bus is needed: {_example(names)}")
    return {name: given[name] for name in names}


def port_text(paths: Mapping[str, str]) -> str:
    """Devices as `port_paths` reads them."""
    return ",".join(f"{name}={path}" if name else path for name, path in paths.items())


def _pair(item: str, names: tuple[str, ...]) -> tuple[str, str]:
    name, _, path = item.partition("=")
    if name not in names or not path:
        raise ConfigError("port", item, f"write {_example(names)}")
    return name, os.path.abspath(path)  # noqa: PTH100


def _example(names: tuple[str, ...]) -> str:
    return ",".join(f"{name}=DEVICE" for name in names)
