"""What `armature payload` asks and says; that the controller does it: nodes/arm_controller/test_payload.py."""

from __future__ import annotations

import json
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from rcl_interfaces.srv import GetParameters, SetParametersAtomically
from rclpy.parameter import Parameter, parameter_value_to_python

from armature.cli.main import main
from armature.client import connection

NAMES = ["payload", "payload_at.x", "payload_at.y", "payload_at.z"]


class Controller:
    """Stands in for the arm controller and its services of parameters."""

    def __init__(self):
        self.values = dict.fromkeys(NAMES, 0.0)
        self.refusal = ""
        self.namespace = None

    @contextmanager
    def connect(self, _command, namespace):
        self.namespace = namespace
        yield SimpleNamespace(call=self.call)

    def call(self, service, request):
        if service.kind is SetParametersAtomically:
            assert service.name == "arm_controller/set_parameters_atomically"
            if not self.refusal:
                self.values |= {p.name: parameter_value_to_python(p.value) for p in request.parameters}
            response = SetParametersAtomically.Response()
            response.result.successful, response.result.reason = not self.refusal, self.refusal
            return response
        assert (service.kind, service.name) == (GetParameters, "arm_controller/get_parameters")
        values = [Parameter(name, value=self.values[name]).get_parameter_value() for name in request.names]
        return GetParameters.Response(values=values)


@pytest.fixture
def controller(monkeypatch):
    controller = Controller()
    monkeypatch.setattr(connection, "connect", controller.connect)
    return controller


@pytest.mark.parametrize(
    ("words", "values", "told"),
    [
        (["0.25"], [0.25, 0.0, 0.0, 0.0], "payload of 0.25 kg"),
        (
            ["0.25", "--at", "0", "-0.01", "0.05"],
            [0.25, 0.0, -0.01, 0.05],
            "payload of 0.25 kg at 0 -0.01 0.05 m of the tool",
        ),
        (["0"], [0.0, 0.0, 0.0, 0.0], "payload of 0 kg"),
    ],
)
def test_mass_and_place_are_set_together_and_told(controller, capsys, words, values, told):
    controller.values |= dict(zip(NAMES, [1.0, 0.1, 0.1, 0.1], strict=True))
    assert main(["payload", *words, "--namespace", "left"]) == 0
    assert capsys.readouterr() == (f"{told}\n", "")
    assert list(controller.values.values()) == values
    assert controller.namespace == "left"


def test_without_a_mass_the_one_in_force_is_shown(controller, capsys):
    controller.values["payload"] = 0.4
    assert main(["payload"]) == 0
    assert capsys.readouterr().out == "payload of 0.4 kg\n"


def test_a_refusal_is_one_line_and_a_program_reads_what_is_in_force(controller, capsys):
    controller.values["payload"] = 0.1
    controller.refusal = "payload of 5 kg refused: elbow would carry 10 N·m here; carry less"
    assert main(["payload", "5"]) == 1
    assert capsys.readouterr() == ("", f"error: {controller.refusal}\n")
    assert main(["payload", "5", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told == {"done": False, "message": controller.refusal, "payload": 0.1, "at": [0.0, 0.0, 0.0]}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["-1"], "payload: -1.0 cannot be used; it must be within 0 and 100 kg"),
        (["nan"], "within 0 and 100 kg"),
        (["1", "--at", "0", "0", "2"], "payload_at.z: 2.0 cannot be used; it must be within -1 and 1 m"),
    ],
)
def test_what_no_tool_carries_is_refused_before_the_graph_is_asked(controller, capsys, words, says):
    assert main(["payload", *words]) == 1
    assert says in capsys.readouterr().err
    assert controller.namespace is None


@pytest.mark.parametrize("words", [["--at", "0", "0", "0"], ["much"], ["1", "2"], ["1", "--at", "0"]])
def test_wrong_use_ends_with_2(controller, capsys, words):
    try:
        code = main(["payload", *words])
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    assert "error" in capsys.readouterr().err
