"""Every command that a message of the program names exists and takes what stands behind it, and a message that has
a command for what it asks for names no service.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from armature import errors
from armature.cli.commands import COMMANDS
from armature.cli.main import parse
from armature.core import recovery_commands
from armature.core.recovery_commands import OF_ONE_ARM
from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.remedy import RecoveryStep, Remedy, remedy_of

SOURCE = Path(errors.__file__).parent
WORDS = Path(__file__).resolve().parents[1] / "web" / "src" / "words.js"
ANY = "…"  # what is known only at run time
KNOWN = {name: text for name, text in vars(recovery_commands).items() if name.isupper() and isinstance(text, str)}
# What stands for something in a message, as a reader would fill it in.
FILLED = {"NAME": "look", "JOINT": "elbow", "MASS": "0.25", "POSITION": "0.02", "PROCESS": "monitor", "...": ""}
FILLED |= dict.fromkeys("XYZ", "0")
_WORDS = r"(?:save|remove|list|arm_controller|servo_interface)\b"
_ARGUMENT = rf" (?:--?[a-z][\w-]*|[A-Z]+\b|\.\.\.|[-\d.]*\d|…|{_WORDS})"
COMMAND = re.compile(rf"(?<!from )\barmature ([a-z][a-z-]*)((?:{_ARGUMENT})*)")
# These name a command without calling for it.
MENTIONED = {"emulate", "setup", "move", "free", "fault", "gripper", "restart", "record", "report", "pose"}
NO_COMMANDS = {"armature wall", "armature session"}  # a body of MuJoCo's, a digest's salt
SERVICES = re.compile(
    r"/servo_interface/(?:enable|protective_stop|clear_faults|torque_off|\S+/free)\b"
    r"|/arm_controller/stop\b|/gripper_controller/gripper_cmd\b|/recorder/\w+"
    r"|\b(?:call|use|then|with|or) (?:clear_faults|torque_off|protective_stop|gripper_cmd)\b"
    r"|\b(?:call|use|then) (?:enable|disable)\b"
)

# Steps that a command does.
STEPS = sorted(set(RecoveryStep) - {RecoveryStep.BY_HAND, RecoveryStep.WAIT, RecoveryStep.REBOOT})


def spoken(node: ast.expr) -> str:
    """What a text says, as far as the source tells; commands by their names."""
    match node:
        case ast.Constant(str(text)):
            return text
        case ast.JoinedStr(parts):
            return "".join(map(spoken, parts))
        case ast.FormattedValue(ast.Name(name)) | ast.FormattedValue(ast.Attribute(attr=name)):
            return KNOWN.get(name, ANY)
    return ANY


def _strings(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Texts that stand in a tree, without docstrings."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        if isinstance(child, ast.JoinedStr) or (isinstance(child, ast.Constant) and isinstance(child.value, str)):
            yield child.lineno, spoken(child)
        else:
            yield from _strings(child)


def messages() -> Iterator[tuple[str, str]]:
    """Where each sentence of the source stands, and what it says; a name alone is none."""
    for file in sorted(SOURCE.rglob("*.py")):
        for line, text in _strings(ast.parse(file.read_text("utf-8"))):
            if " " in text.strip() and text not in NO_COMMANDS:
                yield f"{file.relative_to(SOURCE)}:{line}", text


SAID = list(messages())
NAMED = [(place, found[0], found[1], found[2].split()) for place, text in SAID for found in COMMAND.finditer(text)]


def refusal_of(name: str, arguments: list[str]) -> str:
    """Why the command line does not take it; empty where it does."""
    words = [word for each in arguments if (word := FILLED.get(each, each.replace(ANY, "elbow")))]
    if name not in COMMANDS:
        return "there is no such command"
    if not words and name in MENTIONED:
        return ""
    try:
        parse([name, *words])
    except SystemExit:
        return f"armature {name} {' '.join(words)} is wrong use"
    return ""


def test_the_commands_of_the_messages_are_found():
    assert len(SAID) > 2000
    assert len(NAMED) > 60
    assert {"clear", "release", "torque-off", "enable", "disable", "stop", "gripper"} <= {
        name for *_, name, _ in NAMED
    }


def test_each_command_in_a_message_exists_and_takes_what_stands_behind_it(capsys):
    wrong = {(place, whole): why for place, whole, name, words in NAMED if (why := refusal_of(name, words))}
    assert wrong == {}


def test_no_message_names_a_service_where_there_is_a_command():
    allowed = ("nodes/common/topics.py", "recording/report/", "bench/")
    told = {place: text for place, text in SAID if SERVICES.search(text) and not place.startswith(allowed)}
    assert told == {}


@pytest.mark.parametrize(
    "text",
    [
        "then call /servo_interface/torque_off, then",
        "release with /servo_interface/protective_stop false",
        "end that first: /servo_interface/elbow/free false",
        "wait until it rests, or call /arm_controller/stop",
        "call clear_faults, which takes it back",
    ],
)
def test_a_bare_service_is_found(text):
    assert SERVICES.search(text)


@pytest.mark.parametrize("step", STEPS)
def test_every_step_that_a_command_does_names_it(step):
    assert COMMAND.search(Remedy.of(step))


def test_commands_that_take_a_namespace_are_those_that_messages_give_one():
    takers = {name for name, entry in COMMANDS.items() if _takes_namespace(entry)}
    assert set(OF_ONE_ARM) <= takers
    assert takers - set(OF_ONE_ARM) == {"world"}  # it writes a file


def _takes_namespace(entry):
    import argparse

    parser = argparse.ArgumentParser()
    entry.load().add_arguments(parser)
    return any("--namespace" in action.option_strings for action in parser._actions)


# The page names its buttons


def keys_of(table: str) -> set[str]:
    """Keys of a table of the page's words."""
    body = re.search(rf"const {table} = \{{(.*?)\n\}};", WORDS.read_text("utf-8"), re.DOTALL)
    assert body is not None
    return set(re.findall(r"^  '?([\w -]+?)'?:", body[1], re.MULTILINE))


def test_the_page_has_words_for_every_step_and_cause():
    assert keys_of("STEP_INSTRUCTIONS") == {step.value for step in RecoveryStep} - {"by_hand"}
    whole_arm = {Cause.PROTECTIVE_STOP, Cause.OPERATOR_STOP, Cause.CONTROLLER_GONE}
    assert keys_of("JOINT_FAULTS") == {cause.value for cause in Cause if cause not in whole_arm}
    assert keys_of("STEPS") == {"clear_faults", "disable", "torque_off", "wait"}


def test_the_page_has_a_button_for_every_command_of_a_remedy():
    remedies = [*map(remedy_of, Cause), *map(Remedy.of, STEPS)]
    run = {found for remedy in remedies for found in re.findall(r"run (armature [a-z-]+(?: --end)?)", remedy)}
    assert run <= keys_of("BUTTONS")
    assert len(run) >= 6
