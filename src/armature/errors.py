"""Everything that Armature raises, in one tree.

ArmatureError
 ├─ ConfigError(…, ValueError)      a file or parameter: where, value, what is allowed
 ├─ GoalRefused(…, ValueError)      a command that may not start: where, value, bound
 ├─ CommandRefused                  a request that the present state does not allow: why, what to do
 │   └─ ParkingInterrupted          parking had begun, and ended before its pose: why, what to do
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

from collections.abc import Iterable

_ALIKE = 1e-3  # what four digits hardly show
PARKING_INTERRUPTED = "parking was interrupted: "


def format_value(value: object) -> str:
    """A value as a person reads it: a number of six digits is enough, text stands in quotes."""
    return repr(float(f"{value:.6g}") if isinstance(value, float) else value)


def describe_excess(value: float, lower: float, upper: float, unit: str) -> str:
    """How far a value is beyond its bounds, where rounded numbers in a message would look alike; else empty."""
    beyond = max(lower - value, value - upper)
    return f" (it is {beyond:.2g} {unit} beyond)" if 0.0 < beyond < _ALIKE else ""


class ArmatureError(Exception):
    """Base of all errors that Armature raises."""


class ConfigError(ArmatureError, ValueError):
    """A file or a parameter holds a value that cannot be used.

    Examples: an unknown joint in the wiring file, a duplicate id, a limit reversed, a number without a unit.
    """

    def __init__(self, where: str, value: object, allowed: str) -> None:
        super().__init__(f"{where}: {format_value(value)} cannot be used; {allowed}")
        self.where = where
        self.value = value
        self.allowed = allowed


class GoalRefused(ArmatureError, ValueError):
    """A command is refused before anything moves.

    Examples: an unknown joint, times that do not increase, a position outside its limit.
    """

    def __init__(self, where: str, value: object, allowed: str, unit: str = "") -> None:
        super().__init__(f"{where}: {' '.join(filter(None, (format_value(value), unit)))} refused; {allowed}")
        self.where = where
        self.value = value
        self.allowed = allowed


class CommandRefused(ArmatureError):
    """A request that the present state does not allow, with what would work."""

    def __init__(self, request: str, why: str, remedy: str) -> None:
        super().__init__(f"{request} refused: {why}; {remedy}")
        self.remedy = remedy


class ParkingInterrupted(CommandRefused):
    """Parking that had begun, and ended before the arm was in its pose, with what would work."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__("disable", why, remedy)
        self.args = (f"{PARKING_INTERRUPTED}{why}; {remedy}",)


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
            "check power, cable, baud rate and config/servos.yaml"
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
