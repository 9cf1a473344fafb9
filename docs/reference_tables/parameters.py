"""ROS parameters, from the dataclasses that the nodes read."""

from __future__ import annotations

import math
from dataclasses import MISSING, dataclass
from typing import Any

from armature.cli.parameter_table import READ, class_in, known_parameters
from armature.nodes.common.parameters.wanted import Wanted
from reference_tables.markdown import code, table

__all__ = ["INTRODUCTION", "READ", "Parameter", "class_in", "page", "parameters"]

INTRODUCTION = """# Parameters

What each node reads. `config/arm.yaml` sets the parameters of every arm; a robot's own `arm.yaml` and
`--params-file` are laid over it. A name that nothing reads is refused, and so is a value that cannot be used, with
those that can. Values are read at the start, and `armature restart PROCESS` reads them anew; those that may change
while the node runs say so (`ros2 param set`), `payload` and `payload_at` while the arm rests. `<joint>` stands for
the name of each joint; "given" is what the graph gives or the URDF says.
"""

_REQUIRED = "given"


@dataclass(frozen=True)
class Parameter:
    """One parameter as a reader sees it."""

    node: str
    name: str
    kind: str
    default: str
    about: str


def parameters() -> list[Parameter]:
    """All of them, in the order of the page."""
    return [
        Parameter(node, each.name, _kind(each.kind), _default(each.default), _about(each))
        for node, each in known_parameters()
    ]


def page() -> str:
    """The page."""
    everything = parameters()
    parts = [INTRODUCTION]
    for node in dict.fromkeys(parameter.node for parameter in everything):
        rows = [(code(p.name), p.kind, p.default, p.about) for p in everything if p.node == node]
        title = code(f"/{node}") if node.isidentifier() else node[0].upper() + node[1:]
        parts += [f"## {title}\n", table(("parameter", "type", "default", "meaning"), rows)]
    return "\n".join(parts)


def _kind(kind: Any) -> str:
    return getattr(kind, "__name__", str(kind)).replace("tuple", "list of str")


def _default(value: Any) -> str:
    if value is MISSING:
        return _REQUIRED
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return str(value) or '""'


def _about(each: Wanted) -> str:
    return each.said + _within(each.bounds) + ("; may change while the node runs" if each.changes else "")


def _within(bounds: tuple[float, float] | None) -> str:
    if not bounds:
        return ""
    low, high = bounds
    return "" if math.isinf(high) else f"; {low:g} to {high:g}"
