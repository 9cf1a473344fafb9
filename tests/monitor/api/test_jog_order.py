from __future__ import annotations

import pytest

from armature.monitor.api.jog_order import JogOrder, JogVerdict


@pytest.fixture
def order(clock):
    return JogOrder(0.25, clock)


def test_requests_that_are_late_lost_or_swapped_do_not_end_a_press(order, clock):
    turns = []
    for sequence in (0, 1, 3, 2, 3, 5, 4, 6):  # 100 ms apart, some swapped, one twice
        turns.append(order.classify("page", 1, sequence))
        clock.now += 0.1
    overtaken = [
        JogVerdict.ACCEPTED,
        JogVerdict.ACCEPTED,
        JogVerdict.ACCEPTED,
        JogVerdict.OVERTAKEN,
        JogVerdict.OVERTAKEN,
        JogVerdict.ACCEPTED,
        JogVerdict.OVERTAKEN,
        JogVerdict.ACCEPTED,
    ]
    assert turns == overtaken


@pytest.mark.parametrize(
    ("silence", "turn"), [(0.3, JogVerdict.ACCEPTED), (0.4, JogVerdict.TOO_LATE), (5.0, JogVerdict.TOO_LATE)]
)
def test_a_press_whose_lease_has_ended_does_not_begin_again(order, clock, silence, turn):
    order.classify("page", 1, 0)
    clock.now += silence
    assert order.classify("page", 1, 1) is turn
    assert order.classify("page", 1, 2) is turn


def test_a_new_press_may_follow_at_once_and_requests_of_the_one_before_are_overtaken(order, clock):
    order.classify("page", 1, 7)
    clock.now += 9.0
    assert order.classify("page", 2, 0) is JogVerdict.ACCEPTED
    assert order.classify("page", 1, 8) is JogVerdict.OVERTAKEN


def test_presses_of_two_pages_are_not_each_others(order):
    order.classify("one", 5, 7)
    assert order.classify("other", 1, 0) is JogVerdict.ACCEPTED
