"""Changes of the rate at which a path is followed: the soonest that leaves every joint within its limits.

With s the path's time and r its rate, a joint's acceleration is q''(s) r² + q'(s) r', its jerk
q'''(s) r³ + 3 q''(s) r r' + q'(s) r''. What the path takes by itself, q'' r² and q''' r³, is its own; the rest is
added by the change. Changes are tried one after the other, the one that is over first before the others: harder
and gentler ones, at once and after a wait. Until it begins, the path is followed as before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from armature.core.arrays import Array
from armature.core.trajectory import retiming
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.time_scaling import Moment, Phase, TimeScaling
from armature.core.trajectory.trajectory import Trajectory

# How long a change may wait for room on the path [s], after another one that cannot be taken back at once.
LONGEST_WAIT = 1.0
_WAITS = np.array((0.0, 0.03, 0.08, 0.15, 0.25, 0.4, 0.65, LONGEST_WAIT))
# How much gentler than the limits alone would have it a change may be, in steps.
_GENTLER = tuple(1.4**step for step in range(8))
# How gentle a change is tried first, since the path takes its part too; one that is nearly gentle enough is made
# gentler by what it needs and a little more, up to the last.
_FIRST, _GENTLY, _NEARLY = 1.12, 1.05, 2.5
# How many changes are tried: the best of them is taken where none keeps the limits.
_MOST = 15
# A rise that is not possible at once goes so far first [share], in so many steps at most.
_STEPS = (0.7, 0.4, 0.1)
_MOST_STEPS = 4
# Bounds of a change where no joint moves, so that none sets one [1/s], [1/s²].
_HARDEST, _SHARPEST = 50.0, 2_000.0
# How far along the path its velocity is sampled before the change is known [s].
_OUTLOOK = 0.3
# Time between samples of a change [s], and their fewest and most.
_SPACING, _FEWEST, _MOST_SAMPLES = 0.01, 20, 100
_STEADY = 1e-9
_CLOSEST = 1e-4  # two samples [s]
# What a change takes of the limits: the rest is for what happens between two samples [share].
_SHARE = 0.97
_TINY = 1e-3  # of a limit, which is no room


def change_rate(motion: Trajectory, old: TimeScaling, now: float, rate: float, limits: GroupLimits) -> TimeScaling:
    """Change to another rate as soon as the limits of the joints allow.

    Where the path is within the limits by itself, the whole is. Where it is beyond, nothing is added; except in
    the milliseconds over which a client's step is spread. A rate rises in steps, or later, where the path's own
    acceleration leaves no room to rise at once. A path that ends sooner than a stop on it is followed to its end.
    Where there is no such change, none that begins within
    `LONGEST_WAIT`, one is taken that adds to the jerk where the path's own is beyond the limit; then the one
    that adds the least.

    Args:
        motion: the path; quintic.
        old: how it is followed now, within the limits.
        now: when the change may begin [s].
        rate: wanted; 0 is a stop on the path.
        limits: of the joints.
    """
    needed, found = _Search(motion, old, rate, limits).best(now)
    for _ in range(_MOST_STEPS):
        if needed <= 1.0 or old.rate >= rate:
            break
        step = _lower(motion, old, now, rate, limits)
        old, now = (old, max(old.settled, now) + LONGEST_WAIT) if step is None else (step, step.settled)
        needed, found = _Search(motion, old, rate, limits).best(now)
    ends = old.reaches(motion.duration) if rate == 0.0 else math.inf
    if ends <= (found.settled if needed <= 1.0 else max(found.settled, now + LONGEST_WAIT)):
        return old
    if needed <= 1.0:
        return found
    less_needed, other = _Search(motion, old, rate, limits, math.inf).best(now)
    return other if less_needed < needed else found


def _lower(
    motion: Trajectory, old: TimeScaling, now: float, rate: float, limits: GroupLimits
) -> TimeScaling | None:
    """A rise to less than is wanted, if there is one."""
    between = (old.rate + share * (rate - old.rate) for share in _STEPS)
    found = (_Search(motion, old, lower, limits).at_once(now) for lower in between)
    return next((scaling for scaling in found if scaling is not None), None)


@dataclass(frozen=True)
class _Offer:
    """A change that may keep the limits."""

    begin: float  # [s]
    gentleness: float  # its duration, in those of the hardest change
    phases: list[Phase]

    @property
    def end(self) -> float:
        return self.phases[-1][0]


class _Search:
    def __init__(
        self, motion: Trajectory, old: TimeScaling, rate: float, limits: GroupLimits, step: float = retiming.STEP
    ) -> None:
        """Search for changes that add nothing to a jerk beyond its limit in splines longer than a step's [s]."""
        self._motion = motion
        self._old = old
        self._rate = rate
        self._limits = limits
        self._step = step

    def at_once(self, now: float) -> TimeScaling | None:
        """A change that begins now: a hard one, or one as gentle as that shows to be needed."""
        moment = self._old.at(now)
        is_there = abs(moment.rate - self._rate) < _STEADY and abs(moment.slope) < _STEADY
        if is_there or self._motion.sample(moment.time).is_resting:
            return self._old.then(now, [(now, moment.time, self._rate, 0.0, 0.0)])
        gentleness = _FIRST
        while gentleness < _NEARLY:
            needed = math.inf
            for offer in self._offers(np.array([now]), (gentleness,)):
                scaling = self._old.then(offer.begin, offer.phases)
                needed, _ = self._needed(scaling, offer)
                if needed <= 1.0:
                    return scaling
            gentleness *= _GENTLY * needed
        return None

    def best(self, now: float) -> tuple[float, TimeScaling]:
        """How many times as gentle a change must be, and that change.

        It is one that begins now, or the first to be over of many, or the one that adds the least.
        """
        if (scaling := self.at_once(now)) is not None:
            return 0.0, scaling
        least, best = math.inf, self._old
        offers = self._offers(self._begins(now), _GENTLER)
        for _ in range(_MOST):
            if not offers or least <= 1.0:
                break
            offer = offers.pop(0)
            scaling = self._old.then(offer.begin, offer.phases)
            needed, blocked = self._needed(scaling, offer)
            if needed < least:
                least, best = needed, scaling
            offers = [other for other in offers if not _fails_too(other, offer, needed, blocked)]
        return least, best

    def _begins(self, now: float) -> Array:
        settled = max(self._old.settled, now)
        begins = now + _WAITS
        return np.concatenate((begins[begins < settled], settled + _WAITS))

    def _offers(self, begins: Array, gentler: tuple[float, ...]) -> list[_Offer]:
        """Changes that begin at some times, the one that is over first before the others."""
        offers = []
        bounds = self._bounds(begins)
        for begin, hardest, sharpest in zip(begins.tolist(), *bounds, strict=True):
            moment = self._old.at(begin)
            for gentleness in gentler:
                steep, bend = hardest / gentleness, sharpest / gentleness**2
                offers.append(_Offer(begin, gentleness, _phases(begin, moment, self._rate, steep, bend)))
        lasting = self._old.reaches(self._motion.duration) if len(offers) > 1 else math.inf
        return sorted(filter(_is_forward, offers), key=lambda offer: min(offer.end, lasting))

    def _bounds(self, begins: Array) -> tuple[Array, Array]:
        """Bounds of the rate's slope [1/s] and of its change [1/s²], for changes that begin at some times."""
        path, rate, _ = self._old.many(begins)
        ahead = np.linspace(0.0, _OUTLOOK, 9) * np.maximum(rate, self._rate)[:, None]
        _, velocity, _ = self._motion.sample_many((path[:, None] + ahead).ravel())
        fastest = np.maximum(np.abs(velocity).reshape(*ahead.shape, -1).max(axis=1), 1e-6)
        hardest = np.minimum((self._limits.acceleration / fastest).min(axis=1), _HARDEST)
        return hardest, np.minimum((self._limits.jerk / fastest).min(axis=1), _SHARPEST)

    def _needed(self, scaling: TimeScaling, offer: _Offer) -> tuple[float, float]:
        """How many times as gentle a change must be, and the path's last time at which none will do [s]."""
        times = self._sample_times(scaling, offer)
        if len(times) < 2:
            return 0.0, -math.inf
        path, rates, slopes = scaling.many(times)
        _, first, second = self._motion.sample_many(path)
        rate = rates[:, None]
        if (np.abs(first) * rate > np.maximum(self._limits.velocity, np.abs(first)) * (1.0 + _TINY)).any():
            return math.inf, -math.inf
        own, added = second * rate**2, first * slopes[:, None]
        span = np.diff(times)[:, None]
        own_jerk = np.diff(second, axis=0) / span * (np.diff(path)[:, None] / span) ** 2
        added_jerk = np.diff(own + added, axis=0) / span - own_jerk
        is_beyond = np.abs(own_jerk) > self._limits.jerk
        is_step = self._is_step(path, is_beyond, self._step)
        is_short = is_step & self._is_step(path, is_beyond, retiming.STEP)
        by_acceleration = _needed(own, added, self._limits.acceleration, is_short)
        by_jerk = np.sqrt(_needed(own_jerk, added_jerk, self._limits.jerk, is_step[:-1] & is_step[1:]))
        needed = by_acceleration.max(axis=1)
        needed[:-1] = np.maximum(needed[:-1], by_jerk.max(axis=1))
        blocked = path[needed * offer.gentleness > _GENTLER[-1]]
        return float(needed.max()), float(blocked.max(initial=-math.inf))

    def _sample_times(self, scaling: TimeScaling, offer: _Offer) -> Array:
        """Times while a change goes on, with those of the path's knots [s]."""
        end = min(offer.end, scaling.reaches(self._motion.duration))
        if end - offer.begin < _CLOSEST:
            return np.zeros(0)
        count = min(max(math.ceil((end - offer.begin) / _SPACING), _FEWEST), _MOST_SAMPLES)
        even = np.linspace(offer.begin, end, count + 1)
        knots = self._motion.knots
        inside = scaling.times_of(knots[(knots > scaling.at(offer.begin).time) & (knots < scaling.at(end).time)])
        bends = scaling.times[(scaling.times > offer.begin) & (scaling.times < end)]
        samples = np.sort(np.concatenate((even, inside, bends)))
        return samples[np.diff(samples, prepend=-np.inf) > _CLOSEST]

    def _is_step(self, path: Array, is_beyond: npt.NDArray[np.bool_], longest: float) -> npt.NDArray[np.bool_]:
        """Which joints' steps times of the path lie in, Shape (k, n).

        Args:
            path: times of the path [s], Shape (k,).
            is_beyond: whether a joint's own jerk is beyond its limit from one time to the next, Shape (k - 1, n).
            longest: spline that is taken for a step [s].
        """
        if not is_beyond.any():
            return np.zeros((len(path), is_beyond.shape[1]), dtype=bool)
        splines = np.diff(self._motion.knots)
        index = self._motion.knots.searchsorted(path, side="right") - 1
        is_short = splines[np.clip(index, 0, len(splines) - 1)] < longest
        is_step: npt.NDArray[np.bool_] = is_short[:, None] & is_beyond[is_short[:-1]].any(axis=0)
        return is_step


