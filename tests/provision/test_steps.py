from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.provision.steps import SetupStep, find_outdated, perform_all


def nothing(*_: object) -> None:
    """Take anything, do nothing."""


def make(folder: Path, name: str = "one", **details: object) -> SetupStep:
    settings: dict[str, object] = {"action": nothing, "stamp": folder / f"{name}.sha256", **details}
    return SetupStep(name, name, **settings)  # type: ignore[arg-type]


def run(steps: list[SetupStep]) -> None:
    perform_all(steps, nothing, nothing, nothing)


def test_step_is_done_only_after_it_was_performed(tmp_path: Path) -> None:
    step = make(tmp_path)
    assert not step.is_done()
    run([step])
    assert step.is_done()


def test_changed_file_makes_a_step_due(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_text("a")
    step = make(tmp_path, inputs=[source])
    run([step])
    source.write_text("b")
    assert not step.is_done()


@pytest.mark.parametrize("change", ["edit", "add", "rename", "remove"])
def test_any_change_in_a_folder_makes_a_step_due(tmp_path: Path, change: str) -> None:
    folder = tmp_path / "folder" / "deep"
    folder.mkdir(parents=True)
    (folder / "a").write_text("a")
    step = make(tmp_path, inputs=[tmp_path / "folder"])
    run([step])
    if change == "edit":
        (folder / "a").write_text("b")
    elif change == "add":
        (folder / "b").write_text("")
    elif change == "rename":
        (folder / "a").rename(folder / "c")
    else:
        (folder / "a").unlink()
    assert not step.is_done()


def test_missing_product_makes_a_step_due(tmp_path: Path) -> None:
    product = tmp_path / "product"
    step = make(tmp_path, products=[product], action=product.touch)
    run([step])
    assert step.is_done()
    product.unlink()
    assert not step.is_done()


def test_failed_step_stays_due(tmp_path: Path) -> None:
    def fail() -> None:
        raise OSError("no space left")

    step = make(tmp_path, action=fail)
    with pytest.raises(OSError, match="no space left"):
        run([step])
    assert not step.is_done()


def test_step_that_needs_a_due_one_is_due_too(tmp_path: Path) -> None:
    first, second, other = make(tmp_path), make(tmp_path, "two", needs=["one"]), make(tmp_path, "three")
    run([first, second, other])
    assert find_outdated([first, second, other]) == []
    first.stamp.unlink()
    assert find_outdated([first, second, other]) == [first, second]


def test_interruption_does_not_leave_a_later_step_on_older_ones(tmp_path: Path) -> None:
    def fail() -> None:
        raise OSError("interrupted")

    first, second = make(tmp_path), make(tmp_path, "two", needs=["one"])
    run([first, second])
    first.stamp.unlink()
    failing = make(tmp_path, "two", needs=["one"], action=fail)
    with pytest.raises(OSError, match="interrupted"):
        run(find_outdated([first, failing]))
    assert first.is_done()
    assert find_outdated([first, second]) == [second]


def test_needed_step_comes_first(tmp_path: Path) -> None:
    order: list[str] = []
    run(
        [
            make(tmp_path, "a", action=lambda: order.append("a")),
            make(tmp_path, "b", action=lambda: order.append("b"), needs=["a"]),
            make(tmp_path, "c", action=lambda: order.append("c"), needs=["b"]),
        ]
    )
    assert order == ["a", "b", "c"]


def test_independent_steps_run_side_by_side(tmp_path: Path) -> None:
    meeting = threading.Barrier(2, timeout=10)
    steps = [make(tmp_path, name, action=meeting.wait) for name in ("a", "b")]
    run(steps)
    assert all(step.is_done() for step in steps)


def test_failure_stops_the_others_and_starts_no_more(tmp_path: Path) -> None:
    stopped = threading.Event()
    begun: list[str] = []

    def fail() -> None:
        raise OSError("broken")

    def long() -> None:
        assert stopped.wait(10)

    steps = [
        make(tmp_path, "bad", action=fail),
        make(tmp_path, "long", action=long),
        make(tmp_path, "after", needs=["long"]),
    ]
    with pytest.raises(OSError, match="broken"):
        perform_all(steps, lambda step: begun.append(step.name), nothing, stopped.set)
    assert "after" not in begun


@given(st.lists(st.tuples(st.text(), st.text()), unique=True, min_size=2, max_size=2))
def test_different_inputs_have_different_digests(pair: list[tuple[str, str]]) -> None:
    one, other = (make(Path("unused"), inputs=list(inputs)) for inputs in pair)
    assert one.digest() != other.digest()
