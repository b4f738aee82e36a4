"""The trials of a search, drawn. What is best is dark and thick, so that it stands out in grey too."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from backhand.experiments.search.record import Trial
from backhand.page import style
from backhand.page.numbers import brief, significant
from backhand.study.search import Choice, Entry, Range, Repeat
from backhand.training.metrics import Metric

Trials = Sequence[Trial]
Space = Mapping[str, Entry]
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


def importance(shares: Mapping[str, float]) -> bytes:
    """A bar for each key: the share of the differences between trials that it explains, largest at the top."""
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
    """A line for each trial through its settings: one vertical axis per key, and at the end what the trial reached."""
    ended = sorted(trials, key=lambda trial: -monitor.cost(trial.reached))
    scales = [_scale(ended, key, entry) for key, entry in space.items()]
    values = np.array([trial.reached for trial in ended])
    heights = [*(scale.heights for scale in scales), _scaled(values)]
    figure, axes = style.panel(style.WIDTH * 1.9, style.HEIGHT * 1.2)
    for i in range(len(ended)):
        rank = (i + 1) / len(ended)  # the best is drawn last, above the others
        look: dict[str, Any] = {"color": style.BLUE if rank > 0.9 else style.FAINT, "alpha": 0.25 + 0.75 * rank**3}
        axes.plot(range(len(heights)), [height[i] for height in heights], linewidth=0.7 + 1.6 * rank**6, **look)
    ends = [(height, monitor.text(_between(values, height), 3)) for height in (0.0, 0.5, 1.0)]
    for x, ticks in enumerate((*(scale.ticks for scale in scales), ends)):
        axes.axvline(x, color=style.INK, linewidth=0.8)
        for height, text in ticks:
            axes.text(x + 0.02, height, style.shorten(text, 20), **TICK)
    axes.set_xticks(range(len(heights)), [*map(_name, space), label])
    axes.set_xlabel("settings, and at the right what the trial reached")
    axes.set(yticks=[], ylim=(-0.06, 1.06), xlim=(-0.1, len(space) + 0.4))
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
        look |= {"label": f"length of {_name(key)}: {length}"} if key else {}
        axes.scatter([trial.parameters for trial in some], [monitor.factor * trial.reached for trial in some], **look)
    axes.set(xlabel="parameters", ylabel=_with_unit(label, monitor))
    _count_axis(axes, [trial.parameters for trial in ended])
    if key:
        style.legend(axes, columns=2)
    return style.png(figure)


def _count_axis(axes: Axes, counts: Sequence[int]) -> None:
    """Thousands and millions by their letters; powers of ten where the counts span several."""
    span = max(counts) / min(counts)
    if span > 4:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if span < 50 else (1,)))
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(EngFormatter(sep="\N{NO-BREAK SPACE}"))


class _Scale(NamedTuple):
    """Where each trial meets the axis of a key, from 0 to 1 (NaN where it has no such value), and the axis's ticks."""

    heights: NDArray[np.float64]
    ticks: list[tuple[float, str]]


def _scale(trials: Trials, key: str, entry: Entry) -> _Scale:
    """A range that was tried at many values has a scale of numbers; everything else has one step per value."""
    tried = [trial.assignment.get(key) for trial in trials]
    if isinstance(entry, Range) and len({value for value in tried if value is not None}) > TICKS:
        numbers = np.array([np.nan if value is None else float(value) for value in tried])
        scaled = np.log(numbers) if entry.log else numbers
        low, high = np.nanmin(scaled), np.nanmax(scaled)
        marks = [(height, low + height * (high - low)) for height in (0.0, 0.5, 1.0)]
        ticks = [(height, significant(np.exp(mark) if entry.log else mark, 2)) for height, mark in marks]
        return _Scale((scaled - low) / (high - low), ticks)
    words = [None if value is None else brief(value) for value in tried]
    order = [word for word in map(brief, _ordered(tried, entry)) if word in words]
    height = {word: i / max(len(order) - 1, 1) for i, word in enumerate(order)}
    ticks = [(height[word], word) for word in order] if len(order) <= 2 * TICKS else []
    return _Scale(np.array([np.nan if word is None else height[word] for word in words]), ticks)


def _ordered(tried: Sequence[Any], entry: Entry) -> Sequence[Any]:
    """The values that stand on an axis from bottom to top: choices as the study lists them, others by size."""
    if isinstance(entry, Choice):
        return entry.choices
    different = {brief(value): value for value in tried if value is not None}
    by_length = isinstance(entry, Repeat)
    return sorted(different.values(), key=lambda value: (len(value), value) if by_length else value)


def _name(key: str) -> str:
    """The name of a key as an axis shows it: train.batch_size becomes batch size."""
    return key.rpartition(".")[2].replace("_", " ")


def _between(values: NDArray[np.float64], height: float) -> float:
    return float(values.min() + height * (values.max() - values.min()))


def _with_unit(label: str, monitor: Metric) -> str:
    return f"{label} ({monitor.unit})" if monitor.unit else label


def _scaled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    span = values.max() - values.min()
    return (values - values.min()) / span if span else np.full(len(values), 0.5)
