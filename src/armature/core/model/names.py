"""Names of joints where they stand in names of ROS, which allows fewer characters than a URDF does."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from armature.errors import ConfigError


def ros_name(name: str) -> str:
    """A joint's name as a part of a service's: `joint-1` is `joint_1`, `gelenk_ä` is `gelenk_a`, `1` is `name_1`.

    Accents are left out, every other character that ROS does not allow is an underscore, and what does not begin
    with a letter then has `name_` in front.
    """
    plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    allowed = re.sub(r"[^A-Za-z0-9_]", "_", plain)
    is_one = allowed[:1].isalpha() or (allowed == name and name[0] == "_")
    return allowed if is_one else f"name_{allowed.lstrip('_')}"


def check_ros_names(names: Iterable[str], where: str) -> None:
    """Refuse names that would be one and the same in ROS.

    Raises:
        ConfigError: there are two.
    """
    taken: dict[str, str] = {}
    for name in names:
        other = taken.setdefault(ros_name(name), name)
        if other != name:
            allowed = (
                f"{other!r} and it would both be {ros_name(name)!r} in names of services; rename one in the URDF"
            )
            raise ConfigError(where, name, allowed)
