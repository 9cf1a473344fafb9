"""Parameters of a node of a running graph, by the services that every ROS node has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rcl_interfaces.srv import GetParameters, SetParametersAtomically
from rclpy.parameter import Parameter, parameter_value_to_python

from armature.client.connection import Connection
from armature.nodes.common.topics import Service


def set_parameters(client: Connection, node: str, values: Mapping[str, Any]) -> str:
    """Set parameters, all or none.

    Args:
        client: of the graph.
        node: its name.
        values: by name.

    Returns:
        Why the node refused them; empty where they are set.

    Raises:
        ProcessError: the node does not answer.
    """
    service = Service(f"{node}/set_parameters_atomically", SetParametersAtomically, "")
    parameters = [Parameter(name, value=value).to_parameter_msg() for name, value in values.items()]
    result = client.call(service, SetParametersAtomically.Request(parameters=parameters)).result
    return "" if result.successful else str(result.reason) or f"{node} refused it"


def get_parameters(client: Connection, node: str, names: Sequence[str]) -> dict[str, Any]:
    """Values of parameters, by name; None where the node has none.

    Raises:
        ProcessError: the node does not answer.
    """
    service = Service(f"{node}/get_parameters", GetParameters, "")
    response = client.call(service, GetParameters.Request(names=list(names)))
    values = [parameter_value_to_python(value) for value in response.values]
    return dict(zip(names, values or [None] * len(names), strict=False))
