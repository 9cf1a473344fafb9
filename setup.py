"""Installs Armature: by colcon as an ament_python package, by pip as a wheel or in place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from setuptools import find_packages, setup

NAME = "armature"
ROOT = Path(__file__).parent
EXECUTABLES = ("servo_interface", "arm_controller", "state_publisher", "recorder", "monitor", "emulator")


def data_files() -> Iterator[tuple[str, list[str]]]:
    """Folder to install to, and its files, for everything that is not code."""
    yield "share/ament_index/resource_index/packages", [f"resource/{NAME}"]
    yield f"share/{NAME}", ["package.xml"]
    for source in ("launch", "config", "urdf", "examples"):
        yield from tree(source, f"share/{NAME}/{source}")
    yield from tree("web/dist", f"share/{NAME}/web")


def tree(source: str, target: str) -> Iterator[tuple[str, list[str]]]:
    """The same for a folder and all below it."""
    for folder in sorted({path.parent for path in (ROOT / source).rglob("*") if path.is_file()}):
        files = [str(path.relative_to(ROOT)) for path in sorted(folder.iterdir()) if path.is_file()]
        if folder.name != "__pycache__":
            yield str(Path(target) / folder.relative_to(ROOT / source)), files


setup(
    name=NAME,
    version="0.1.0",
    description="A robot arm of Dynamixel servos as a graph of small ROS 2 services",
    license="Apache-2.0",
    maintainer="Armature maintainers",
    maintainer_email="armature@example.org",
    python_requires=">=3.10,<3.14",
    package_dir={"": "src"},
    packages=find_packages("src"),
    package_data={NAME: ["py.typed"]},
    data_files=list(data_files()),
    install_requires=["setuptools"],
    zip_safe=True,
    entry_points={
        "console_scripts": [
            f"{NAME} = armature.cli.main:main",
            *(f"{name} = armature.nodes.{name}.__main__:main" for name in EXECUTABLES),
        ]
    },
    options={
        "develop": {"script_dir": f"$base/lib/{NAME}"},
        "install": {"install_scripts": f"$base/lib/{NAME}"},
    },
)
