"""Whether a refusal is written for a person: what every test looks for in all that it provokes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from armature.errors import ArmatureError

_FLAWS = {
    "more than one line": r"\n",
    "a traceback": r"Traceback",
    "a number of the system's in place of its words": r"\[Errno",
    "an object of Python's": r"<class |object at 0x|mappingproxy|dict_keys|np\.float|np\.int|PosixPath",
    "a name that nobody can write": r"(?<![\w/.])_[a-z]\w*|(?<!ros)__(?!ns:)[a-z]",
    "a list of nothing": r"(?<!they )\b(?:are|of) *(?:;|,|$)|\bof +once\b",
    "nothing to do": r"; *$",
}
# A name with an underscore stands as it is to be written: in quotes; in the place with which a refusal begins; in
# a list ("joints are a, b"); with its value; in a path; or it is one of ours, of a file or an interface.
# In a sentence a robot's names stand in quotes (`armature.errors.named`).
_PLACE = re.compile(r"^(?:[^;']*?: )+")
_LISTED = re.compile(
    r"\b(?:are|has|use|mean|several|found|expected)(?: [^ ,;]+,)* [^ ,;?]+(?: (?:or|and|to) [^ ,;?]+)*"
)
_MEANT = re.compile(r"\b(?:at|for)(?: [^ ,;]+,)* [^ ,;]+")
_WRITTEN = re.compile(r"(?:\w+, )*\w+(?=: )|[^\s,;]*/[^\s,;]*|[\w.]+=\S+|\b[A-Z][A-Z0-9_]+\b|\w+\.[\w.]+")
_OURS = {
    *("ros__parameters", "zero_offset", "current_limit", "torque_constant", "max_missed_reads", "state_folder"),
    *("xacro_args", "use_gripper", "use_sim_time", "time_from_start", "joint_names", "path_tolerance"),
    *("goal_tolerance", "allow_integration_in_goal_trajectories", "controller_state", "move_to", "move_line"),
    *(
        "servo_interface",
        "arm_controller",
        "gripper_controller",
        "state_publisher",
        "move_joints",
        "clear_faults",
        "torque_off",
        "park_pose",
        "baud_rate",
        "disable_collisions",
    ),
}
_UNDERSCORED = re.compile(r"[A-Za-z0-9_]*[A-Za-z0-9]_[A-Za-z]\w*")


@contextmanager
def noted_refusals() -> Iterator[list[str]]:
    """Note the words of every refusal that is made meanwhile."""
    told: list[str] = []
    usual = ArmatureError.__init__

    def noting(self: ArmatureError, *words: object) -> None:
        super(ArmatureError, self).__init__(*words)
        told.extend(map(str, getattr(self, "parts", (self,))))  # of several each is a line of its own

    ArmatureError.__init__ = noting
    try:
        yield told
    finally:
        ArmatureError.__init__ = usual


def flaws_in(text: str) -> list[str]:
    """What is wrong with the words of a refusal; text in quotes is somebody else's."""
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "'…'", text)
    sentence = _WRITTEN.sub("", _LISTED.sub("", _MEANT.sub("", _PLACE.sub("", bare))))
    loose = [f"{name} without quotes" for name in _UNDERSCORED.findall(sentence) if name not in _OURS]
    return [flaw for flaw, pattern in _FLAWS.items() if re.search(pattern, bare)] + loose
