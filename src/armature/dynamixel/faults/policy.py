"""What is done about each cause: the settings of the fault state machine, filled from the parameter file.

Parameters of the servo interface, and where they arrive (`FaultPolicy.read` takes them as they stand):

    faults.<cause>.policy          hold | back_off | stop | slow | park | torque_off, for the causes of `ALLOWED`
    faults.missing.returns         how often within a minute a missing servo may come back by itself
    faults.temperature.warn        [K] below the servo's Temperature Limit(31); .slow, .stop, .hysteresis likewise
    faults.load.warn               share of the stall torque (root mean square); .slow, .stop, .hysteresis likewise
    faults.load.time               over which that mean is taken [s]
    faults.following_error.time    how long a joint may be farther from its set-point than its bound [s]
    faults.contact.time            how long a joint may give more torque than its load explains by its bound [s]
    faults.encoder_mismatch.bound  how far apart the two servos of one joint may see it, as their angle [rad]
    faults.limit.margin            share of a joint's span that it may be beyond its limit
    faults.communication.share     of the last 100 answers of one servo that may be missing
    faults.slow_factor             of the controller's speed while something asks for less, 0 to 1
    faults.bus_watchdog.time       after which a servo that receives nothing stops [s]; 0 leaves it off
    faults.park_time               the longest way to park [s]

Settings of each joint are the bounds of the following error, <joint>.following_error [rad] or [m], and of the
torque beyond its known load, <joint>.contact [N·m] or [N]; 0 for off.

What needs the process around the loop: `slow` shows as `ServoLoop.speed_factor`, which the arm controller applies;
`park` as `ServoLoop.wants_park` until it is asked to park, since only the other half knows a free way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from armature.core.health import Thresholds
from armature.dynamixel.status.cause import Cause, Reaction
from armature.errors import ConfigError, bounds, listed

# What each cause allows, its default first: a limp joint cannot park, a lost bus cannot be commanded.
ALLOWED: Mapping[Cause, tuple[Reaction, ...]] = {
    **dict.fromkeys(
        (Cause.ELECTRICAL_SHOCK, Cause.ENCODER, Cause.OVERHEATING, Cause.OVERLOAD, Cause.INPUT_VOLTAGE),
        (Reaction.STOP, Reaction.HOLD, Reaction.TORQUE_OFF),
    ),
    Cause.DISCONNECTED: (Reaction.STOP, Reaction.HOLD),
    Cause.MISSING: (Reaction.STOP, Reaction.HOLD),
    Cause.MULTI_TURN_POSITION_LOST: (Reaction.STOP, Reaction.HOLD),
    Cause.SILENT_RESET: (Reaction.STOP, Reaction.HOLD),
    Cause.BUS_WATCHDOG: (Reaction.STOP, Reaction.HOLD),
    Cause.ENCODER_MISMATCH: (Reaction.STOP, Reaction.HOLD, Reaction.TORQUE_OFF),
    Cause.LIMIT: (Reaction.STOP, Reaction.HOLD, Reaction.PARK, Reaction.TORQUE_OFF),
    **dict.fromkeys(
        (Cause.BLOCKED, Cause.FOLLOWING_ERROR, Cause.CONTACT),
        (Reaction.BACK_OFF, Reaction.STOP, Reaction.HOLD, Reaction.PARK, Reaction.TORQUE_OFF),
    ),
    Cause.TEMPERATURE: (Reaction.STOP, Reaction.HOLD, Reaction.SLOW, Reaction.PARK, Reaction.TORQUE_OFF),
    Cause.LOAD: (
        *(Reaction.BACK_OFF, Reaction.STOP, Reaction.HOLD, Reaction.SLOW),
        *(Reaction.PARK, Reaction.TORQUE_OFF),
    ),
    Cause.COMMUNICATION: (Reaction.STOP, Reaction.HOLD, Reaction.SLOW, Reaction.PARK),
    Cause.PROTECTIVE_STOP: (Reaction.STOP, Reaction.TORQUE_OFF),
    Cause.OPERATOR_STOP: (Reaction.STOP,),
    Cause.CONTROLLER_GONE: (Reaction.HOLD, Reaction.STOP, Reaction.PARK),
}


_TEMPERATURE = Thresholds(warn=-15.0, slow=-10.0, stop=-5.0, hysteresis=2.0)
_LOAD = Thresholds(warn=0.6, slow=0.7, stop=0.8, hysteresis=0.05)


@dataclass(frozen=True)
class FaultPolicy:
    """Reactions and thresholds; the defaults are safe for an arm that has not been measured yet.

    Raises:
        ConfigError: a reaction that its cause does not allow, or a number out of its range.
    """

    reactions: Mapping[Cause, Reaction] = field(default_factory=dict)  # where they differ from the defaults
    temperature: Thresholds = _TEMPERATURE  # above the servo's Temperature Limit(31), so negative [K]
    load: Thresholds = _LOAD  # share of the stall torque
    returns: float = 3.0  # of a missing servo, by itself within a minute
    load_time: float = 1.0  # [s]
    following_time: float = 0.5  # [s]
    contact_time: float = 0.05  # [s]
    encoder_mismatch: float = 0.05  # [rad] of the servos, 33 ticks: a slipped horn, a broken coupling
    limit_margin: float = 0.05  # of a joint's span; set-points may go 0.02 beyond
    missed_share: float = 0.3  # of the last 100 answers
    slow_factor: float = 0.3
    watchdog_time: float = 0.2  # [s]
    park_time: float = 20.0  # [s]

    def __post_init__(self) -> None:
        for cause, reaction in self.reactions.items():
            if reaction not in ALLOWED[cause]:
                allowed = listed("policies of this cause", map(str, ALLOWED[cause]))
                raise ConfigError(f"parameter faults.{cause.value}.policy", str(reaction), allowed)
        for name, low, high in _RANGES:
            value = getattr(self, name)
            if not low <= value <= high:
                where = f"parameter faults.{_NAMES.get(name, name)}"
                raise ConfigError(where, value, f"it must be within {bounds(low, high, value, 'g', 'and')}")

    def reaction(self, cause: Cause) -> Reaction:
        """What is done about a cause."""
        return self.reactions.get(cause, ALLOWED[cause][0])

    @staticmethod
    def read(settings: Mapping[str, Any]) -> FaultPolicy:
        """Read parameters by their dotted names without the leading "faults.", for example {"load.time": 1.0}.

        Raises:
            ConfigError: a name that nothing reads, or a value that cannot be used.
        """
        values: dict[str, Any] = {}
        reactions: dict[Cause, Reaction] = {}
        thresholds: dict[str, dict[str, float]] = {}
        for name, value in settings.items():
            first, _, last = name.partition(".")
            if name in _FIELDS:
                values[_FIELDS[name]] = _number(name, value)
            elif last == "policy" and first in _CAUSES:
                reactions[_CAUSES[first]] = _reaction(name, value)
            elif first in _STAGED and last in _STAGES:
                thresholds.setdefault(first, {})[last] = _sign(first, last) * _number(name, value)
            else:
                raise ConfigError("parameter", f"faults.{name}", f"there are {', '.join(sorted(_all_names()))}")
        for first, given in thresholds.items():
            default = getattr(FaultPolicy, first)
            values[first] = Thresholds(**{stage: given.get(stage, getattr(default, stage)) for stage in _STAGES})
        return FaultPolicy(reactions=reactions, **values)

    def settings(self) -> dict[str, Any]:
        """All parameters with their values, as `read` takes them: the defaults to declare, or what is in force."""
        named: dict[str, Any] = {f"{cause.value}.policy": str(self.reaction(cause)) for cause in ALLOWED}
        named |= {name: getattr(self, key) for name, key in _FIELDS.items()}
        for first in _STAGED:
            for stage in _STAGES:
                named[f"{first}.{stage}"] = _sign(first, stage) * getattr(getattr(self, first), stage)
        return named


def meanings() -> dict[str, str]:
    """What each parameter of `FaultPolicy.settings` means, as the head of this module says it."""
    texts = dict(re.findall(r"^    faults\.(\S+) +(.+)$", __doc__ or "", re.MULTILINE))
    return {name: texts.get(name) or _meaning(name, texts) for name in FaultPolicy().settings()}


def _meaning(name: str, texts: Mapping[str, str]) -> str:
    first, _, last = name.partition(".")
    if last == "policy":
        allowed = ", ".join(map(str, ALLOWED[_CAUSES[first]]))
        return f"one of {allowed}" if ", " in allowed else f"{allowed} only"
    stage = "of the way back" if last == "hysteresis" else f"to {last}"
    return f"{texts[f'{first}.warn'].partition(';')[0]}, {stage}"


def ranges() -> dict[str, tuple[float, float]]:
    """Least and greatest value of the parameters of `FaultPolicy.settings` that have them."""
    return {_NAMES[name]: (low, high) for name, low, high in _RANGES}


_CAUSES = {cause.value: cause for cause in Cause}
_STAGED = (Cause.TEMPERATURE.value, Cause.LOAD.value)
_STAGES = tuple(item.name for item in fields(Thresholds))
_FIELDS = {
    "missing.returns": "returns",
    "load.time": "load_time",
    "following_error.time": "following_time",
    "contact.time": "contact_time",
    "encoder_mismatch.bound": "encoder_mismatch",
    "limit.margin": "limit_margin",
    "communication.share": "missed_share",
    "slow_factor": "slow_factor",
    "bus_watchdog.time": "watchdog_time",
    "park_time": "park_time",
}
_NAMES = {key: name for name, key in _FIELDS.items()}
_RANGES = (
    ("returns", 0.0, 1_000.0),
    ("load_time", 0.01, 60.0),
    ("following_time", 0.0, 10.0),
    ("contact_time", 0.0, 10.0),
    ("encoder_mismatch", 0.001, 1.0),
    ("limit_margin", 0.02, 1.0),
    ("missed_share", 0.01, 1.0),
    ("slow_factor", 0.05, 1.0),
    ("watchdog_time", 0.0, 2.54),  # e-Manual, "Bus Watchdog(98)": at most 127 units of 20 ms
    ("park_time", 1.0, 45.0),  # the page waits 60 s; launch and the runner 10 s more than this (stop_timeouts.py)
)


def _sign(first: str, stage: str) -> float:
    """Temperatures are given as so many kelvin below the servo's limit."""
    return -1.0 if first == Cause.TEMPERATURE.value and stage != "hysteresis" else 1.0


def _all_names() -> list[str]:
    return [f"faults.{name}" for name in FaultPolicy().settings()]


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ConfigError(f"parameter faults.{name}", value, "a number is needed")
    return float(value)


def _reaction(name: str, value: object) -> Reaction:
    try:
        return Reaction(str(value))
    except ValueError as error:
        known = ", ".join(map(str, Reaction))
        raise ConfigError(f"parameter faults.{name}", value, f"policies are {known}") from error
