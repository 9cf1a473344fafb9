"""An SRDF, MoveIt's file beside a URDF: which links may touch."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Collection
from pathlib import Path

from armature.core.model.xml_text import decode
from armature.description.files import XML, read_bytes
from armature.errors import ConfigError


def read_disabled_pairs(links: Collection[str], urdf: Path) -> tuple[tuple[str, str], ...]:
    """Pairs of links whose collisions an SRDF beside the URDF disables; those of other links are left out.

    Raises:
        ConfigError: it cannot be read.
    """
    file = find_srdf(urdf)
    if file is None:
        return ()
    try:
        robot = ElementTree.fromstring(decode(read_bytes(file, XML), file.name))
    except OSError as error:
        raise ConfigError("SRDF", str(file), f"it cannot be read ({error.strerror})") from error
    except ConfigError:
        raise
    except (ElementTree.ParseError, ValueError) as error:
        raise ConfigError(file.name, str(error), "it must be a well-formed XML file, or lie elsewhere") from error
    pairs = {(each.get("link1", ""), each.get("link2", "")) for each in robot.iter("disable_collisions")}
    return tuple(
        sorted((min(pair), max(pair)) for pair in pairs if pair[0] != pair[1] and set(pair) <= set(links))
    )


def find_srdf(urdf: Path) -> Path | None:
    """The SRDF that is called as the URDF or xacro file, or the only one in its folder."""
    own = urdf.with_name(f"{urdf.name.partition('.')[0]}.srdf")
    if own.is_file():
        return own
    others = sorted(urdf.parent.glob("*.srdf"))
    return others[0] if len(others) == 1 else None
