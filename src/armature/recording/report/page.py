"""The page of a report: one HTML file that needs nothing else, for dark and light."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from html import escape

from armature.recording.report.style import STYLE
from armature.recording.report.summary import JointSummary, ReportSummary
from armature.recording.report.timeline import Entry

_NONE = "\N{EN DASH}"
_SHOWN_GAPS = 5


def page(
    summary: ReportSummary,
    states: str,
    periods: str,
    joints: Sequence[tuple[JointSummary, str]],
    entries: Sequence[Entry],
) -> str:
    """Put a report together.

    Args:
        summary: its numbers.
        states: drawing of the states, or "".
        periods: drawing of the periods of joint states, or "".
        joints: each joint and its drawing.
        entries: what happened.
    """
    begin = f"{datetime.fromtimestamp(summary.start / 1e9, timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
    return "".join(
        [
            "<!doctype html>\n<html lang=en><head><meta charset=utf-8>",
            '<meta name=viewport content="width=device-width, initial-scale=1">',
            f"<title>{escape(summary.bag.name)}</title><style>{STYLE}</style></head><body><main>",
            f"<header><h1>{escape(summary.bag.name)}</h1>",
            f"<p>{begin} · {summary.duration:.1f} s · {summary.messages} messages</p></header>",
            _cards(summary),
            _notes(summary.notes),
            _section("States, goals and faults", states + _timeline(entries) if states or entries else ""),
            _section("Joints", _table(summary)),
            *(_section(joint.name, _caption(joint) + drawing) for joint, drawing in joints),
            _section("Joint states", _rate(summary) + periods if periods else ""),
            "</main></body></html>\n",
        ]
    )


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>" if content else ""


def _cards(summary: ReportSummary) -> str:
    cards = [
        ("largest following error", *_largest(summary.worst)),
        ("longest command-to-state lag", *_longest(summary.slowest)),
    ]
    if summary.rate is not None:
        jitter = f"jitter {1000 * summary.rate.jitter:.1f} ms (99 %)"
        cards.append(("joint states", f"{summary.rate.mean:.1f} Hz", jitter))
    gaps = len(summary.rate.gaps) if summary.rate else 0
    cards.append(("faults · gaps · dropped", f"{summary.faults} · {gaps} · {summary.dropped}", ""))
    return "<div class=cards>" + "".join(_card(*card) for card in cards) + "</div>"


def _card(label: str, value: str, detail: str) -> str:
    return f"<div><span>{escape(label)}</span><b>{escape(value)}</b><small>{escape(detail)}</small></div>"


def _largest(joint: JointSummary | None) -> tuple[str, str]:
    if joint is None or joint.largest_error is None or joint.at is None:
        return _NONE, "nothing to compare"
    return joint.format(
        joint.largest_error
    ), f"{joint.name} at {joint.at:.2f} s · {joint.exact(joint.largest_error)}"


def _longest(joint: JointSummary | None) -> tuple[str, str]:
    return (_NONE, "no joint moved enough to measure it") if joint is None else (joint.lag_text, joint.name)


def _notes(notes: Sequence[str]) -> str:
    if not notes:
        return ""
    return "<ul class=notes>" + "".join(f"<li>{escape(note)}</li>" for note in notes) + "</ul>"


def _timeline(entries: Sequence[Entry]) -> str:
    if not entries:
        return ""
    rows = "".join(
        f"<tr{' class=bad' if entry.bad else ''}><td class=n>{entry.time:.2f} s</td>"
        f"<td>{entry.kind}</td><td>{escape(entry.text)}</td></tr>"
        for entry in entries
    )
    return f"<div class=scroll><table><tr><th class=n>time</th><th>what</th><th></th></tr>{rows}</table></div>"


def _table(summary: ReportSummary) -> str:
    if not summary.joints:
        return ""
    head = "<tr><th>joint</th><th class=n>largest error</th><th class=n>at</th><th class=n>rms error</th>"
    head += "<th class=n>lag</th><th class=n>travel</th><th class=n>readings</th></tr>"
    return f"<table>{head}{''.join(_row(joint) for joint in summary.joints)}</table>"


def _row(joint: JointSummary) -> str:
    cells = [
        _length(joint, joint.largest_error),
        _NONE if joint.at is None else f"{joint.at:.2f} s",
        _length(joint, joint.rms_error),
        joint.lag_text,
        joint.format(joint.travel),
        str(joint.readings),
    ]
    return f"<tr><td>{escape(joint.name)}</td>" + "".join(f"<td class=n>{cell}</td>" for cell in cells) + "</tr>"


def _length(joint: JointSummary, value: float | None) -> str:
    return _NONE if value is None else f"{joint.format(value)}<br><small>{joint.exact(value)}</small>"


def _caption(joint: JointSummary) -> str:
    if joint.largest_error is None or joint.at is None:
        return "<p>No command to compare with.</p>"
    error = f"{joint.format(joint.largest_error)} at {joint.at:.2f} s"
    return f"<p>Largest following error {error}, lag {joint.lag_text}.</p>"


def _rate(summary: ReportSummary) -> str:
    rate = summary.rate
    if rate is None:
        return ""
    text = f"{rate.mean:.1f} Hz, median period {1000 * rate.period:.2f} ms, longest {1000 * rate.longest:.1f} ms."
    worst = sorted(sorted(rate.gaps, key=lambda gap: -gap.length)[:_SHOWN_GAPS], key=lambda gap: gap.start)
    longest = ", ".join(f"{1000 * gap.length:.0f} ms at {gap.start:.2f} s" for gap in worst)
    count = f"{len(rate.gaps)} gaps, the longest: {longest}." if longest else "No gaps."
    return f"<p>{text} {count}</p>"
