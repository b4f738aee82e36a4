"""The trials of a search, drawn. What is best is dark and thick, so that it stands out in grey too."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter
from numpy.typing import NDArray

from backhand.experiments.search.record import Trial
from backhand.page import style
from backhand.page.numbers import brief
from backhand.training.metrics import Metric

Trials = Sequence[Trial]
MARKS, COLOURS = "osD^v", (style.BLUE, style.ORANGE, style.INK, style.SKY, style.FAINT)
TICKS = 6  # values named on a coordinate, at most
# On white, so that lines that pass behind do not cross it out.
TICK: dict[str, Any] = {
    "fontsize": 7.5,
    "va": "center",
    "zorder": 5,
    "bbox": {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.8},
}


def progress(trials: Trials, label: str, monitor: Metric) -> bytes:
    """The value of each trial, and the best so far; every trial has one."""
    figure, axes = style.panel()
    states = (("complete", style.BLUE, "o"), ("pruned", style.FAINT, "x"))
    for state, colour, mark in states:
        some = [trial for trial in trials if trial.state == state]
        numbers, values = [t.number for t in some], [monitor.factor * t.reached for t in some]
        if some:
            axes.plot(numbers, values, linestyle="", marker=mark, markersize=4, color=colour, label=state)
    complete = [trial for trial in trials if trial.state == "complete"]
    lead = np.maximum if monitor.higher_is_better else np.minimum
    best = lead.accumulate([monitor.factor * trial.reached for trial in complete])
    axes.step([t.number for t in complete], best, where="post", color=style.ORANGE, label="best so far")
    axes.set(xlabel="trial", ylabel=_with_unit(label, monitor))
    style.legend(axes)
    return style.png(figure)


def parallel(trials: Trials, keys: Sequence[str], label: str, monitor: Metric) -> bytes:
    """A line for each trial through its values: one vertical axis a key, and the value of the trial at the end."""
    ended = sorted(trials, key=lambda trial: -monitor.cost(trial.reached))
    columns = [_places(ended, key) for key in keys]
    values = np.array([trial.reached for trial in ended])
    ends = _scaled(values)
    figure, axes = style.panel(style.WIDTH * 1.9, style.HEIGHT * 1.2)
    for i in range(len(ended)):
        rank = (i + 1) / len(ended)  # the best is drawn last, above the others
        points = [*(column[0][i] for column in columns), ends[i]]
        look: dict[str, Any] = {"color": style.BLUE if rank > 0.9 else style.FAINT, "alpha": 0.25 + 0.75 * rank**3}
        axes.plot(range(len(points)), points, linewidth=0.7 + 1.6 * rank**6, **look)
    for x, (_, ticks) in enumerate(columns):
        axes.axvline(x, color=style.INK, linewidth=0.8)
        for place, text in ticks:
            axes.text(x + 0.02, place, style.shorten(text, 20), **TICK)
    axes.axvline(len(keys), color=style.INK, linewidth=0.8)
    for place in (0.0, 0.5, 1.0):
        value = values.min() + place * (values.max() - values.min())
        axes.text(len(keys) + 0.02, place, monitor.text(value, 3), **TICK)
    names = [*(key.rpartition(".")[2].replace("_", " ") for key in keys), label]
    axes.set_xticks(range(len(names)), names)
    axes.set_xlabel("setting, and at the right what the trial reached")
    axes.set(yticks=[], ylim=(-0.06, 1.06), xlim=(-0.1, len(keys) + 0.4))
    axes.grid(visible=False)
    return style.png(figure)


def sizes(trials: Trials, key: str | None, label: str, monitor: Metric) -> bytes:
    """The value of each trial that came to its end against its parameters; by the length of the list that `key` has."""
    ended = [trial for trial in trials if trial.state == "complete"]
    lengths = [len(trial.assignment[key]) if key else 0 for trial in ended]
    figure, axes = style.panel()
    for i, length in enumerate(sorted(set(lengths))):
        some = [trial for trial, own in zip(ended, lengths, strict=True) if own == length]
        look: dict[str, Any] = {"marker": MARKS[i % len(MARKS)], "color": COLOURS[i % len(COLOURS)], "s": 20}
        look |= {"label": f"{length} {key.rpartition('.')[2]}"} if key else {}
        axes.scatter([trial.parameters for trial in some], [monitor.factor * trial.reached for trial in some], **look)
    axes.set(xscale="log", xlabel="parameters", ylabel=_with_unit(label, monitor))
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    if key:
        style.legend(axes, columns=4)
    return style.png(figure)


def _places(trials: Trials, key: str) -> tuple[NDArray[np.float64], list[tuple[float, str]]]:
    """Where each trial meets the axis of a key, 0 to 1 (NaN where it has no such value), and the axis's ticks."""
    found = [trial.assignment.get(key) for trial in trials]
    numbers = [value for value in found if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(set(numbers)) > TICKS and len(numbers) == sum(value is not None for value in found):
        spread = np.array([np.nan if value is None else float(value) for value in found])
        wide = np.nanmin(spread) > 0 and np.nanmax(spread) / np.nanmin(spread) > 20
        scale = np.log(spread) if wide else spread
        low, high = np.nanmin(scale), np.nanmax(scale)
        marks = np.linspace(low, high, 3)
        return (scale - low) / (high - low), [
            ((m - low) / (high - low), f"{np.exp(m) if wide else m:.2g}") for m in marks
        ]
    words = [brief(value) for value in found]
    order = sorted({word for word, value in zip(words, found, strict=True) if value is not None})
    if set(numbers) and len(numbers) == len(found):
        order = list(dict.fromkeys(brief(value) for value in sorted(set(numbers))))
    place = {word: i / max(len(order) - 1, 1) for i, word in enumerate(order)}
    ticks = [(place[word], word) for word in order] if len(order) <= 2 * TICKS else []
    return np.array([place.get(word, np.nan) for word in words]), ticks


def _with_unit(label: str, monitor: Metric) -> str:
    return f"{label} ({monitor.unit})" if monitor.unit else label


def _scaled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    span = values.max() - values.min()
    return (values - values.min()) / span if span else np.full(len(values), 0.5)
