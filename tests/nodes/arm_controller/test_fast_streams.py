"""Clients that send trajectories faster than they can be planned, right and wrong: the set-points go on."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from std_srvs.srv import Trigger

from armature.nodes.common import topics

from ..motion_graph import SUCCEEDED, smooth, trajectory

COST = 0.011  # of one message, as on the machine that the default arm was measured on [s]
WITHOUT = 0.1  # that the servo interface may be without set-points at most [s]
SECONDS, RADIUS, TURN = 2.0, 0.3, 2.0 * math.pi * 0.3


def message(at, period, points):
    """Points of a path at times of it, the last one in motion, as other people's clients send them."""
    times = [period * (k + 1) for k in range(points)]
    places = [[RADIUS * (1.0 - math.cos(TURN * (at + t))) / 2.0, 0.0] for t in times]
    slopes = [[RADIUS * TURN * math.sin(TURN * (at + t)) / 2.0, 0.0] for t in times]
    return trajectory(times, places, slopes)


def break_it(sent, number):
    """One of the ways to be wrong."""
    if number % 3 == 0:
        sent.joint_names = ["waist", "nose"]
    elif number % 3 == 1:
        sent.points[0].positions[0] = math.nan
    else:
        sent.points[-1].positions[0] = 1.9
    return sent


@pytest.fixture
def slow(motion, monkeypatch):
    """A graph in which planning takes its time, though all else takes none."""
    follow = motion.arm._follow

    def planned(sent, tolerances):
        motion.time.skip(COST)
        return follow(sent, tolerances)

    monkeypatch.setattr(motion.arm, "_follow", planned)
    return motion


def publisher(motion):
    """Of trajectories, once the controller hears it."""
    goals = topics.publisher(motion.node, topics.JOINT_TRAJECTORY)
    motion.until(lambda: goals.get_subscription_count() > 0)
    return goals


def stream(motion, rate, points, wrong):
    """Send messages for a time, so many of ten wrong; returns when set-points came [s]."""
    came = []
    topic = topics.SETPOINTS
    motion.node.create_subscription(topic.kind, topic.name, lambda _sent: came.append(motion.time.now), 10)
    goals, number = publisher(motion), 0
    begun = motion.time.now
    while (now := motion.time.now - begun) < SECONDS:
        while number / rate <= now:
            sent = message(number / rate, 1.0 / rate, points)
            goals.publish(break_it(sent, number) if (number * 7) % 10 < wrong else sent)
            number += 1
        motion.time.step()
    return [at - begun for at in came]


@pytest.mark.parametrize(("points", "wrong"), [(1, 0), (3, 0), (10, 0), (3, 5), (1, 7)])
@pytest.mark.parametrize("rate", [100, 200])
def test_set_points_go_on_however_fast_and_wrong_a_stream_is(slow, rate, points, wrong):
    came = stream(slow, rate, points, wrong)
    gaps = [after - before for before, after in zip(came, [*came[1:], SECONDS], strict=True)]
    assert came[0] <= WITHOUT
    assert max(gaps) <= WITHOUT
    assert slow.servos.refused == []
    slow.is_still()
    assert 0.0 < slow.waist < RADIUS


def test_a_stream_that_is_wrong_alone_leaves_the_goal_that_is_followed_alone(slow):
    moving = slow.send(trajectory([3.0], [[0.6, 0.0]], [[0.0, 0.0]]))
    slow.moved()
    came = stream(slow, 200, 3, 10)
    gaps = [after - before for before, after in pairwise(came)]
    assert max(gaps) <= WITHOUT
    assert slow.answer(moving).status == SUCCEEDED


def test_what_is_due_with_each_renewal_is_done_however_often_commands_come(motion, monkeypatch):
    done = []
    monkeypatch.setattr(motion.arm, "before_segment", lambda: done.append(motion.time.now))
    stream(motion, 200, 1, 0)
    assert len(done) >= 0.8 * SECONDS / 0.02


def let_wait(motion):
    """A trajectory of the topic waits, since another one has just been planned."""
    goals = publisher(motion)
    motion.arm.paced._free_at = math.inf
    goals.publish(smooth(1.0, 0.5, 0.0))
    motion.spin(0.05)
    assert motion.servos.segments == []


def test_a_stop_ends_what_waits(slow):
    let_wait(slow)
    slow.done(slow.stop_client.call_async(Trigger.Request()))
    slow.arm.paced._free_at = 0.0
    slow.spin(0.2)
    assert slow.servos.segments == []


def test_a_goal_of_an_action_takes_the_place_of_what_waits(slow):
    let_wait(slow)
    moving = slow.send(smooth(0.5, 0.2, 0.0))
    slow.arm.paced._free_at = 0.0
    assert slow.answer(moving).status == SUCCEEDED
    assert slow.waist == pytest.approx(0.2)
