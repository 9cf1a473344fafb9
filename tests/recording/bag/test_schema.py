from __future__ import annotations

import json

import pytest

from armature.errors import RecordingError
from armature.recording.bag.schema import message_schema, type_hash


@pytest.fixture
def shares(tmp_path):
    """Install definitions into a share/ folder of their own: path below share/ to text."""

    def install(**files):
        for name, text in files.items():
            path = tmp_path / "share" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return [tmp_path / "share"]

    return install


RULE = "=" * 80
FILES = {
    "a/msg/Outer.msg": "# of b/Comment\nb/Inner[<=3] inner\nNear near # c/No\n"
    "Header header\nint32 X=1\nstring<=9 s\n",
    "a/msg/Near.msg": "float64[2] values\n",
    "b/msg/Inner.msg": "a/msg/Near again\n",
    "std_msgs/msg/Header.msg": "builtin_interfaces/Time stamp\nstring frame_id\n",
    "builtin_interfaces/msg/Time.msg": "int32 sec\nuint32 nanosec\n",
    "unique_identifier_msgs/msg/UUID.msg": "uint8[16] uuid\n",
    "a/action/Go.action": "float64 goal\n---\nbool result\n---\na/Near now\n",
    "a/msg/Lost.msg": "nowhere/Thing thing\n",
}


def test_a_type_is_followed_by_what_it_contains_each_once(shares):
    text = message_schema("a/msg/Outer", shares(**FILES))
    first, *parts = text.split(RULE + "\n")
    assert first == FILES["a/msg/Outer.msg"]
    assert [part.splitlines()[0] for part in parts] == [
        "MSG: b/Inner",
        "MSG: a/Near",
        "MSG: std_msgs/Header",
        "MSG: builtin_interfaces/Time",
    ]
    assert parts[1] == "MSG: a/Near\nfloat64[2] values\n"


def test_an_actions_feedback_is_taken_from_the_action(shares):
    text = message_schema("a/action/Go_FeedbackMessage", shares(**FILES))
    assert text.startswith("unique_identifier_msgs/UUID goal_id\na/Go_Feedback feedback\n")
    assert f"{RULE}\nMSG: a/Go_Feedback\na/Near now\n{RULE}\nMSG: a/Near\n" in text


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("a/msg/Unknown", "a/msg/Unknown.msg"),
        ("a/msg/Lost", "nowhere/msg/Thing.msg"),
        ("a/action/Stay_FeedbackMessage", "a/action/Stay.action"),
    ],
)
def test_a_definition_that_is_not_installed_is_named(shares, name, missing):
    with pytest.raises(RecordingError, match=missing):
        message_schema(name, shares(**FILES))


def test_the_hash_is_the_one_installed(shares):
    hashes = [{"type_name": "a/action/Go_Feedback", "hash_string": "RIHS01_1"}]
    folder = shares(**{"a/action/Go.json": json.dumps({"type_hashes": hashes})})
    assert type_hash("a/action/Go_Feedback", folder) == "RIHS01_1"
    assert type_hash("a/action/Go_Result", folder) == ""
    assert type_hash("a/msg/Unknown", folder) == ""
