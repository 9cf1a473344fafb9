"""The generated pages say something of everything, and tables written by hand agree with them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from reference_tables import commands, errors, parameters, topics

from armature import errors as raised
from armature.dynamixel.faults import policy
from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.states import Mode

ROOT = Path(__file__).resolve().parents[2]
NODES = ROOT / "src" / "armature" / "nodes"
BY_HAND = [*sorted((ROOT / "docs" / "reference").glob("*.md")), *sorted((ROOT / "docs" / "howto").glob("*.md"))]


def read_by_nodes() -> set[tuple[str, str]]:
    """Package of nodes, and a class that it reads its parameters into."""
    calls = [
        (path.relative_to(NODES).parts[0], node)
        for path in NODES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and len(node.args) >= 2 and isinstance(node.args[1], ast.Name)
    ]
    found = {(package, call.args[1].id) for package, call in calls if name_of(call.func) == "read"}
    return {(package, name) for package, name in found if name[0].isupper()}


def name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def package_of(node: str) -> str:
    """Where the code of a node of the page is."""
    return {"gripper_controller": "arm_controller"}.get(node, node if (NODES / node).is_dir() else "common")


def test_every_class_of_parameters_stands_on_the_page() -> None:
    assert len(read_by_nodes()) > 10
    assert read_by_nodes() - {(package_of(node), name) for node, _, name, _ in parameters.READ} == set()


def test_every_parameter_says_what_it_means() -> None:
    assert [p.name for p in parameters.parameters() if not re.search(r"[a-z]{2}", p.about)] == []


def test_every_topic_service_and_action_says_what_it_is_for() -> None:
    assert [topic.name for topic in topics.all_topics() if not (topic.by and topic.about)] == []
    assert [item.name for item in [*topics.services(), *topics.actions()] if not item.about] == []


def test_topics_tell_their_types_and_quality_of_service() -> None:
    page = topics.page()
    assert "| `/tf_static` | tf2_msgs/TFMessage | reliable, latched, 100 | state_publisher |" in page
    assert "| `/arm_controller/joint_jog` | control_msgs/JointJog | best effort, 1 | clients |" in page
    assert "| `/servo_interface/<joint>/reboot` | std_srvs/Trigger |" in page
    assert "| `/gripper_controller/joint_jog` | control_msgs/JointJog | best effort, 1 | clients |" in page
    assert "| `/gripper_controller/controller_state` | control_msgs/JointTrajectoryControllerState |" in page
    assert "| `/gripper_controller/query_state` | control_msgs/QueryTrajectoryState |" in page
    assert page.count("| `/arm_controller/stop` |") == page.count("| `/gripper_controller/pause` |") == 1
    assert "| `/gripper_controller/gripper_cmd` | control_msgs/ParallelGripperCommand |" in page


def test_parameters_tell_name_type_default_and_meaning() -> None:
    found = {(p.node, p.name): p for p in parameters.parameters()}
    assert found["servo_interface", "rate"].default == "100.0"
    assert "bus loop [Hz]" in found["servo_interface", "rate"].about
    assert (
        found["arm_controller", "limits.<joint>.margin"].about
        == "kept from the position limits while jogging [rad]"
    )
    assert found["servo_interface", "faults.load.stop"].about.endswith("to stop")
    assert "how far back" in found["recorder", "snapshot_seconds"].about


def test_a_class_that_is_gone_is_named() -> None:
    with pytest.raises(LookupError, match=r"Nothing in nodes\.recorder"):
        parameters.class_in("nodes.recorder", "Nothing")


def test_commands_and_errors_are_all_on_their_pages() -> None:
    page = commands.page()
    assert len(commands.parsers()) > 15
    assert [name for name in commands.parsers() if f"## armature {name}\n" not in page] == []
    assert raised.ServoTimeout in errors.leaves()
    assert "| `PortError` | `BusError`, `OSError` |" in errors.page()


# What is written by hand


def rows_by_hand() -> list[tuple[str, str, str]]:
    """Page, name and default of each parameter in a table with the columns "parameter" and "default"."""
    found = []
    for path in BY_HAND:
        for table in re.findall(
            r"^\| parameter[^|\n]*\| default.*\n\|[-|]+\n((?:\|.*\n)+)", path.read_text("utf-8"), re.M
        ):
            cells = [[cell.strip() for cell in row.split("|")[1:3]] for row in table.splitlines()]
            found += [(path.name, name, default) for names, default in cells for name in expanded(names)]
    return found


def expanded(names: str) -> list[str]:
    """`limits.<joint>.lower`, `.upper` → both in full."""
    first, *others = re.findall(r"`([^`]+)`", names)
    return [first, *(first.rpartition(".")[0] + other for other in others)]


def test_parameters_written_by_hand_have_the_defaults_of_the_code() -> None:
    known = {parameter.name: parameter.default for parameter in parameters.parameters()}
    rows = rows_by_hand()
    assert len(rows) > 20
    for page, name, default in rows:
        assert name in known, f"{page}: {name}"
        number = re.match(r"-?\d+(\.\d+)?", default)
        if number and known[name] != "given":
            assert float(number[0]) == float(known[name]), f"{page}: {name}"
        elif default in ("true", "false"):
            assert default == known[name], f"{page}: {name}"


def test_topics_services_and_actions_that_documents_name_are_in_the_graph() -> None:
    known = {f"/{item.name.lstrip('/')}" for item in (*topics.all_topics(), *topics.services(), *topics.actions())}
    for path in [ROOT / "README.md", *BY_HAND, *sorted((ROOT / "docs" / "tutorials").glob("*.md"))]:
        named = re.findall(
            r"`(/(?:servo_interface|arm_controller|gripper_controller|recorder)/[^` ]+)`", path.read_text()
        )
        general = {re.sub(r"(?<=/servo_interface/)\S+(?=/(?:reboot|free)$)", "<joint>", name) for name in named}
        assert general <= known, path.name


def test_the_causes_written_by_hand_have_the_policies_of_the_code() -> None:
    text = (ROOT / "docs" / "reference" / "faults.md").read_text("utf-8")
    table = text.partition("## Causes")[2].partition("\n\n| ")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in row.split("|")[1:]] for row in table.splitlines()[2:]]
    written = {name: (first, others) for names, _, first, others, *_ in rows for name in names.split(", ")}
    assert set(written) == set(map(str, Cause))
    for cause in Cause:
        first, *others = map(str, policy.ALLOWED[cause])
        assert written[str(cause)] == (first, ", ".join(others) or "\N{EN DASH}"), cause


def test_the_states_written_by_hand_are_those_of_the_code() -> None:
    text = (
        (ROOT / "docs" / "reference" / "servo_interface.md")
        .read_text("utf-8")
        .partition("## States")[2]
        .partition("##")[0]
    )
    written = [name for row in re.findall(r"^\| ([A-Z_, ]+) \|", text, re.MULTILINE) for name in row.split(", ")]
    assert written == [mode.name for mode in Mode]
