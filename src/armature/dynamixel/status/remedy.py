"""Remedies, in words for people and as steps that a program can follow."""

from __future__ import annotations

from enum import Enum

from armature.core import recovery_commands as commands
from armature.dynamixel.status.cause import Cause


class RecoveryStep(str, Enum):
    """One step of a recovery; its value is its key in messages."""

    ENABLE = "enable"
    DISABLE = "disable"
    CLEAR_FAULTS = "clear_faults"
    TORQUE_OFF = "torque_off"
    REBOOT = "reboot"
    RELEASE = "release"  # the protective stop
    END_FREE_DRIVE = "end_free_drive"
    BY_HAND = "by_hand"  # work on the arm, its power or its cables, as the words say
    WAIT = "wait"

    def __str__(self) -> str:
        return self.value


_WORDS = {
    RecoveryStep.ENABLE: f"run {commands.ENABLE}",
    RecoveryStep.DISABLE: f"run {commands.DISABLE}, which parks it",
    RecoveryStep.CLEAR_FAULTS: f"run {commands.CLEAR}",
    RecoveryStep.TORQUE_OFF: f"support the arm, then run {commands.TORQUE_OFF}",
    RecoveryStep.REBOOT: "call /servo_interface/<joint>/reboot",
    RecoveryStep.RELEASE: f"run {commands.RELEASE}",
    RecoveryStep.END_FREE_DRIVE: f"run {commands.END_FREE_DRIVE}",
}


class Remedy(str):
    """A text, and the steps that it names, in their order."""

    steps: tuple[RecoveryStep, ...]
    __slots__ = ("steps",)

    def __new__(cls, text: str, *steps: RecoveryStep) -> Remedy:
        """Words of one's own, with the steps that they name."""
        remedy = super().__new__(cls, text)
        remedy.steps = steps
        return remedy

    @staticmethod
    def of(*parts: RecoveryStep | str) -> Remedy:
        """Steps in the words that they always have; any other text is something to do by hand."""
        texts = [_WORDS[part] if isinstance(part, RecoveryStep) else part for part in parts]
        return Remedy(
            ", then ".join(texts), *(p if isinstance(p, RecoveryStep) else RecoveryStep.BY_HAND for p in parts)
        )


CLEAR = Remedy(f"once the cause is gone, run {commands.CLEAR}", RecoveryStep.BY_HAND, RecoveryStep.CLEAR_FAULTS)
# A hardware error ends by a reboot, which costs the torque that some errors leave.
LET_DOWN = Remedy.of(RecoveryStep.DISABLE, RecoveryStep.CLEAR_FAULTS)
# Where the arm cannot park, it has to be supported meanwhile.
SUPPORT = Remedy.of(RecoveryStep.TORQUE_OFF, RecoveryStep.CLEAR_FAULTS, RecoveryStep.ENABLE)
REPLUG = Remedy(
    "check its cable and power; it is taken back automatically once it answers",
    RecoveryStep.BY_HAND,
    RecoveryStep.WAIT,
)
# Servos that go silent together: not each of them has lost its cable.
CHECK_BUS = Remedy(
    "check the adapter, the power, or whether this computer is overloaded; "
    "they are taken back automatically once they answer",
    RecoveryStep.BY_HAND,
    RecoveryStep.WAIT,
)
REPLUG_FIRST = Remedy(
    "check its cable and power; what else it needs is reported once it answers",
    RecoveryStep.BY_HAND,
    RecoveryStep.WAIT,
)
# A joint that is held beyond its limit has to be released by hand.
BRING_BACK = Remedy.of(RecoveryStep.TORQUE_OFF, "move it into its range", RecoveryStep.ENABLE)
WAIT_FOR_RESTART = Remedy(
    "wait until the bus process has restarted, which happens automatically", RecoveryStep.WAIT
)
FIX_BUS = Remedy("remove the reported cause; it is retried automatically", RecoveryStep.BY_HAND, RecoveryStep.WAIT)
RECONNECT = Remedy("reconnect the bus first", RecoveryStep.BY_HAND, RecoveryStep.WAIT)
RELEASE = Remedy.of(RecoveryStep.RELEASE)
END_FREE_DRIVE = Remedy.of(RecoveryStep.END_FREE_DRIVE)
RESTORE_TURNS = Remedy.of(
    RecoveryStep.TORQUE_OFF, "bring it by hand into the turn in which it starts", RecoveryStep.REBOOT
)
NOTHING = Remedy("")
_REMEDIES = {
    Cause.DISCONNECTED: Remedy(
        "check its cable and power; its joints are taken back automatically once they answer",
        RecoveryStep.BY_HAND,
        RecoveryStep.WAIT,
    ),
    Cause.MISSING: REPLUG,
    Cause.MULTI_TURN_POSITION_LOST: RESTORE_TURNS,
    Cause.OVERHEATING: Remedy.of("let it cool", RecoveryStep.CLEAR_FAULTS),
    Cause.TEMPERATURE: Remedy.of("let it cool", RecoveryStep.CLEAR_FAULTS),
    Cause.ENCODER_MISMATCH: Remedy.of("check its coupling and both zero offsets", RecoveryStep.CLEAR_FAULTS),
    Cause.CONTACT: Remedy.of(
        f"take away what it touches, or tell what the tool carries ({commands.PAYLOAD} MASS)",
        RecoveryStep.CLEAR_FAULTS,
    ),
    Cause.LOAD: Remedy(
        f"take load away, wait until its mean has fallen, then run {commands.CLEAR}",
        *(RecoveryStep.BY_HAND, RecoveryStep.WAIT, RecoveryStep.CLEAR_FAULTS),
    ),
    Cause.COMMUNICATION: Remedy(
        f"check its cable and plugs, wait until its answers come, then run {commands.CLEAR}",
        *(RecoveryStep.BY_HAND, RecoveryStep.WAIT, RecoveryStep.CLEAR_FAULTS),
    ),
    Cause.LIMIT: Remedy.of("bring it back into its range", RecoveryStep.CLEAR_FAULTS),
}


def remedy_of(cause: Cause) -> Remedy:
    """What recovers a joint from a cause, where nothing else is in the way."""
    return _REMEDIES.get(cause, CLEAR)
