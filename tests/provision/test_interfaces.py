from __future__ import annotations

import json
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import pytest

from armature.errors import SetupError
from armature.provision.command import Runner
from armature.provision.interfaces import PACKAGES, build, definitions

INTERFACES = Path(__file__).resolve().parents[2] / "src" / "armature" / "interfaces"

CONTROL_MSGS = {
    "action/ParallelGripperCommand": "adfd3c1ebe8abc38ebcc0e454b6423d291d4010dd5697d14eca5b9be4726ae18",
    "msg/DynamicJointState": "18024c98a62697680f581108eeed40b28fb4542fa0ac5a8e36f56c62b6813d26",
    "msg/InterfaceValue": "74a12144ef6b7af67533195cb30f7f607d3301b66950208a72d280695f3e190c",
    "msg/JointComponentTolerance": "739ea7566931944d33830fa10f1bf5e7a7fbdc3172bce7a7eaac642bd6e3ffa4",
    "msg/JointJog": "ba249455a20f70168a1acb7bf43b776b72ff1f7eb5fc4cfea443f749e963c6e7",
    "msg/JointTolerance": "c254f9cece0f3b733017b6990fd46d1326e25242d6b8844398c97d9a88e7d648",
    "msg/JointTrajectoryControllerState": "51d8dd89cc624cbe9daaeeb4d80d6de9b86168ffdc3be41fefc0953e3c26e480",
    "msg/SpeedScalingFactor": "0c240f349f2b74e33e8741f83e0f196ddeb6585923663876ed3c1f51f0566037",
    "srv/QueryTrajectoryState": "4a0935dffef18bc5b9e101c9d03d84e681ecd4cebd724b8f11fde008751a325a",
}
"""RIHS01 hashes of control_msgs 5.8.0 (Jazzy), equal in 6.8.0 (Kilted)."""

TF2_MSGS = {
    "msg/TF2Error": "db2485e7d6a0ec75bf087e058ee45df682acc3a621ca7780503d10aac141809a",
    "msg/TFMessage": "e369d0f05a23ae52508854b66f6aa0437f3449d652e8cbf22d5abe85d020f087",
}
TYPE_HASHES = {
    **{f"control_msgs/{name}": value for name, value in CONTROL_MSGS.items()},
    **{f"tf2_msgs/{name}": value for name, value in TF2_MSGS.items()},
}

GOAL_AND_RESULT = {
    "action/FollowJointTrajectory_Goal": "8a9060704b269608f5a340934cc26e66869dd14bdac29e2e7fd9ec8b9882d205",
    "action/FollowJointTrajectory_Result": "8002e99ed2c14c6faa522f2a93c26d744c5982f254f9e98ff9c6f19789bdb220",
}

FOLLOW_JOINT_TRAJECTORY = {
    "jazzy": "738ebcb7a2d7cfa42f9f1001cc99ce3a4383d1cfe508015d9be8485e4b1c66f6",
    "kilted": "ff29901b2693f5deb847e96084a1c2cdb26e70b7c847be21859b70a55fb29cf0",
}
"""The feedback differs between the two."""


def distro() -> str:
    """The distribution whose wheels this environment holds."""
    for name in FOLLOW_JOINT_TRAJECTORY:
        try:
            version(f"ros-{name}-rclpy")
        except PackageNotFoundError:
            continue
        return name
    pytest.skip("a ROS 2 installation brings its own control_msgs and tf2_msgs")


def built_hashes(name: str) -> dict[str, str]:
    """Hashes that the generator has computed for a type and the types in it, without their prefix."""
    description = Path(sys.prefix, "share", name).with_suffix(".json")
    entries = json.loads(description.read_text(encoding="utf-8"))["type_hashes"]
    return {entry["type_name"]: entry["hash_string"].removeprefix("RIHS01_") for entry in entries}


@pytest.mark.parametrize("name", TYPE_HASHES)
def test_definition_is_the_published_one(name: str) -> None:
    distro()
    assert built_hashes(name)[name] == TYPE_HASHES[name]


def test_action_is_the_distros_own() -> None:
    name = "control_msgs/action/FollowJointTrajectory"
    hashes = built_hashes(name)
    assert hashes[name] == FOLLOW_JOINT_TRAJECTORY[distro()]
    assert {part: hashes[f"control_msgs/{part}"] for part in GOAL_AND_RESULT} == GOAL_AND_RESULT


def test_every_definition_is_checked() -> None:
    kinds = ("msg", "srv", "action")
    files = [path for package in PACKAGES for kind in kinds for path in (INTERFACES / package / kind).glob("*.*")]
    names = {path.relative_to(INTERFACES).with_suffix("").as_posix() for path in files}
    assert names == {*TYPE_HASHES, "control_msgs/action/FollowJointTrajectory"}


def test_every_definition_has_its_class() -> None:
    missing = [name for name in TYPE_HASHES if find_spec(".".join(name.split("/")[:2])) is None]
    assert missing == []


def test_kilteds_own_definition_stands_before_the_common_one() -> None:
    assert definitions(INTERFACES, "control_msgs", "jazzy") == [INTERFACES / "control_msgs"]
    assert definitions(INTERFACES, "control_msgs", "kilted")[-1] == INTERFACES / "kilted" / "control_msgs"


def test_definition_that_does_not_parse_fails_with_the_log(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "msg").mkdir(parents=True)
    (source / "CMakeLists.txt").write_text((INTERFACES / "tf2_msgs/CMakeLists.txt").read_text())
    (source / "package.xml").write_text((INTERFACES / "tf2_msgs/package.xml").read_text())
    (source / "msg" / "Broken.msg").write_text("flaot64 x y z\n")
    with pytest.raises(SetupError, match=r"tf2_msgs: .*rror.*whole log"):
        build(Runner(tmp_path), Path(sys.prefix), "tf2_msgs", [source], tmp_path)
