"""Makes the report of a bag: how well the arm followed, how regularly it was read, what happened."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from armature.errors import RecordingError
from armature.recording.report import analysis
from armature.recording.report.analysis import Series
from armature.recording.report.page import page
from armature.recording.report.plots import joint_plot, period_plot, state_plot
from armature.recording.report.recorded import COMMANDED, CONTROLLER_STATE, JOINT_STATES, Recorded, read_bag
from armature.recording.report.summary import JointSummary, ReportSummary
from armature.recording.report.timeline import torque_on

# Movement below which no lag is measured: well above a servo's resolution (0.0015 rad) and its dead band.
_LEAST_TRAVEL = {False: 0.02, True: 0.001}  # [rad], [m]
_EMPTY = Series(np.empty(0), np.empty(0))


def write_report(bag: Path, out: Path | None = None) -> ReportSummary:
    """Read a bag and write its report as one self-contained HTML file.

    Args:
        bag: the bag's folder, or its MCAP file; it may be unfinished.
        out: the file; default report.html in the bag's folder.

    Raises:
        RecordingError: the bag cannot be read, holds nothing to report, or the file cannot be written.
    """
    recorded = read_bag(bag)
    source, commanded = _commands(recorded)
    if not recorded.measured and not recorded.entries:
        raise RecordingError(str(bag), f"holds neither {JOINT_STATES} nor states or faults: nothing to report")
    out = out or (bag if bag.is_dir() else bag.parent) / "report.html"
    errors = {joint: _error(recorded, commanded, joint) for joint in recorded.measured}
    joints = tuple(_joint(recorded, commanded, joint, errors[joint]) for joint in recorded.measured)
    summary = _summary(recorded, out, source, joints)
    drawings = [(joint, _joint_drawing(recorded, commanded, joint, errors[joint.name])) for joint in joints]
    text = page(summary, _states(recorded), _periods(recorded), drawings, recorded.entries)
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RecordingError(str(out), f"cannot be written: {error.strerror}") from error
    return summary


def _commands(recorded: Recorded) -> tuple[str, Mapping[str, Series]]:
    """Commands as the servos got them; else as the controller followed them."""
    for topic in (COMMANDED, CONTROLLER_STATE):
        if recorded.commanded[topic]:
            return topic, {joint: _held(recorded, s) for joint, s in recorded.commanded[topic].items()}
    return "", {}


def _held(recorded: Recorded, commanded: Series) -> Series:
    """Only while torque was on: a limp joint follows nothing."""
    if not recorded.phases:
        return commanded
    on = analysis.within(commanded.times, torque_on(recorded.phases))
    slopes = None if commanded.slopes is None else commanded.slopes[on]
    return Series(commanded.times[on], commanded.values[on], slopes)


def _error(recorded: Recorded, commanded: Mapping[str, Series], joint: str) -> Series:
    return analysis.following_error(commanded.get(joint, _EMPTY), recorded.measured[joint])


def _joint(recorded: Recorded, commanded: Mapping[str, Series], name: str, error: Series) -> JointSummary:
    measured, linear = recorded.measured[name], name in recorded.linear
    worst = int(np.argmax(np.abs(error.values))) if len(error) else None
    return JointSummary(
        name=name,
        linear=linear,
        readings=len(measured),
        travel=measured.travel,
        largest_error=None if worst is None else float(abs(error.values[worst])),
        at=None if worst is None else float(error.times[worst]),
        rms_error=float(np.sqrt(np.mean(error.values**2))) if len(error) else None,
        lag=analysis.delay(commanded.get(name, _EMPTY), measured, _LEAST_TRAVEL[linear]),
    )


def _summary(recorded: Recorded, out: Path, source: str, joints: tuple[JointSummary, ...]) -> ReportSummary:
    return ReportSummary(
        bag=recorded.bag,
        out=out,
        start=recorded.start,
        duration=recorded.duration,
        messages=sum(recorded.counts.values()),
        commands=source,
        joints=joints,
        rate=analysis.rate(recorded.stamps),
        faults=sum(entry.kind == "fault" for entry in recorded.entries),
        dropped=sum(recorded.dropped.values()),
        notes=tuple(_notes(recorded, source)),
        lost=str(recorded.losses) if recorded.losses.is_grave else "",
    )


def _notes(recorded: Recorded, source: str) -> list[str]:
    noted = {CONTROLLER_STATE} if source == COMMANDED else set()
    notes = [f"{topic} is not in this bag." for topic in recorded.missing if topic not in noted]
    if lost := str(recorded.losses):
        notes.append(f"{lost[0].upper()}{lost[1:]}.")
    if recorded.continues:
        notes.append(f"It resumes {recorded.continues}, whose recorder ended; nothing was recorded between them.")
    notes += recorded.left_out
    if source == CONTROLLER_STATE:
        notes.append(f"Commands are taken from {CONTROLLER_STATE}, which names the arm's joints alone.")
    if not source and recorded.measured:
        notes.append(
            "Nothing commands these joints in this bag, so no following error and no lag can be measured."
        )
    if not recorded.phases and source:
        notes.append("No state was recorded, so times without torque count as following too.")
    for topic, count in recorded.dropped.items():
        notes.append(f"{count} messages of {topic} were lost while recording.")
    total = len(recorded.stamps)
    for joint, measured in recorded.measured.items():
        if len(measured) < total:
            notes.append(f"{joint} could not be read in {total - len(measured)} of {total} joint states.")
    return notes


def _states(recorded: Recorded) -> str:
    drawable = recorded.phases or recorded.entries
    return state_plot(recorded.phases, recorded.entries, recorded.axis_end) if drawable else ""


def _periods(recorded: Recorded) -> str:
    return period_plot(recorded.stamps, recorded.axis_end) if len(recorded.stamps) > 2 else ""


def _joint_drawing(recorded: Recorded, commanded: Mapping[str, Series], joint: JointSummary, error: Series) -> str:
    unit, scale = ("mm", 1000.0) if joint.linear else ("°", math.degrees(1.0))
    lines = [commanded.get(joint.name, _EMPTY), recorded.measured[joint.name], error]
    shown = [Series(line.times, scale * line.values) for line in lines]
    return joint_plot(joint.name, unit, shown[0], shown[1], shown[2], recorded.axis_end)
