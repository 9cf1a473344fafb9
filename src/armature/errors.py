"""Everything that Armature raises, in one tree.

ArmatureError
 ├─ ConfigError(…, ValueError)      a file or parameter: where, value, what is allowed
 │   └─ ConfigErrors                several of them, one a line
 ├─ GoalRefused(…, ValueError)      a command that may not start: where, value, bound
 ├─ CommandRefused                  a request that the present state does not allow: why, what to do
 │   ├─ ParkingInterrupted          parking had begun, and ended before its pose: why, what to do
 │   └─ MuteServo                   a servo answers pings and nothing else: which, what to do
 ├─ MotionFailed                    a motion that ended before its goal: why
 │   └─ MotionTimeout(…, TimeoutError)  one that takes longer than it was given: how long
 ├─ NotRead(…, LookupError)         a value that was not read lately: which, why
 ├─ BusError                        the servo bus: port
 │   ├─ PortError(…, OSError)       the port cannot be opened, or is gone
 │   ├─ ServoTimeout(…, TimeoutError)   ids that stayed silent
 │   ├─ CorruptPacket               bytes that are not a valid packet
 │   ├─ ServoRefused                a servo answered with an error number
 │   └─ BusMismatch                 the servos found are not the servos expected
 ├─ RecordingError                  a recording: path, reason
 ├─ ProcessError                    a process of the graph: which, reason, remedy
 ├─ InternalError                   an error of the program itself: which
 └─ SetupError                      a step that prepares the machine: which, reason, remedy
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher, get_close_matches

PARKING_INTERRUPTED = "parking was interrupted: "


_FEW = 8  # names that are told all
_LONGEST = 1e12  # numbers that are told to the thousandth
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def format_value(value: object, allowed: str = "") -> str:
    """A value as its file has it: text in quotes, a number with six digits, or as many as it takes.

    Args:
        value: any.
        allowed: the text with the bounds.
    """
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple, set, frozenset)):
        return f"[{', '.join(_inner(each, allowed) for each in value)}]"
    if isinstance(value, Mapping):
        pairs = (f"{_inner(key, allowed)}: {_inner(each, allowed)}" for key, each in value.items())
        return f"{{{', '.join(pairs)}}}"
    if not isinstance(value, float):
        return repr(value)
    return repr(float(_apart(value, map(float, _NUMBER.findall(allowed)), f".{_digits(value)}g")))


def _digits(value: float) -> int:
    """Six, or so many that a time since 1970 keeps its milliseconds."""
    whole = len(f"{abs(value):.0f}") if abs(value) < _LONGEST else 0
    return max(6, whole + 3)


def _inner(value: object, allowed: str) -> str:
    """Within a list or a mapping text stands bare."""
    return value if isinstance(value, str) else format_value(value, allowed)


def apart(number: float, other: float, spec: str = ".4f") -> str:
    """A number as a format writes it, or with as many digits more as tell it from another one."""
    return _apart(number, (other,), spec)


def bounds(lower: float, upper: float, value: float, spec: str = ".4f", word: str = "to") -> str:
    """Two bounds, with the digits that tell them from a value beyond them."""
    return f"{apart(lower, value, spec)} {word} {apart(upper, value, spec)}"


def listed(kind: str, names: Iterable[str]) -> str:
    """What there is of a kind, in words; where a name is no plain word all stand in quotes."""
    known = _alike(names, r"[\w.+/()-]+")
    return f"{kind} are {known}" if known else f"there are no {kind}"


def named(*names: str) -> str:
    """Names of a robot's in a sentence: where one is no plain word all stand in quotes."""
    return _alike(names, r"[A-Za-z][A-Za-z0-9-]*")


def _alike(names: Iterable[str], plain: str) -> str:
    known = list(names)
    return ", ".join(known if all(re.fullmatch(plain, name) for name in known) else map(repr, known))


