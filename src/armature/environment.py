"""The environment variables that a process of the graph needs."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

_RANGE = "ROS_AUTOMATIC_DISCOVERY_RANGE"
_DISTROS = {"7": "jazzy", "9": "kilted"}  # by the main version of rclpy
_PROFILE_VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")


def graph_environment(base: Mapping[str, str], profile: Path) -> dict[str, str]:
    """Variables for the processes of the graph, where the user has not set them.

    Where the user asks for no wider range, DDS speaks UDP on the loopback interface alone, by the profile: a
    killed process then leaves no shared memory behind. The range itself is left to the profile, since Jazzy's
    rmw_fastrtps adds shared memory to LOCALHOST. With the PyPI wheels the library path is set here once, so that
    each python does not start twice to set it.

    Args:
        base: the present environment.
        profile: Fast DDS profile file for the loopback interface.
    """
    environment = dict(base)
    environment.setdefault("PYTHONUNBUFFERED", "1")
    environment.setdefault("PYTHONSAFEPATH", "1")  # `python -m` would import what lies in the user's folder first
    # An arm's matrices are small, and nothing here draws: no threads for algebra, no search for a window system.
    environment.setdefault("OPENBLAS_NUM_THREADS", "1")
    environment.setdefault("MUJOCO_GL", "disable")
    libraries = wheel_libraries()
    if libraries:
        paths = [*libraries, *filter(None, base.get("LD_LIBRARY_PATH", "").split(os.pathsep))]
        environment["LD_LIBRARY_PATH"] = os.pathsep.join(dict.fromkeys(paths))
        environment["_ROS_WHEELS_BOOTSTRAP_COMPLETE"] = "1"
    return environment | discovery_environment(base, profile)


def discovery_environment(base: Mapping[str, str], profile: Path) -> dict[str, str]:
    """Of the variables of `graph_environment` those that say where DDS looks for others.

    Args:
        base: the present environment.
        profile: Fast DDS profile file for the loopback interface.
    """
    if base.get(_RANGE, "LOCALHOST") != "LOCALHOST" or set(_PROFILE_VARIABLES) & set(base):
        return {}
    return {profile_variable(base): str(profile), _RANGE: "SYSTEM_DEFAULT"}


def state_folder(base: Mapping[str, str]) -> Path:
    """Folder of files that outlive a restart, by the XDG Base Directory Specification.

    Args:
        base: the environment.
    """
    return Path(base.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "armature"


def config_folder(base: Mapping[str, str]) -> Path:
    """Folder of a user's own files, by the XDG Base Directory Specification.

    Args:
        base: the environment.
    """
    return Path(base.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser()) / "armature"


def cache_folder(base: Mapping[str, str]) -> Path:
    """Folder of files that can be made again, by the XDG Base Directory Specification.

    Args:
        base: the environment.
    """
    return Path(base.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "armature"


def runtime_base(base: Mapping[str, str]) -> Path:
    """Folder of what lives as long as graphs and sessions do; ARMATURE_RUNTIME overrides.

    Args:
        base: the environment.
    """
    default = f"/tmp/armature-{os.getuid()}"
    if base.get("XDG_RUNTIME_DIR"):
        default = f"{base['XDG_RUNTIME_DIR']}/armature"
    return Path(base.get("ARMATURE_RUNTIME") or default)


def profile_variable(base: Mapping[str, str]) -> str:
    """What Fast DDS calls the variable that names its profile; Fast DDS 3, from Kilted on, warns of the old name.

    Args:
        base: the environment; it names the distribution where no wheel does.
    """
    return _PROFILE_VARIABLES[ros_distro(base) != "jazzy"]


def ros_distro(base: Mapping[str, str]) -> str:
    """Name of the ROS 2 distribution: that of the wheels, else of the installation.

    Args:
        base: the environment; it names the distribution where no wheel does.
    """
    from importlib import metadata  # with readers of mail and of archives, for the few that ask

    try:
        return _DISTROS[metadata.version("ros-rclpy").partition(".")[0]]
    except (metadata.PackageNotFoundError, KeyError):
        return base.get("ROS_DISTRO") or "jazzy"


def wheel_libraries() -> list[str]:
    """Library folders of the ROS wheels in this python's environment; empty in a ROS installation."""
    site = Path(sys.prefix) / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    bundled = sorted(str(folder) for folder in site.glob("ros_*.libs"))
    return [str(Path(sys.prefix) / "lib"), *bundled] if bundled else []
