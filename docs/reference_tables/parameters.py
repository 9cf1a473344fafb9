"""ROS parameters, from the dataclasses that the nodes read."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import io
import pkgutil
import re
import tokenize
import typing
from collections.abc import Iterator
from dataclasses import dataclass

from armature.dynamixel.faults import policy
from reference_tables.markdown import code, table

INTRODUCTION = """# Parameters

What each node reads at its start. `config/arm.yaml` sets the parameters of every arm; a robot's own `arm.yaml` and
`--params-file` are laid over it. A name that nothing reads is refused, and so is a value that cannot be used, with
those that can. Values are read once: `armature restart PROCESS` reads them anew. `<joint>` stands for the name of
each joint; "given" is what the graph gives or the URDF says.
"""

# Node, package of its code, class, what its names begin with.
READ = (
    ("servo_interface", "nodes.servo_interface", "ServoParameters", ""),
    ("servo_interface", "nodes.servo_interface", "StartParameters", ""),
    ("servo_interface", "nodes.servo_interface", "JointParameters", "<joint>."),
    ("servo_interface", "dynamixel.free_drive", "FreeDriveSettings", "free_drive."),
    ("arm_controller", "nodes.arm_controller", "GroupParameters", ""),
    ("arm_controller", "nodes.arm_controller", "ArmJoint", "limits.<joint>."),
    ("arm_controller", "nodes.arm_controller", "TrajectoryParameters", ""),
    ("arm_controller", "nodes.arm_controller", "JointConstraints", "constraints.<joint>."),
    ("arm_controller", "nodes.arm_controller", "CheckParameters", ""),
    ("arm_controller", "nodes.arm_controller", "MoveParameters", ""),
    ("arm_controller", "nodes.arm_controller", "FeedforwardParameters", ""),
    ("gripper_controller", "nodes.arm_controller", "GroupParameters", ""),
    ("gripper_controller", "nodes.arm_controller", "GripperJoint", "limits.<joint>."),
    ("gripper_controller", "nodes.arm_controller", "GripperParameters", ""),
    ("gripper_controller", "nodes.arm_controller", "GainParameters", "<joint>."),
    ("state_publisher", "nodes.state_publisher", "Parameters", ""),
    ("recorder", "nodes.recorder", "Settings", ""),
    ("recorder", "recording.recorder", "RecorderLimits", ""),
    ("monitor", "nodes.monitor", "Parameters", ""),
    ("every node that moves joints (under /**)", "nodes.common", "JointLimits", "limits.<joint>."),
)
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
    found = [
        parameter
        for node, package, name, prefix in READ
        for parameter in _of_class(node, class_in(package, name), prefix)
    ]
    return found + list(_faults())


def page() -> str:
    """The page."""
    everything = parameters()
    parts = [INTRODUCTION]
    for node in dict.fromkeys(parameter.node for parameter in everything):
        rows = [(code(p.name), p.kind, p.default, p.about) for p in everything if p.node == node]
        title = code(f"/{node}") if node.isidentifier() else node[0].upper() + node[1:]
        parts += [f"## {title}\n", table(("parameter", "type", "default", "meaning"), rows)]
    return "\n".join(parts)


def class_in(package: str, name: str) -> type:
    """A class by its name, in whichever module of a package it is defined.

    Raises:
        LookupError: there is none.
    """
    top = importlib.import_module(f"armature.{package}")
    for module in pkgutil.iter_modules(top.__path__):
        if module.name != "__main__":
            found = getattr(importlib.import_module(f"{top.__name__}.{module.name}"), name, None)
            if found is not None and found.__module__.startswith(top.__name__):
                return typing.cast(type, found)
    raise LookupError(f"no {name} in {package}; READ in {__file__} names it")


def _of_stage(first: str, stage: str, texts: dict[str, str]) -> str:
    """The thresholds of one cause are described together."""
    return texts[f"faults.{first}.warn"].partition(";")[0] + f", to {stage}".replace(
        "to hysteresis", "of the way back"
    )


def _of_class(node: str, kind: type, prefix: str) -> Iterator[Parameter]:
    hints, abouts = typing.get_type_hints(kind), _abouts(kind)
    for field in dataclasses.fields(kind):
        yield Parameter(
            node=node,
            name=prefix + field.name.replace("__", "."),
            kind=getattr(hints[field.name], "__name__", str(hints[field.name])).replace("tuple", "list of str"),
            default=_default(field),
            about=abouts.get(field.name, ""),
        )


def _default(field: dataclasses.Field[typing.Any]) -> str:
    value = field.default
    if value is dataclasses.MISSING:
        return _REQUIRED
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return str(value) or '""'


def _abouts(kind: type) -> dict[str, str]:
    """What is said of each field: behind it, above it, or under "Attributes:"; a base class may say it too."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__[:-1]):
        lines = inspect.getsource(base).splitlines()
        of_base = _attributes(base.__doc__ or "") | _comments(lines)
        found |= {name: _joined(found.get(name, ""), text) for name, text in of_base.items()}
    return found


def _joined(general: str, special: str) -> str:
    """A subclass that says the unit alone leaves its base's words."""
    if not (general and special.startswith("[")):
        return special
    return f"{general.partition(' [')[0]} {special}"


def _attributes(text: str) -> dict[str, str]:
    section = text.partition("Attributes:")[2]
    items = re.findall(r"^ {8}(\w+): (.+(?:\n {12}.+)*)", section, re.MULTILINE)
    return {name: " ".join(words.split()) for name, words in items}


def _comments(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    above: list[str] = []
    name = ""
    for token in tokenize.generate_tokens(io.StringIO("\n".join(lines) + "\n").readline):
        if token.line.startswith("    def "):
            break
        begins = re.match(r"    (\w+): ", token.line)
        name = begins[1] if begins else name
        if token.type == tokenize.COMMENT:
            words = token.string.lstrip("# ")
            if token.line.strip().startswith("#") and not begins:
                above.append(words)
            elif name:
                found[name] = words
        elif token.type == tokenize.NEWLINE:
            if begins and above and name not in found:
                found[name] = " ".join(above)
            above = []
    return found


def _faults() -> Iterator[Parameter]:
    """Those of the fault state machine; their meaning stands at the head of its module."""
    texts = dict(re.findall(r"^    (faults\.\S+) +(.+)$", policy.__doc__ or "", re.MULTILINE))
    causes = {cause.value: allowed for cause, allowed in policy.ALLOWED.items()}
    for name, value in policy.FaultPolicy().settings().items():
        first, _, last = name.partition(".")
        if last == "policy":
            about = "or " + ", ".join(map(str, causes[first][1:])) if causes[first][1:] else "no other"
        else:
            about = texts.get(f"faults.{name}") or _of_stage(first, last, texts)
        yield Parameter("servo_interface", f"faults.{name}", type(value).__name__, str(value), about)