def closest(name: str, known: Iterable[str], cutoff: float = 0.7) -> list[str]:
    """The known name that is nearest to another one, or two that are equally near; none where none is near."""
    near = get_close_matches(name, known, n=2, cutoff=cutoff)
    return near if len({SequenceMatcher(None, each, name).ratio() for each in near}) == 1 else near[:1]


def nearest(name: str, known: Iterable[str], kind: str = "parameters") -> str:
    """What was meant by a name that nothing has, and all names where they are few."""
    names = sorted(known)
    near = closest(name, names)
    meant = f"did you mean {' or '.join(near)}?" if near else ""
    if len(names) > _FEW:
        return meant or f"no name is near it: leave it out (all {kind}: docs/reference/robot_files.md)"
    return " ".join(filter(None, (meant, listed(kind, names))))


def _apart(number: float, others: Iterable[float], spec: str) -> str:
    sides = [(other, _side(number, other)) for other in others]
    texts = (f"{number:{spec}}", *(f"{number:.{digits}g}" for digits in range(6, 18)))
    apart = (text for text in texts if all(_side(float(text), other) == side for other, side in sides))
    return next(apart, texts[0])


def _side(number: float, other: float) -> int:
    return int(number > other) - int(number < other)


def system_reason(error: Exception) -> str:
    """Why the system refused something, in its own words without a number or the path again."""
    # As OSError writes it, or as termios does within other words.
    found = re.findall(r"\[Errno -?\d+\] ([^:\[]+)|\(\d+, '([^']+)'\)", str(error))
    return "".join(found[-1]).strip() if found else str(error)


def _refusal(where: str, value: object, allowed: str, verdict: str) -> str:
    refused = "nothing is given" if value is None else f"{format_value(value, allowed)} {verdict}"
    return f"{where}: {refused}; {allowed}"


class ArmatureError(Exception):
    """Base of all errors that Armature raises."""

    def __str__(self) -> str:
        """One line that no name in it can break, nor use to command a terminal."""
        return "".join(one if one.isprintable() else repr(one)[1:-1] for one in super().__str__())


class ConfigError(ArmatureError, ValueError):
    """A file or a parameter holds a value that cannot be used.

    Examples: an unknown joint in the wiring file, a duplicate id, a limit reversed, a number without a unit.
    """

    def __init__(self, where: str, value: object, allowed: str) -> None:
        super().__init__(_refusal(where, value, allowed, "cannot be used"))
        self.where = where
        self.value = value
        self.allowed = allowed

    @property
    def parts(self) -> tuple[ConfigError, ...]:
        """The errors that it tells, each by itself."""
        return (self,)


class ConfigErrors(ConfigError):
    """Several values that cannot be used, all told at once, one a line.

    Examples: the parameters of a file that was written for another controller.
    """

    def __init__(self, parts: Sequence[ConfigError]) -> None:
        self._parts = tuple(parts)
        super().__init__(parts[0].where, parts[0].value, parts[0].allowed)

    @property
    def parts(self) -> tuple[ConfigError, ...]:
        """See `ConfigError`."""
        return self._parts

    def __str__(self) -> str:
        """Each in its line."""
        return "\n".join(map(str, self._parts))


class GoalRefused(ArmatureError, ValueError):
    """A command is refused before anything moves.

    Examples: an unknown joint, times that do not increase, a position outside its limit.
    """

    def __init__(self, where: str, value: object, allowed: str, unit: str = "") -> None:
        super().__init__(_refusal(where, value, allowed, " ".join(filter(None, (unit, "refused")))))
        self.where = where
        self.value = value
        self.allowed = allowed


class CommandRefused(ArmatureError):
    """A request that the present state does not allow, with what would work."""

    def __init__(self, request: str, why: str, remedy: str) -> None:
        super().__init__(f"{request} refused: {why}; {remedy}")
        self.remedy = remedy

    @classmethod
    def from_message(cls, message: str) -> CommandRefused:
        """A refusal in the words of the process that has answered with it."""
        refusal = cls.__new__(cls)
        ArmatureError.__init__(refusal, message)
        refusal.remedy = message.rpartition("; ")[2]
        return refusal


