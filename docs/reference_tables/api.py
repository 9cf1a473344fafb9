"""Stubs of the API reference: the client of a running graph, and the rooms that are free of ROS."""

from __future__ import annotations

import pkgutil
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2] / "src" / "armature"
ROOMS = ("client", "core", "dynamixel", "emulator")


def pages() -> dict[str, str]:
    """One page a package, one section a module."""
    packages = [
        path for room in ROOMS for path in sorted((SOURCES / room).rglob("*")) if (path / "__init__.py").exists()
    ]
    tops = [SOURCES / room for room in ROOMS]
    found = {f"api.{_dotted(path)}.rst": _page(path) for path in [*tops, *packages]}
    return {**found, "api.errors.rst": _titled("armature.errors", "=") + _automodule("armature.errors")}


def _page(package: Path) -> str:
    name = f"armature.{_dotted(package)}"
    modules = [module.name for module in pkgutil.iter_modules([str(package)]) if not module.ispkg]
    sections = [_titled(module, "-") + _automodule(f"{name}.{module}") for module in modules]
    return _titled(name, "=") + f".. automodule:: {name}\n\n" + "\n".join(sections)


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(SOURCES).parts)


def _titled(text: str, mark: str) -> str:
    return f"{text}\n{mark * len(text)}\n\n"


def _automodule(name: str) -> str:
    return f".. automodule:: {name}\n   :members:\n\n"
