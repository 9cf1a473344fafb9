"""The program that expands one xacro file; a process of its own, since a file of macros need not come to an end.

It reads {"file", "arguments"} as JSON from standard input, and writes {"text"}, or an error as {"where", "reason",
"remedy"}.
"""

from __future__ import annotations

import json
import resource
import sys
import traceback
from collections.abc import Iterator
from contextlib import redirect_stdout, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from armature.description.packages import find_package, in_package, split_uri
from armature.errors import ConfigError, listed

_MEMORY = 2 << 30  # [B]; an expression can ask for more than the machine has
_MEND = "mend it there"
_NO_XACRO = {
    "reason": "needs the library xacro",
    "remedy": "install it: pip install xacro; or in a ROS installation its package xacro",
}


class _Arguments(dict[str, str]):
    """The given arguments, and which names the file has asked for."""

    def __init__(self, given: dict[str, str]) -> None:
        super().__init__(given)
        self.asked: dict[str, None] = {}

    def __contains__(self, name: object) -> bool:
        self.asked[str(name)] = None
        return super().__contains__(name)

    def __getitem__(self, name: str) -> str:
        self.asked[name] = None
        return super().__getitem__(name)


def expand(file: Path, arguments: dict[str, str]) -> dict[str, str]:
    """The answer to one request."""
    _serve_packages(file.parent)
    try:
        import xacro
    except ImportError:
        return {"where": str(file), **_NO_XACRO}
    given = _Arguments(arguments)
    try:
        document = xacro.process_file(str(file), mappings=given, verbosity=0)
    except Exception as error:  # noqa: BLE001  # a xacro file holds any expression of Python
        where = [xacro.filestack[-1] if xacro.filestack else str(file), *_places(xacro.macrostack, error)]
        return {"where": ", ".join(where), "reason": _reason(error), "remedy": _remedy(error)}
    if unknown := [name for name in arguments if name not in given.asked]:
        known = listed("its arguments", given.asked) if given.asked else "it has no arguments"
        return {"where": f"{file}, argument", "reason": unknown[0], "remedy": known}
    for element in (*document.getElementsByTagName("mesh"), *document.getElementsByTagName("texture")):
        if element.getAttribute("filename"):
            element.setAttribute("filename", lasting(element.getAttribute("filename"), file.parent))
    return {"text": document.toprettyxml(indent="  ")}


def lasting(uri: str, folder: Path) -> str:
    """The address of a mesh that means the same wherever the text is kept.

    What is relative to the robot, or in a package that is found only around it, becomes a path.
    """
    if named := split_uri(uri):
        with suppress(ConfigError):
            find_package(named[0], Path("/"))
            return uri
        with suppress(ConfigError):
            return f"file://{in_package(*named, folder)}"
    return uri if "://" in uri or uri.startswith("/") else f"file://{folder / uri}"


def _serve_packages(folder: Path) -> None:
    """Let `$(find NAME)` find packages as we do; xacro asks this module, which only a ROS installation has."""
    packages = ModuleType("ament_index_python.packages")
    packages.get_package_share_directory = lambda name: str(find_package(name, folder))  # type: ignore[attr-defined]
    sys.modules["ament_index_python"] = ModuleType("ament_index_python")
    sys.modules[packages.__name__] = packages


def _places(macros: list[Any], error: Exception) -> Iterator[str]:
    """Macro and element that xacro was at; it keeps no lines."""
    if macros:
        yield f"macro {macros[-1].body.getAttribute('name')}"
    nodes: list[Any] = [frame.f_locals.get("node") for frame, _ in traceback.walk_tb(error.__traceback__)]
    elements = [node for node in nodes if hasattr(node, "tagName")]
    if elements:
        name = elements[-1].getAttribute("name")
        yield f"<{elements[-1].tagName} name={name}>" if name else f"<{elements[-1].tagName}>"


def _causes(error: Exception) -> list[Exception]:
    """An error of xacro and those that it wraps, the innermost last."""
    found = [error]
    while isinstance(inner := getattr(found[-1], "exc", None), Exception):
        found.append(inner)
    return found


def _reason(error: Exception) -> str:
    causes = _causes(error)
    cause = causes[-1]
    if isinstance(cause, RecursionError):
        return "it uses itself without an end"
    if isinstance(cause, OSError):
        return f"{cause.strerror}: {cause.filename}"
    if isinstance(cause, ConfigError):
        return str(cause)
    if type(cause).__name__ == "ArgException":
        return f"$(arg {cause}) has no value"
    words = [str(cause) or type(cause).__name__, *(str(getattr(each, "suffix", None) or "") for each in causes)]
    return " ".join(" ".join(words).split())


def _remedy(error: Exception) -> str:
    cause = _causes(error)[-1]
    is_argument = type(cause).__name__ == "ArgException"
    return (
        f"give it: --xacro-arg {cause}:=…, or under ros2 launch xacro_args:={cause}:=…" if is_argument else _MEND
    )


def main() -> int:
    """Answer the request on standard input."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    request = json.load(sys.stdin)
    with redirect_stdout(sys.stderr):  # a file may print
        answer = expand(Path(request["file"]), request["arguments"])
    json.dump(answer, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
