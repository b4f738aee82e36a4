"""Plots of the training: one quantity against the epoch or the training time."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backhand.experiments.run.record import Run
from backhand.page import style
from backhand.training import metrics
from backhand.training.metrics import Metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Against = Literal["epoch", "time"]
FEW = 16  # the largest number of epochs of which each has a marker
WIDE = 30.0  # a range of values beyond this ratio is drawn on a logarithmic scale


@dataclass(frozen=True)
class Quantity:
    """A quantity that is recorded in each epoch.

    label: of its axis.   series: the key in the history and the line style of each of its lines, by name.   metric:
    the metric that it is, if it is one.
    """

    label: str
    series: dict[str, tuple[str, dict[str, Any]]]
    metric: Metric | None = None
    may_be_logarithmic: bool = False

    @property
    def factor(self) -> int:
        """The factor by which values are multiplied for the plot."""
        return self.metric.factor if self.metric else 1


def _train_and_validation(key: str) -> dict[str, tuple[str, dict[str, Any]]]:
    return {"training": (f"train_{key}", style.TRAIN), "validation": (f"validation_{key}", style.VALIDATION)}


LOSS = Quantity("loss", _train_and_validation("loss"), metrics.LOSS, may_be_logarithmic=True)
ACCURACY = Quantity("accuracy (%)", _train_and_validation("accuracy"), metrics.ACCURACY)
RMSE = Quantity("RMSE", _train_and_validation("rmse"), metrics.RMSE, may_be_logarithmic=True)
R2 = Quantity("R²", _train_and_validation("r2"), metrics.R2)
RATE = Quantity("learning rate", {"learning rate": ("lr", style.SINGLE)})
MOMENTUM = Quantity("momentum", {"momentum": ("momentum", style.SINGLE)})
GRADIENT = Quantity("gradient norm", {"gradient norm": ("gradient_norm", style.SINGLE)}, may_be_logarithmic=True)


def time_unit(seconds: float) -> tuple[float, str]:
    """The seconds of the unit for a training of this length, and the name of the unit."""
    if seconds < 180:
        return 1.0, "s"
    return (60.0, "min") if seconds < 3 * 3600 else (3600.0, "h")


def recorded(run: Run, quantity: Quantity) -> dict[str, NDArray[np.float64]]:
    """The series of a quantity that have at least one finite value."""
    series = {name: run.series(key) * quantity.factor for name, (key, _) in quantity.series.items()}
    return {name: values for name, values in series.items() if np.isfinite(values).any()}


def logarithmic(quantity: Quantity, series: dict[str, NDArray[np.float64]]) -> bool:
    """Whether the range of the values is so wide that a linear scale would hide most of them."""
    values = np.concatenate(list(series.values()))
    low, high = np.nanmin(values), np.nanmax(values)
    return quantity.may_be_logarithmic and bool(0 < WIDE * low < high)


def draw(run: Run, quantity: Quantity, against: Against = "epoch") -> bytes:
    """The plot of a quantity against the epoch, or the training time so far; the kept epoch is marked."""
    figure, axes = style.panel()
    series = recorded(run, quantity)
    x, label = _abscissa(run, against)
    markers = {} if len(x) <= FEW else {"marker": ""}
    for name, values in series.items():
        axes.plot(x, values, label=name, **(quantity.series[name][1] | markers))
    if logarithmic(quantity, series):
        axes.set_yscale("log")
    axes.set(xlabel=label, ylabel=quantity.label)
    _set_limits(axes, x, against)
    if quantity is ACCURACY:
        _add_error_axis(axes)
    _mark_kept_epoch(run, axes, x)
    if len(axes.get_legend_handles_labels()[0]) > 1:
        style.legend(axes)
    return style.png(figure)


def _abscissa(run: Run, against: Against) -> tuple[NDArray[np.float64], str]:
    """The x values of all epochs, and the label of the axis."""
    if against == "epoch":
        return run.series("epoch"), "epoch"
    elapsed = run.series("elapsed")
    divisor, unit = time_unit(elapsed[-1])
    return elapsed / divisor, f"training time ({unit})"


def _set_limits(axes: "Axes", x: NDArray[np.float64], against: Against) -> None:
    """Set the limits of the x axis, so that it shows all epochs, also those without a finite value."""
    from matplotlib.ticker import MaxNLocator

    margin = 0.04 * (x[-1] - x[0])
    axes.set_xlim(0 if against == "time" else x[0] - margin, x[-1] + margin)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10], integer=against == "epoch"))


def _add_error_axis(axes: "Axes") -> None:
    """Add an axis on the right that shows the error of the curve: 100% - accuracy."""
    error = axes.secondary_yaxis("right", functions=(_complement, _complement))
    error.set_ylabel("error (%)")
    error.spines["right"].set_visible(True)


def _complement(percent: ArrayLike) -> ArrayLike:
    return 100 - np.asarray(percent)


def _mark_kept_epoch(run: Run, axes: "Axes", x: NDArray[np.float64]) -> None:
    if run.chosen:
        position = x[run.history.index(run.chosen)]
        axes.axvline(position, color=style.FAINT, linestyle=":", label=f"epoch {run.chosen.epoch} kept", zorder=1)
