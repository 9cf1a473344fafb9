from __future__ import annotations

import pytest

from armature.bench.simulation.virtual import WIRING
from armature.dynamixel.servo.presence import check_presence
from armature.errors import BusMismatch, ServoTimeout


class LossyBus:
    """Loses the first answers of some servos."""

    path = "the bus"

    def __init__(self, losses):
        self.losses = losses

    def ping(self, servo_id):
        if self.losses.get(servo_id, 0):
            self.losses[servo_id] -= 1
            raise ServoTimeout([servo_id], "ping")
        return next(servo.model.number for servo in WIRING.servos if servo.servo_id == servo_id)


def test_a_lost_answer_is_no_missing_servo():
    assert check_presence(LossyBus({1: 2, 4: 1}), WIRING.servos) == []


def test_a_servo_that_never_answers_is_missing():
    with pytest.raises(BusMismatch, match="found id 2 "):
        check_presence(LossyBus({1: 99}), WIRING.servos)
    assert check_presence(LossyBus({1: 99}), WIRING.servos, allow_missing=True) == [1]
