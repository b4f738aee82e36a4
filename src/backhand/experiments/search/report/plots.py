"""Plots of the trials of a search. The best trials are dark and thick, so that they stand out in grey print, too."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backhand.experiments.search.record import Trial
from backhand.page import style
from backhand.page.numbers import brief, significant
from backhand.study.search import Choice, Entry, Range, Repeat
from backhand.training.metrics import Metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Trials = Sequence[Trial]
Space = Mapping[str, Entry]
MARKS, COLOURS = "osD^v", (style.BLUE, style.ORANGE, style.INK, style.SKY, style.FAINT)
TICKS = 6  # the most values that are named on an axis
# Ticks have a white background, so that lines that pass behind do not cross them out.
TICK: dict[str, Any] = {
    "fontsize": 7.5,
    "va": "center",
    "zorder": 5,
    "bbox": {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.8},
}


def progress(trials: Trials, label: str, monitor: Metric) -> bytes:
    """Draw the value of each trial, and the best value so far. Every trial needs a value."""
    figure, axes = style.panel()
    states = (("complete", style.BLUE, "o"), ("pruned", style.FAINT, "x"))
    for state, colour, mark in states:
        group = [trial for trial in trials if trial.state == state]
        numbers, values = [t.number for t in group], [monitor.factor * t.value_or_nan for t in group]
        if group:
            axes.plot(numbers, values, linestyle="", marker=mark, markersize=4, color=colour, label=state)
    complete = [trial for trial in trials if trial.state == "complete"]
    better = np.maximum if monitor.higher_is_better else np.minimum
    best = better.accumulate([monitor.factor * trial.value_or_nan for trial in complete])
    axes.step([t.number for t in complete], best, where="post", color=style.ORANGE, label="best so far")
    axes.set(xlabel="trial", ylabel=_with_unit(label, monitor))
    style.legend(axes)
    return style.png(figure)


def importance(shares: Mapping[str, float]) -> bytes:
    """Draw a bar for each key: the share of the differences between trials that it explains, largest at the top."""
    figure, axes = style.panel(height=max(style.HEIGHT * 0.6, 0.35 * len(shares) + 0.6))
    names = [_name(key) for key in shares]
    axes.barh(names, [100 * share for share in shares.values()], color=style.BLUE, height=0.6)
    for row, share in enumerate(shares.values()):
        axes.text(100 * share + 1, row, f"{100 * share:.0f}%", va="center", fontsize=8.5)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set(xlim=(0, 110), xticks=range(0, 101, 20), xlabel="importance (%)")
    return style.png(figure)


def parallel(trials: Trials, space: Space, label: str, monitor: Metric) -> bytes:
    """Draw a line for each trial through its settings: one vertical axis per key, and one for the values."""
    ranked = sorted(trials, key=lambda trial: -monitor.cost(trial.value_or_nan))
    scales = [_scale(ranked, key, entry) for key, entry in space.items()]
    values = np.array([trial.value_or_nan for trial in ranked])
    heights = [*(scale.heights for scale in scales), _scaled(values)]
    figure, axes = style.panel(style.WIDTH * 1.9, style.HEIGHT * 1.2)
    for i in range(len(ranked)):
        rank = (i + 1) / len(ranked)  # the best is drawn last, above the others
        color, alpha = style.BLUE if rank > 0.9 else style.FAINT, 0.25 + 0.75 * rank**3
        y = [height[i] for height in heights]
        axes.plot(range(len(y)), y, color=color, alpha=alpha, linewidth=0.7 + 1.6 * rank**6)
    value_ticks = [(height, monitor.text(_between(values, height), 3)) for height in (0.0, 0.5, 1.0)]
    for x, ticks in enumerate((*(scale.ticks for scale in scales), value_ticks)):
        axes.axvline(x, color=style.INK, linewidth=0.8)
        for height, text in ticks:
            axes.text(x + 0.02, height, style.shorten(text, 20), **TICK)
    axes.set_xticks(range(len(heights)), [*map(_name, space), label])
    axes.set_xlabel("settings, and at the right what the trial reached")
    axes.set(yticks=[], ylim=(-0.06, 1.06), xlim=(-0.1, len(space) + 0.4))
    axes.grid(visible=False)
    return style.png(figure)


def sizes(trials: Trials, key: str | None, label: str, monitor: Metric) -> bytes:
    """Draw the values of complete trials against their parameters, with a mark for each length of the list `key`."""
    complete = [trial for trial in trials if trial.state == "complete"]
    lengths = [len(trial.assignment[key]) if key else 0 for trial in complete]
    figure, axes = style.panel()
    for i, length in enumerate(sorted(set(lengths))):
        group = [trial for trial, trial_length in zip(complete, lengths, strict=True) if trial_length == length]
        marks: dict[str, Any] = {"marker": MARKS[i % len(MARKS)], "color": COLOURS[i % len(COLOURS)], "s": 20}
        marks |= {"label": f"length of {_name(key)}: {length}"} if key else {}
        axes.scatter([t.parameters for t in group], [monitor.factor * t.value_or_nan for t in group], **marks)
    axes.set(xlabel="parameters", ylabel=_with_unit(label, monitor))
    _count_axis(axes, [trial.parameters for trial in complete])
    if key:
        style.legend(axes, columns=2)
    return style.png(figure)


def _count_axis(axes: "Axes", counts: Sequence[int]) -> None:
    """Label an axis of counts with k and M; its scale is logarithmic where the counts differ much."""
    from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator, NullFormatter

    span = max(counts) / min(counts)
    if span > 4:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if span < 50 else (1,)))
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(EngFormatter(sep="\N{NO-BREAK SPACE}"))


class _Scale(NamedTuple):
    """The height at which each trial meets the axis of a key, from 0 to 1 (NaN without a value), and the ticks."""

    heights: NDArray[np.float64]
    ticks: list[tuple[float, str]]


def _scale(trials: Trials, key: str, entry: Entry) -> _Scale:
    """Scale the axis of a key: by its numbers for a range with many values, else with one step per value."""
    values = [trial.assignment.get(key) for trial in trials]
    if isinstance(entry, Range) and len({value for value in values if value is not None}) > TICKS:
        numbers = np.array([np.nan if value is None else float(value) for value in values])
        scaled = np.log(numbers) if entry.log else numbers
        low, high = np.nanmin(scaled), np.nanmax(scaled)
        levels = [(height, low + height * (high - low)) for height in (0.0, 0.5, 1.0)]
        ticks = [(height, significant(np.exp(level) if entry.log else level, 2)) for height, level in levels]
        return _Scale((scaled - low) / (high - low), ticks)
    texts = [None if value is None else brief(value) for value in values]
    order = [text for text in map(brief, _ordered(values, entry)) if text in texts]
    height = {text: i / max(len(order) - 1, 1) for i, text in enumerate(order)}
    ticks = [(height[text], text) for text in order] if len(order) <= 2 * TICKS else []
    return _Scale(np.array([np.nan if text is None else height[text] for text in texts]), ticks)


def _ordered(values: Sequence[Any], entry: Entry) -> Sequence[Any]:
    """Return the values of an axis from bottom to top: choices as the study lists them, others by size."""
    if isinstance(entry, Choice):
        return entry.choices
    different = {brief(value): value for value in values if value is not None}
    by_length = isinstance(entry, Repeat)
    return sorted(different.values(), key=lambda value: (len(value), value) if by_length else value)


def _name(key: str) -> str:
    """Return the name of a key as an axis shows it: train.batch_size becomes batch size."""
    return key.rpartition(".")[2].replace("_", " ")


def _between(values: NDArray[np.float64], height: float) -> float:
    return float(values.min() + height * (values.max() - values.min()))


def _with_unit(label: str, monitor: Metric) -> str:
    return f"{label} ({monitor.unit})" if monitor.unit else label


def _scaled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    span = values.max() - values.min()
    return (values - values.min()) / span if span else np.full(len(values), 0.5)
