"""Plots of a report as inline SVG whose colours are CSS variables, so that the page's theme rules them."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from armature.recording.report.analysis import Array, Series
from armature.recording.report.timeline import Entry, Phase

# Stand-ins that no other part of a drawing uses; each becomes the CSS variable of its name.
_COLOURS = {
    "ink": "#010203",
    "muted": "#010204",
    "grid": "#010205",
    "commanded": "#010206",
    "measured": "#010207",
    "error": "#010208",
    "bad": "#010209",
    "good": "#01020a",
    "warn": "#01020b",
    "quiet": "#01020c",
    "paper": "#01020d",
    "hold": "#01020e",
}
_STATES = {
    "DISABLED": "quiet",
    "STARTING": "quiet",
    "HOLDING": "hold",
    "ENABLED": "good",
    "MOVING": "measured",
    "PARKING": "measured",
    "PROTECTIVE_STOP": "warn",
    "FAULT": "bad",
    "DISCONNECTED": "bad",
}
_STYLE = {
    "svg.fonttype": "none",
    "font.size": 9.0,
    "axes.edgecolor": _COLOURS["grid"],
    "axes.labelcolor": _COLOURS["muted"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.xmargin": 0.0,
    "grid.color": _COLOURS["grid"],
    "grid.linewidth": 0.6,
    "xtick.color": _COLOURS["grid"],
    "ytick.color": _COLOURS["grid"],
    "xtick.labelcolor": _COLOURS["muted"],
    "ytick.labelcolor": _COLOURS["muted"],
    "legend.frameon": False,
    "legend.labelcolor": _COLOURS["ink"],
    "lines.linewidth": 1.3,
    # The same margins in every drawing, so that their time axes stand one below the other.
    "figure.subplot.left": 0.062,
    "figure.subplot.right": 0.995,
}
_WIDTH = 10.0  # [in]
# Axes never show so little that the resolution of a servo looks like a motion or a fault; in [°] or [mm].
_LEAST_SPAN = 2.0
_LEAST_REACH = 0.2


def joint_plot(name: str, unit: str, commanded: Series, measured: Series, error: Series, end: float) -> str:
    """Commanded and measured above, following error below, over the time since the start.

    Args:
        name: of the joint.
        unit: of all values, "°" or "mm".
        commanded: what was asked for.
        measured: what was reached.
        error: their difference.
        end: of the time axis [s].
    """
    with mpl.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(_WIDTH, 3.5))
        figure.subplots_adjust(top=0.91, bottom=0.14, hspace=0.12)
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
        above.plot(*_curve(measured), color=_COLOURS["measured"], label="measured")
        above.plot(*_curve(commanded), color=_COLOURS["commanded"], label="commanded", linestyle=(0, (4, 2)))
        above.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, borderaxespad=0.0)
        above.set_ylabel(f"position [{unit}]")
        _widen(above)
        _draw_error(below, error)
        below.set(xlim=(0.0, end), xlabel="time [s]", ylabel=f"error [{unit}]")
        figure.align_ylabels()
        return _svg(figure, f"{name}: commanded and measured position, following error")


def state_plot(phases: Sequence[Phase], entries: Sequence[Entry], end: float) -> str:
    """The states as a band, what needs attention and the goals as marks on it."""
    with mpl.rc_context({**_STYLE, "svg.hashsalt": "states", "axes.grid": False}):
        figure = Figure(figsize=(_WIDTH, 1.2))
        figure.subplots_adjust(top=0.98, bottom=0.4)
        axes = figure.subplots()
        for phase in phases:
            axes.barh(0, phase.end - phase.start, left=phase.start, height=0.9, **_bar(phase))
            if phase.end - phase.start > 0.02 * len(phase.state) * end / 1.6:
                middle = (phase.start + phase.end) / 2
                axes.text(middle, 0, phase.state, ha="center", va="center", color=_COLOURS["paper"])
        _marks(axes, [e for e in entries if e.kind == "goal" and not e.bad], "v", "ink")
        _marks(axes, [e for e in entries if e.bad], "X", "bad")
        axes.set(xlim=(0.0, end), ylim=(-0.6, 1.15), yticks=[], xlabel="time [s]")
        axes.spines["left"].set_visible(False)
        return _svg(figure, "states, goals and faults over time")


def period_plot(stamps: Array, end: float) -> str:
    """The time between one joint state and the next."""
    with mpl.rc_context({**_STYLE, "svg.hashsalt": "periods"}):
        figure = Figure(figsize=(_WIDTH, 1.8))
        figure.subplots_adjust(top=0.97, bottom=0.27)
        axes = figure.subplots()
        periods = 1000.0 * np.diff(stamps)
        axes.plot(stamps[1:], periods, color=_COLOURS["measured"], linewidth=0.9, drawstyle="steps-pre")
        axes.set(xlim=(0.0, end), xlabel="time [s]", ylabel="period [ms]")
        axes.set_ylim(bottom=0.0)
        return _svg(figure, "period of joint states over time")


def _curve(values: Series) -> tuple[Array, Array]:
    """A line that breaks where nothing was received, instead of bridging it."""
    if len(values) < 3:
        return values.times, values.values
    periods = np.diff(values.times)
    breaks = np.flatnonzero(periods > max(2.5 * float(np.median(periods)), 0.2)) + 1
    return np.insert(values.times, breaks, np.nan), np.insert(values.values, breaks, np.nan)


def _draw_error(axes: Any, error: Series) -> None:
    axes.axhline(0.0, color=_COLOURS["grid"], linewidth=0.8)
    axes.plot(*_curve(error), color=_COLOURS["error"])
    if len(error):
        worst = int(np.argmax(np.abs(error.values)))
        axes.plot(error.times[worst], error.values[worst], "o", color=_COLOURS["error"], markersize=5)
        reach = max(1.2 * abs(error.values[worst]), _LEAST_REACH)
        axes.set_ylim(-reach, reach)


def _widen(axes: Any) -> None:
    low, high = axes.get_ylim()
    missing = _LEAST_SPAN - (high - low)
    if missing > 0.0:
        axes.set_ylim(low - missing / 2, high + missing / 2)


def _bar(phase: Phase) -> dict[str, Any]:
    return {"color": _COLOURS[_STATES.get(phase.state, "quiet")], "linewidth": 0}


def _marks(axes: Any, entries: Sequence[Entry], marker: str, colour: str) -> None:
    times = [entry.time for entry in entries]
    axes.plot(times, [0.85] * len(times), marker, color=_COLOURS[colour], markersize=6, clip_on=False)


def _svg(figure: Figure, title: str) -> str:
    out = io.StringIO()
    figure.patch.set_alpha(0.0)
    for axes in figure.axes:
        axes.patch.set_alpha(0.0)
    FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None, "Title": title})
    drawing = out.getvalue()[out.getvalue().index("<svg") :]
    for name, colour in _COLOURS.items():
        drawing = drawing.replace(colour, f"var(--{name})")
    return re.sub(r'width="[^"]*pt" height="[^"]*pt"|height="[^"]*pt"|width="[^"]*pt"', "", drawing, count=2)