def _needed(own: Array, added: Array, limit: Array, is_step: npt.NDArray[np.bool_]) -> Array:
    """How many times too large what a change adds is; Shape (k, n)."""
    room = np.maximum(limit * _SHARE, np.abs(own)) - np.sign(added) * own
    needed: Array = np.abs(added) / np.maximum(room, limit * _TINY)
    needed[is_step] = 0.0
    return needed


def _fails_too(other: _Offer, offer: _Offer, needed: float, blocked: float) -> bool:
    """Whether another change is known to fail for the same reason as one that was tried."""
    if other.begin == offer.begin and other.gentleness < offer.gentleness * math.sqrt(needed):
        return True
    return other.phases[0][1] < blocked < other.phases[-1][1]


def _is_forward(offer: _Offer) -> bool:
    """Whether the rate stays at 0 or above, since a path is not followed backwards."""
    _, _, rate, slope, bend = offer.phases[0]
    return slope >= 0.0 or (bend > 0.0 and rate - slope**2 / (2.0 * bend) > -_STEADY)


def _phases(begin: float, moment: Moment, wanted: float, hardest: float, sharpest: float) -> list[Phase]:
    """The quickest change of a rate: the slope goes to a peak, is kept, and goes to 0."""
    path, rate, slope = moment.time, moment.rate, moment.slope
    still = rate + slope * abs(slope) / (2.0 * sharpest)
    sign = 1.0 if wanted >= still else -1.0
    peak = sign * min(hardest, math.sqrt(max(sharpest * sign * (wanted - rate) + slope**2 / 2.0, 0.0)))
    first, last = abs(peak - slope) / sharpest, abs(peak) / sharpest
    turned = (slope + peak) / 2.0 * first + peak / 2.0 * last
    middle = max((wanted - rate - turned) / peak, 0.0) if peak else 0.0
    phases = []
    bends = math.copysign(sharpest, peak - slope), 0.0, -sign * sharpest
    for length, bend in zip((first, middle, last), bends, strict=True):
        phases.append((begin, path, rate, slope, bend))
        begin += length
        path += length * (rate + length * (slope / 2.0 + length * bend / 6.0))
        rate += length * (slope + length * bend / 2.0)
        slope += length * bend
    return [*phases, (begin, path, wanted, 0.0, 0.0)]
