"""The tutorial of a first program: short, its programs as elsewhere, and an example of every interface."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from reference_tables import topics as tables

from ..system.documents import tutorial_programs

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = (ROOT / "docs" / "tutorials" / "first_program.md").read_text("utf-8")
EXAMPLES = {path.name: path.read_text("utf-8") for path in (ROOT / "examples").glob("*.py")}
MOST = 600  # words
# The arm falls by it; reboots need a fault; what is commanded can be heard.
WITHOUT_EXAMPLE = {"torque_off", "reboot", "query_state"}


def test_both_ways_are_taught_in_few_words():
    assert len(TUTORIAL.split()) <= MOST


def test_the_readmes_program_is_the_first_one_of_the_tutorial():
    (program,) = re.findall(
        r"^```python\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert program == tutorial_programs()[0]


def test_the_ros_program_is_the_example():
    program = tutorial_programs()[-1]
    assert EXAMPLES["first_motion.py"].endswith(program)


@pytest.mark.parametrize("name", [item.name for item in (*tables.services(), *tables.actions())])
def test_each_service_and_action_has_an_example(name):
    name = re.sub(r"^gripper_controller/(stop|pause)$", r"arm_controller/\1", name)  # the same service
    texts = [re.sub(r"{.*?}", "<joint>", text) for text in EXAMPLES.values()]
    assert name.rpartition("/")[2] in WITHOUT_EXAMPLE or any(f'{name}"' in text for text in texts)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_each_example_stands_in_the_tutorial_and_says_what_it_does(name):
    assert f"`examples/{name}`" in TUTORIAL
    assert EXAMPLES[name].partition('"""')[2].partition('"""')[0].strip()
