"""A client that sends goals while the arm takes them, and does what the state names while it does not."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import numpy as np
from control_msgs.action import FollowJointTrajectory
from rclpy.action import ActionClient
from rclpy.task import Future

from armature.bench.faults.recovery import take_first_request
from armature.core.trajectory.trajectory import Trajectory
from armature.nodes.common import topics
from armature.nodes.common.conversions import from_trajectory, positions_of, to_seconds

from .running import Running
from .trouble import JOINTS, hold_up, let_go, put_up, see_to_it

ARM = JOINTS[:-1]
POSES = (
    (0.0, -0.3491, 0.6981, 0.0, -0.3491, 0.0),
    (-0.6981, 0.4538, -0.0873, 0.0, 1.2043, 0.0),
    (0.6981, 0.4538, -0.0873, 0.0, 1.2043, 0.0),
)
MOTION = 4.0  # [s]
SUCCEEDED = 4
ANSWERS = 8.0  # so long an answer is awaited; that of a killed server never comes [s]
# Of a refusal, what comes behind its reason is what to do.
A_STEP = re.compile(
    r"[;:,] [^;]*\b(enable|disable|call|run|release|end|wait|ask|try|send|start|stop|restart|support|check|look|"
    r"see|give|take|remove|restore|reconnect|move|bring|go around|activate|report)\b"
)
REQUESTS = ("enable", "disable", "clear_faults", "torque_off", "release", "reboot")


class Observed(Running):
    """A graph whose places, torques and states are kept."""

    def _join(self) -> None:
        super()._join()
        self.places: list[tuple[float, dict[str, float]]] = []
        self.torques: list[tuple[float, frozenset[str]]] = []
        topics.subscription(self.node, topics.JOINT_STATES, self._on_places)
        topics.subscription(self.node, topics.DYNAMIC_JOINT_STATES, self._on_torques)
        action = topics.FOLLOW_JOINT_TRAJECTORY
        self.action = ActionClient(self.node, action.kind, action.name)
        self.link = self.runtime / "default" / "bus"

    def _leave(self) -> None:
        self.action.destroy()
        super()._leave()

    def _on_places(self, message: Any) -> None:
        self.places.append((to_seconds(message.header.stamp), positions_of(message)))

    def _on_torques(self, message: Any) -> None:
        values = zip(message.joint_names, message.interface_values, strict=True)
        known = {joint: dict(zip(item.interface_names, item.values, strict=True)) for joint, item in values}
        on = frozenset(joint for joint, items in known.items() if items.get("torque_enabled") == 1.0)
        self.torques.append((to_seconds(message.header.stamp), on))

    def told(self) -> dict[str, str]:
        """The values of the newest state."""
        return self.states[-1][1] if self.states else {}

    def pause(self, seconds: float) -> None:
        """Hear the graph for so long."""
        end = time.monotonic() + seconds
        self.wait_for(lambda: time.monotonic() > end, seconds + 60.0)


class Follower:
    """One client, with one request at a time."""

    def __init__(self, graph: Observed, seed: int) -> None:
        """Args: whom it asks, and the seed of its chance."""
        self.answers: list[tuple[float, str, bool, str]] = []  # when, request, whether it was done, the words
        self._graph, self._random = graph, Random(seed)
        self._clients: dict[str, Any] = {}
        self._is_held_up = False

    @property
    def refusals(self) -> list[tuple[str, str]]:
        """Requests that were refused, with the words."""
        return [
            (request, words)
            for _, request, was_done, words in self.answers
            if not was_done and (request != "goal" or "refused" in words or not words)
        ]

    def meddle(self, until: float) -> None:
        """Send goals, do what the state names, and now and then something else, until a monotonic time."""
        while time.monotonic() < until:
            chance = self._random.random()
            if chance < 0.15:
                self.ask(self._random.choice((*REQUESTS, "stop", "record", "record")))
            elif self._graph.state() == "ENABLED" or chance < 0.3:
                self.goal()
            else:
                self.follow()
            self._graph.pause(0.2)

    def follow(self) -> str:
        """Do what the state names up to its first request; returns that, "" where there is none to make now."""
        acts: dict[str, Callable[[], object]] = {step: partial(self.ask, step) for step in REQUESTS}
        acts |= {"by_hand": lambda: see_to_it(self._graph.link)}
        steps = self._graph.told().get("steps", "").split(", ")
        return take_first_request([step for step in steps if step in acts], acts) or ""

    def ask(self, step: str) -> bool:
        """Make a request; returns whether it was done."""
        if step == "torque_off" and not self._is_held_up:
            self._is_held_up = True
            hold_up(self._graph.link)
        acts: dict[str, tuple[topics.Service, dict[str, bool]]] = {
            "enable": (topics.ENABLE, {"data": True}),
            "disable": (topics.ENABLE, {"data": False}),
            "clear_faults": (topics.CLEAR_FAULTS, {}),
            "torque_off": (topics.TORQUE_OFF, {}),
            "stop": (topics.PROTECTIVE_STOP, {"data": True}),
            "release": (topics.PROTECTIVE_STOP, {"data": False}),
            "reboot": (topics.reboot(self._random.choice(JOINTS)), {}),
            "record": (self._random.choice((topics.RECORDER_START, topics.RECORDER_STOP)), {}),
        }
        service, fields = acts[step]
        client = self._clients.get(service.name) or self._graph.node.create_client(service.kind, service.name)
        self._clients[service.name] = client
        if not client.service_is_ready():
            return False
        future = client.call_async(service.kind.Request(**fields))
        if not self._await(future, step, ANSWERS):
            client.remove_pending_request(future)
            return False
        answer = future.result()
        self._note(step, answer.success, answer.message)
        if step == "enable" and answer.success and self._is_held_up:
            self._is_held_up = False
            let_go(self._graph.link)
        return bool(answer.success)

    def goal(self) -> bool:
        """Send a goal and await its end; returns whether it succeeded, with an arm put up by hand where it lay."""
        pose = self._random.choice(POSES)
        if self._go(pose):
            return True
        is_in_the_way = self.answers and "go around it, over a point between" in self.answers[-1][3]
        return bool(is_in_the_way) and self._lift() and self._go(pose)

    def _lift(self) -> bool:
        """A fallen arm lies on the floor, and no straight way may lead from there: somebody puts it up."""
        if not self.ask("torque_off"):
            return False
        put_up(self._graph.link, dict(zip(ARM, POSES[0], strict=True)))
        self._graph.pause(0.5)
        was_enabled = self.ask("enable")
        self._graph.pause(0.2)
        return was_enabled

    def _go(self, pose: tuple[float, ...]) -> bool:
        if not self._graph.action.server_is_ready():
            return False
        still = np.zeros((1, len(ARM)))
        place = np.array([pose])
        motion = Trajectory(ARM, np.array([MOTION]), place, still, still)
        goal = FollowJointTrajectory.Goal(trajectory=from_trajectory(motion, 0, ""))
        sent = self._graph.action.send_goal_async(goal)
        if not self._await(sent, "goal", ANSWERS):
            return False
        result = sent.result().get_result_async()
        if not self._await(result, "result", MOTION + ANSWERS):
            return False
        answer = result.result()
        self._note("goal", answer.status == SUCCEEDED, answer.result.error_string)
        return bool(answer.status == SUCCEEDED)

    def _await(self, future: Future, what: str, seconds: float) -> bool:
        end = time.monotonic() + seconds
        self._graph.wait_for(lambda: future.done() or time.monotonic() > end, seconds + 60.0)
        if not future.done():
            self.answers.append((time.monotonic(), f"{what}, unanswered", True, ""))
        return bool(future.done())

    def _note(self, request: str, was_done: bool, words: str) -> None:
        self.answers.append((time.monotonic(), request, was_done, words))


def names_a_step(words: str) -> bool:
    """Whether a refusal says what would work."""
    return bool(A_STEP.search(words)) and "unknown" not in words.rpartition("; ")[2]