class ParkingInterrupted(CommandRefused):
    """Parking that had begun, and ended before the arm was in its pose, with what would work."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__("disable", why, remedy)
        self.args = (f"{PARKING_INTERRUPTED}{why}; {remedy}",)


class MuteServo(CommandRefused):
    """A servo that answers pings and nothing else; its cable is well."""

    def __init__(self, request: str, servo_id: int, servo: str, register: str) -> None:
        why = f"id {servo_id} of {servo} answers pings and nothing else, as with a {register} of 0"
        super().__init__(request, why, f"armature setup --apply {servo} cures it, with this arm's --robot")


class MotionFailed(ArmatureError):
    """A motion that was refused, or ended before its goal, in the controller's words."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code  # of control_msgs/FollowJointTrajectory


class MotionTimeout(MotionFailed, TimeoutError):
    """A motion that is not at its goal after the time that it was given."""

    def __init__(self, motion: str, seconds: float, remedy: str) -> None:
        super().__init__(f"{motion} is not at its goal after {seconds:g} s; {remedy}")


class NotRead(ArmatureError, LookupError):
    """A value that is asked for by its name, and was not read lately."""

    def __init__(self, value: str, why: str, remedy: str) -> None:
        super().__init__(f"{value} is not known: {why}; {remedy}")


class BusError(ArmatureError):
    """Something is wrong on the servo bus."""


class PortError(BusError, OSError):
    """The serial port cannot be opened, or has gone."""

    def __init__(self, port: str, reason: str, remedy: str) -> None:
        super().__init__(f"{port}: {reason}; {remedy}")


class ServoTimeout(BusError, TimeoutError):
    """Servos that did not answer in time."""

    def __init__(self, ids: Iterable[int], request: str) -> None:
        self.ids = tuple(ids)
        super().__init__(f"no answer to {request} from id {', '.join(map(str, self.ids))}")


class CorruptPacket(BusError):
    """Bytes arrived that are not a valid packet."""

    def __init__(self, request: str) -> None:
        super().__init__(f"corrupt answer to {request}")


class ServoRefused(BusError):
    """A servo answered an instruction with an error number."""

    def __init__(self, servo_id: int, request: str, reason: str) -> None:
        super().__init__(f"servo {servo_id} refused {request}: {reason}")
        self.servo_id = servo_id


class ImplausibleAnswer(BusError):
    """A servo's answers contradict each other."""

    def __init__(self, servo_id: int, what: str) -> None:
        super().__init__(f"the answers of servo {servo_id} contradict each other: {what}")


class BusMismatch(BusError):
    """The servos on the bus are not those of the wiring file."""

    def __init__(self, port: str, expected: Iterable[str], found: Iterable[str]) -> None:
        super().__init__(
            f"{port}: expected {', '.join(expected)}; found {', '.join(found) or 'none'}; "
            "check power, cable, baud rate and the wiring file"
        )


class RecordingError(ArmatureError):
    """A recording cannot be written or read."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")


class ProcessError(ArmatureError):
    """A process of the graph could not be started, found or stopped."""

    def __init__(self, process: str, reason: str, remedy: str) -> None:
        super().__init__(f"{process}: {reason}; {remedy}")


class InternalError(ArmatureError):
    """An error of the program itself, which one request has met."""

    def __init__(self, error: Exception) -> None:
        super().__init__(f"internal error: {type(error).__name__}: {error}; the log says where, please report it")


class SetupError(ArmatureError):
    """A step that prepares the machine failed, or the machine lacks something."""

    def __init__(self, step: str, reason: str, remedy: str) -> None:
        super().__init__(f"{step}: {reason}; {remedy}")
