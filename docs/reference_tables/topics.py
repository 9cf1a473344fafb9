"""Topics, services and actions, from `nodes/common/topics.py`."""

from __future__ import annotations

from typing import Any, TypeVar

from rclpy.qos import DurabilityPolicy, ReliabilityPolicy

from armature.nodes.common import topics
from reference_tables.markdown import code, table

Kind = TypeVar("Kind")

INTRODUCTION = """# Topics, services, actions

Names are relative: with `--namespace left` all of them but `/tf` and `/tf_static` begin with `/left`.
Types are standard ones, so other programs need nothing of Armature to use them.
"""


def page() -> str:
    """The page."""
    return "\n".join(
        [
            INTRODUCTION,
            "## Topics\n",
            table(("topic", "type", "quality of service", "written by", "what"), map(_topic, all_topics())),
            "`latched` is transient local: who subscribes late gets the last messages.\n",
            "## Services\n",
            table(("service", "type", "what"), map(_service, services())),
            "## Actions\n",
            table(("action", "type", "what"), map(_service, actions())),
        ]
    )


def all_topics() -> list[topics.Topic]:
    """Topics of the graph, those of the controllers with them."""
    return list(dict.fromkeys([*topics.TOPICS, *_of_controllers(topics.Topic)]))


def services() -> list[topics.Service]:
    """Services of the graph, those of each joint last."""
    return [item for item in _all() if not _is_action(item)]


def actions() -> list[topics.Service]:
    """Actions of the graph."""
    return [item for item in _all() if _is_action(item)]


def _all() -> list[topics.Service]:
    whole = [item for item in vars(topics).values() if isinstance(item, topics.Service)]
    every = [*whole, *_of_controllers(topics.Service), topics.reboot("<joint>"), topics.free("<joint>")]
    return list(dict.fromkeys(every))


def _of_controllers(kind: type[Kind]) -> list[Kind]:
    interfaces = (topics.ARM_CONTROLLER, topics.GRIPPER_CONTROLLER)
    return [item for interface in interfaces for item in vars(interface).values() if isinstance(item, kind)]


def _is_action(item: topics.Service) -> bool:
    return hasattr(item.kind, "Goal")


def _topic(topic: topics.Topic) -> tuple[str, ...]:
    return (_name(topic.name), _type(topic.kind), _quality(topic.qos), topic.by, topic.about)


def _service(service: topics.Service) -> tuple[str, ...]:
    return (_name(service.name), _type(service.kind), service.about)


def _name(name: str) -> str:
    return code("/" + name.lstrip("/"))


def _type(kind: Any) -> str:
    package = kind.__module__.partition(".")[0]
    return f"{package}/{kind.__name__}"


def _quality(qos: Any) -> str:
    reliable = "reliable" if qos.reliability == ReliabilityPolicy.RELIABLE else "best effort"
    latched = ", latched" if qos.durability == DurabilityPolicy.TRANSIENT_LOCAL else ""
    return f"{reliable}{latched}, {qos.depth}"
