"""The figures of a training by name: whether higher or lower is better, and how a value is written.

The last word of a key names the figure: `validation_accuracy`, `old_accuracy` and `test_accuracy@4` are all
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
    """A figure by name. unit: "%" for a fraction that is shown in percent, "" for a plain number."""

    name: str
    higher_is_better: bool
    unit: Literal["%", ""] = ""

    def better(self, value: float | None, than: float | None, by: float = 0.0) -> bool:
        """Whether a value is better than another one by more than `by`.

        A finite value is better than None and than a value that is not finite.
        """
        if value is None or not isfinite(value):
            return False
        if than is None or not isfinite(than):
            return True
        return value > than + by if self.higher_is_better else value < than - by

    def cost(self, value: float | None) -> float:
        """A key that sorts the best value first: -value where higher is better; infinity for one that is not finite."""
        if value is None or not isfinite(value):
            return inf
        return -value if self.higher_is_better else value

    def best(self, values: Iterable[float | None]) -> float | None:
        """The best of the finite values, the first where several are equal; None without finite values."""
        return min((value for value in values if value is not None and isfinite(value)), key=self.cost, default=None)

    @property
    def factor(self) -> int:
        """The factor that turns a value into its unit."""
        return 100 if self.unit == "%" else 1

    @property
    def superlative(self) -> str:
        """The word for the best value: highest or lowest."""
        return "highest" if self.higher_is_better else "lowest"

    def text(self, value: float | None, decimals: int = 4) -> str:
        """A value as text: 97.22% for an accuracy of 0.97222, 0.3142 for a loss of 0.31416, a dash for None."""
        if value is None:
            return "–"
        if not isfinite(value):
            return "not finite"
        return f"{100 * value:.2f}%" if self.unit == "%" else f"{value:.{decimals}f}"


LOSS, ACCURACY, ERROR = Metric("loss", False), Metric("accuracy", True, "%"), Metric("error", False, "%")
_SHARES = (Metric(name, True, "%") for name in ("precision", "recall", "f1"))
RMSE, MAE, R2 = Metric("rmse", False), Metric("mae", False), Metric("r2", True)
TITLES = {"rmse": "RMSE", "mae": "MAE", "r2": "R²", "auc": "AUC", "f1": "F1"}  # of the names that are no words
METRICS = {metric.name: metric for metric in (LOSS, ACCURACY, ERROR, *_SHARES, Metric("auc", True), RMSE, MAE, R2)}


def find_metric(key: str) -> Metric | None:
    """The figure that a key of a history or a result names; None where it is not one of `METRICS`."""
    return METRICS.get(key.partition("@")[0].rpartition("_")[2])


def metric(key: str, mode: Mode | None = None) -> Metric:
    """The figure that a key names. mode: "max" where higher is better, "min" where lower is; None: as in `METRICS`.

    Raises BackhandError for another mode, and without a mode for a figure that is not one of `METRICS`.
    """
    if mode is not None and mode not in MODES:
        raise BackhandError(f'mode must be "min" (a lower {words(key)} is better) or "max", not {mode!r}')
    figure = find_metric(key)
    if mode is not None:
        return Metric(key, mode == "max", figure.unit if figure else "")
    if figure is None:
        raise BackhandError(
            f'it is unknown whether a higher or a lower {key} is better; set mode to "max" or "min" '
            f"(known without a mode: keys that end in {', '.join(METRICS)})"
        )
    return figure


def words(key: str) -> str:
    """A key in words, as sentences, axes and tables have it: validation_loss -> validation loss, r2 -> R²."""
    return " ".join(TITLES.get(word, word) for word in key.split("_"))


def key_of(text: str) -> str:
    """The key of a figure in words, as files have it, in their content and their names: test R² -> test_r2."""
    names = {title: name for name, title in TITLES.items()}
    return "_".join(names.get(word, word) for word in text.split(" "))
