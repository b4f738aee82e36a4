"""The history of a training: a list of records that a notebook shows as curves."""

from collections.abc import Iterator
from math import isfinite, nan
from numbers import Real
from typing import Any, TypeGuard

from backhand.training.metrics import Metric, find_metric, words

Record = dict[str, float]
SPLITS = {"train": "training", "validation": "validation"}
COURSE = {"epoch", "step", "penalty", "seconds", "elapsed", "momentum"}  # what is no curve of its own
TITLES = {"lr": "learning rate"}
LOGARITHMIC = {"loss", "gradient_norm"}  # where their range is wide
CURVES = 6  # the most curves that are shown


class History(list[Record]):
    """One record per epoch: a list of dictionaries, equal to a plain list of the same records.

    A notebook shows it as curves: the loss and every other figure of the training and the validation samples, the
    learning rate and the gradient norm, over the epochs.
    """

    __slots__ = ()

    def figures(self) -> dict[str, dict[str, list[float]]]:
        """The curves: for each figure, such as "loss", its lines by name, such as "training", NaN where it is absent.

        What is no number, such as a remark, is absent. An error is left out beside the accuracy, from which it follows.
        """
        known = (key for record in self for key, value in record.items() if _is_number(value) and key not in COURSE)
        keys = list(dict.fromkeys(known))
        figures: dict[str, dict[str, list[float]]] = {}
        for key in keys:
            split, _, figure = key.partition("_")
            name, line = (figure, SPLITS[split]) if split in SPLITS else (key, words(key))
            figures.setdefault(name, {})[line] = [_number(record, key, nan) for record in self]
        if "accuracy" in figures:
            figures.pop("error", None)
        return figures

    def _repr_html_(self) -> str:
        """The curves, below a line with the number of epochs and the time."""
        from backhand.notebook import html

        if not self:
            return html.view(html.heading("History", "no epoch has been trained"))
        last = self[-1]
        facts = [f"{len(self)} epoch{'s' * (len(self) != 1)}"]
        facts += [f"{last['step']:,} steps"] if _is_number(last.get("step")) else []
        facts += [f"{last['elapsed']:.2f} s"] if _is_number(last.get("elapsed")) else []
        return html.view(html.heading("History", " · ".join(facts)), html.row(*self.charts()))

    def charts(self) -> Iterator[str]:
        """Each curve as an SVG, the loss and the accuracy first."""
        from backhand.notebook import lines

        epochs = [_number(record, "epoch", nan) for record in self]
        x = epochs if all(map(isfinite, epochs)) else list(range(1, len(self) + 1))
        order = sorted(self.figures().items(), key=lambda item: item[0] not in ("loss", "accuracy"))
        for name, curves in order[:CURVES]:
            metric = find_metric(name) or Metric(name, higher_is_better=False)
            scaled = {line: [metric.factor * value for value in values] for line, values in curves.items()}
            title = TITLES.get(name, words(name)) + (f" ({metric.unit})" if metric.unit else "")
            yield lines.chart(title, scaled, x=x, may_be_logarithmic=name in LOGARITHMIC)


def _number(record: Record, key: str, otherwise: float) -> float:
    """The value of a key, or another one where it is absent or no number."""
    value = record.get(key)
    return value if _is_number(value) else otherwise


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, Real) and not isinstance(value, bool)
