"""What a motion asks of the servos: torques as shares of what they can give, and motions slow enough for them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from armature.core.arrays import Array
from armature.core.kinematics.dynamics import Torques
from armature.core.steps import Steps
from armature.core.trajectory import retiming
from armature.core.trajectory.trajectory import State, Trajectory
from armature.errors import GoalRefused, apart

# Accelerations are averaged over this time, and torques sampled twice in it: a servo's own lag spreads a step
# of velocity about so far [s].
_LAG = 0.1
# Samples that a goal may need; a check then takes some seconds.
_MAX_SAMPLES = 100_000
_START_ALLOWANCE = 1.25
_SAME = 1.0 + 1e-6
_NOTHING = 1e-9  # [N·m]
_CHUNK = 512  # states sampled at once
# A motion is slowed down in steps so fine, to so many times its duration at most.
_FINE, _SLOWEST = 1.02, 1000.0
# Of what may be asked for: a motion that asks for no more is left as it is, another one is slowed down to less; to
# nearly all where even standing still leaves no room.
_WITHIN, _ROOM, _NO_ROOM = 0.995, 0.99, 0.9999
_ROUNDS = 6  # since the means of accelerations change with the duration, too
_ENOUGH = 2000  # samples; of a long motion not all are needed
_SLICE = 30  # samples in one step
_TAKE_LONGER = "take longer, carry less or reach less far"
_STANDS = "it takes that even to stand still there; carry less or reach less far"
_CREEPS = "it takes that there however slowly it moves; carry less or reach less far"
_CREEP = 1e-6  # share of a velocity, at which it costs dry friction alone


class TorqueShares:
    """Torques along the motions of one arm.

    Args:
        torques: of the arm.
        share: of what a servo can give, that a motion may ask for.
    """

    def __init__(self, torques: Torques, share: float) -> None:
        self._torques = torques
        self._share = share

    def of(self, state: State) -> tuple[Array, Array]:
        """Torques that a state needs [N·m], and as shares of those available; each of Shape (n,)."""
        needed = self._torques.required(state)
        return needed, np.abs(needed) / np.maximum(self._available(needed, state), _NOTHING)

    def bound(self, start: Array, allowance: float = _START_ALLOWANCE) -> Array:
        """The shares that joints may ask for in a motion, Shape (n,).

        An arm that asks too much where it stands may move to where it asks less, which takes some more at first.

        Args:
            start: where it begins at rest [rad], Shape (n,).
            allowance: of that much more.
        """
        held = self.of(State.at_rest(start))[1]
        bound: Array = np.where(held > self._share, held * allowance, self._share)
        return bound

    def bound_at_end(self, start: Array) -> Array:
        """The same where it comes to rest: what each motion may add would grow without a bound."""
        return self.bound(start, _SAME)

    def refusal(
        self, motion: Trajectory, time: float, state: State, bound: Array, remedy: str = _TAKE_LONGER
    ) -> GoalRefused:
        """The refusal of a motion that asks too much at a time [s], in a state."""
        needed, share = self.of(state)
        worst = int(np.argmax(share - bound))
        torque, given = float(needed[worst]), self._share * float(self._available(needed, state)[worst])
        speed = round(float(state.velocity[worst]), 2) + 0.0  # without the sign of -0.0
        return GoalRefused(
            f"torque of {motion.joints[worst]} at {time:.3f} s",
            torque,
            f"its servo shall give up to {apart(given, abs(torque), '.3f')} N·m at {speed:.2f} rad/s "
            f"({self._share:.0%} of what it can); {remedy}",
            "N·m",
        )

    def slow_down(self, motion: Trajectory) -> Steps[Trajectory]:
        """The motion, slowed down as far as the servos need it.

        Args:
            motion: quintic, from rest.

        Raises:
            GoalRefused: no speed is slow enough: even standing still asks too much somewhere on the way.
        """
        start = motion.sample(0.0).position
        self._check_end(motion, self.bound_at_end(start))
        bound = self.bound(start)
        for _ in range(_ROUNDS):
            if (yield from self._is_within(motion, bound)):
                return motion
            demands = yield from self._demands(motion)
            found = (demands.find_factor(self._torques, bound * room) for room in (_ROOM, _NO_ROOM))
            factor = next((factor for factor in found if factor is not None), None)
            if factor is None:
                raise self._standing_refusal(motion, demands, bound)
            if factor == 1.0:
                break
            motion = retiming.stretch(motion, factor)
        return motion

    def _check_end(self, motion: Trajectory, bound: Array) -> None:
        end = State.at_rest(motion.positions[-1])
        if (self.of(end)[1] > bound).any():
            raise self.refusal(motion, motion.duration, end, bound, _STANDS)

    def _is_within(self, motion: Trajectory, bound: Array) -> Steps[bool]:
        for count, (_, state) in enumerate(states(motion, _some(times_by_lag(motion)))):
            if (self.of(state)[1] > bound * _WITHIN).any():
                return False
            if count % _SLICE == 0:
                yield
        return True

    def _demands(self, motion: Trajectory) -> Steps[Demands]:
        times = _some(times_by_lag(motion))
        rows, velocities = [], []
        for count, (_, state) in enumerate(states(motion, times)):
            rows.append([self._torques.required(_slower(state, factor)) for factor in (1.0, 0.5, _CREEP)])
            velocities.append(state.velocity)
            if count % _SLICE == 0:
                yield
        fast, half, slow = np.array(rows).transpose(1, 0, 2)
        # fast = slow + damping + inertia, and half = slow + damping / 2 + inertia / 4
        damping = 4.0 * (half - slow) - (fast - slow)
        return Demands(times, slow, damping, fast - slow - damping, np.array(velocities))

    def _standing_refusal(self, motion: Trajectory, demands: Demands, bound: Array) -> GoalRefused:
        still = np.zeros_like(demands.slow)
        beyond = np.abs(demands.slow) / self._torques.available(demands.slow, still) - bound
        time = float(demands.times[int(np.argmax(beyond.max(axis=1)))])
        state = _slower(motion.sample(time), _CREEP)
        rest = State.at_rest(state.position)
        if (self.of(rest)[1] > bound).any():
            return self.refusal(motion, time, rest, bound, _STANDS)
        return self.refusal(motion, time, state, bound, _CREEPS)

    def _available(self, needed: Array, state: State) -> Array:
        return self._torques.available(needed, state.velocity)


@dataclass(frozen=True, eq=False)
class Demands:
    """Torques along a motion as they depend on its duration; each of Shape (m, n).

    Of a motion that takes k times as long they are slow + damping / k + inertia / k².
    """

    times: Array  # [s], Shape (m,)
    slow: Array  # of weight and dry friction [N·m]
    damping: Array  # [N·m]
    inertia: Array  # of accelerations and centrifugal forces [N·m]
    velocity: Array  # [rad/s]

    def find_factor(self, torques: Torques, bound: Array) -> float | None:
        """How many times as long the motion must take, at least; None where no time is enough.

        Args:
            torques: of the arm.
            bound: shares of what is available, Shape (n,).
        """
        factor = 1.0
        while factor <= _SLOWEST:
            needed = self.slow + self.damping / factor + self.inertia / factor**2
            if (np.abs(needed) <= bound * torques.available(needed, self.velocity / factor)).all():
                return factor
            factor *= _FINE
        return None


def states(plan: Trajectory, times: Array) -> Iterator[tuple[float, State]]:
    """States at times, with accelerations as a servo with its lag has them; at the end the joints stand."""
    for begin in range(0, len(times), _CHUNK):
        chunk = times[begin : begin + _CHUNK]
        position, velocity, _ = plan.sample_many(chunk)
        before, after = plan.sample_many(chunk - _LAG / 2.0)[1], plan.sample_many(chunk + _LAG / 2.0)[1]
        acceleration = (after - before) / _LAG
        acceleration[chunk >= plan.knots[-1]] = 0.0
        rows = (position, velocity, acceleration)
        for time, *state in zip(chunk.tolist(), *rows, strict=True):
            yield time, State(*state)


def times_by_lag(plan: Trajectory) -> Array:
    """Times at which torques are sampled, from the first motion on [s].

    Raises:
        GoalRefused: they would be more than a check may take.
    """
    moves = plan.hull()[1].any(axis=(1, 2))
    end = float(plan.knots[-1])
    begin = float(plan.knots[int(np.argmax(moves))]) if moves.any() else end
    count = math.ceil((end - begin) / (_LAG / 2.0))
    bound_samples(count)
    return np.linspace(begin, end, count + 1)


def bound_samples(samples: int) -> None:
    """Refuse a goal whose check takes more samples than it may."""
    if samples > _MAX_SAMPLES:
        raise GoalRefused("points", samples, f"its check may take {_MAX_SAMPLES} samples; send it in parts")


def _slower(state: State, rate: float) -> State:
    """The state of the same motion at another rate."""
    return State(state.position, state.velocity * rate, state.acceleration * rate**2)


def _some(times: Array) -> Array:
    """No more times than are enough, the last one among them."""
    step = -(-len(times) // _ENOUGH)
    return times[::-step][::-1]
