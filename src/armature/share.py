"""The data files of the installation: configuration, URDFs and the page."""

from __future__ import annotations

from pathlib import Path

from armature.errors import ConfigError

DEFAULT_ROBOT = "armature6"


def share_folder() -> Path:
    """Where config, urdf and the page are: the checkout, or the share folder of an installation.

    Raises:
        ConfigError: neither is found.
    """
    here = Path(__file__).resolve()
    for parent in here.parents:
        for folder in (parent, parent / "share" / "armature"):
            if (folder / "config" / "arm.yaml").is_file() and (folder / "urdf").is_dir():
                return folder
    raise ConfigError("share folder", str(here), "install the package, or run from its checkout")


def page_folder() -> Path:
    """Where the built page is."""
    share = share_folder()
    built = share / "web" / "dist"
    return built if built.is_dir() or (share / "setup.py").exists() else share / "web"


def dds_profile() -> Path:
    """The Fast DDS profile that keeps the graph on the loopback interface."""
    return share_folder() / "config" / "fastdds_loopback.xml"


def gazebo_bridge() -> Path:
    """The configuration of ros_gz_bridge that goes with our worlds."""
    return share_folder() / "config" / "gazebo_bridge.yaml"
