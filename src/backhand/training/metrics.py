"""The figures of a training by name: which way each is better, and how it is written.

The last word of a key says which figure it is: `validation_accuracy`, `old_accuracy` and `test_accuracy@4` are all
accuracies. A value that is not finite is never better than another one, and comes last in every order.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, isfinite
from typing import Literal

from backhand.errors import BackhandError

Mode = Literal["min", "max"]
MODES: tuple[Mode, ...] = ("min", "max")


@dataclass(frozen=True)
class Metric:
    """A figure by name. unit: "%" of fractions that people read in percent, "" of plain numbers."""

    name: str
    higher_is_better: bool
    unit: Literal["%", ""] = ""

    def better(self, value: float | None, than: float | None, by: float = 0.0) -> bool:
        """Whether a value beats another one by more than `by`; any finite value beats None and what is not finite."""
        if value is None or not isfinite(value):
            return False
        if than is None or not isfinite(than):
            return True
        return value > than + by if self.higher_is_better else value < than - by

    def cost(self, value: float | None) -> float:
        """What to sort by, the best first: -value where higher is better; infinity for a value that is not finite."""
        if value is None or not isfinite(value):
            return inf
        return -value if self.higher_is_better else value

    def best(self, values: Iterable[float | None]) -> float | None:
        """The best of the finite values, the first of equal ones; None where there is none."""
        return min((value for value in values if value is not None and isfinite(value)), key=self.cost, default=None)

    @property
    def factor(self) -> int:
        """What a value is multiplied by to be shown in its unit."""
        return 100 if self.unit == "%" else 1

    @property
    def superlative(self) -> str:
        """What the best value is called: highest or lowest."""
        return "highest" if self.higher_is_better else "lowest"

    def text(self, value: float | None, decimals: int = 4) -> str:
        """0.97222 of an accuracy: 97.22%; 0.31416 of a loss: 0.3142; a dash where there is no value."""
        if value is None:
            return "–"
        if not isfinite(value):
            return "not finite"
        return f"{100 * value:.2f}%" if self.unit == "%" else f"{value:.{decimals}f}"


LOSS, ACCURACY, ERROR = Metric("loss", False), Metric("accuracy", True, "%"), Metric("error", False, "%")
_SHARES = (Metric(name, True, "%") for name in ("precision", "recall", "f1"))
METRICS = {metric.name: metric for metric in (LOSS, ACCURACY, ERROR, *_SHARES, Metric("auc", True))}


def known(key: str) -> Metric | None:
    """The figure that a key of a history or a result names; None where nothing is known of it."""
    return METRICS.get(key.partition("@")[0].rpartition("_")[2])


def metric(key: str, mode: Mode | None = None) -> Metric:
    """The figure that a key names; `mode` says which way it is better: "max" higher, "min" lower, None as it is known.

    Raises BackhandError for another mode, and for a figure of which nothing is known without one.
    """
    if mode is not None and mode not in MODES:
        raise BackhandError(f'mode is "min", where a lower {words(key)} is better, or "max", not {mode!r}')
    figure = known(key)
    if mode is not None:
        return Metric(key, mode == "max", figure.unit if figure else "")
    if figure is None:
        raise BackhandError(
            f'nothing says whether a higher or a lower {key} is better; give mode = "max" or mode = "min" '
            f"(known without it: what ends in {', '.join(METRICS)})"
        )
    return figure


def words(key: str) -> str:
    """validation_loss -> validation loss."""
    return key.replace("_", " ")
