"""The ranges of the parameters that are numbers, and the types of some others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import inf
from numbers import Integral, Real
from typing import Any

from backhand.training.callback import Callback


@dataclass(frozen=True)
class Range:
    """Numbers, in words, their type, and whether one is within; `others`: what may stand in place of a number."""

    words: str
    contains: Callable[[Any], bool]
    kind: type = Real
    others: tuple[Any, ...] = ()

    def or_else(self, *others: Any) -> "Range":
        """The same numbers, or one of these values."""
        return replace(self, words=" or ".join([*map(repr, others), self.words]), others=others)

    def __contains__(self, value: Any) -> bool:
        """Whether the value is in range. No truth value is, and no NaN."""
        if isinstance(value, self.kind) and not isinstance(value, bool):
            return self.contains(value)
        return (value is None or isinstance(value, str)) and value in self.others


POSITIVE = Range("a number above 0", lambda value: 0 < value < inf)
NOT_NEGATIVE = Range("a number of 0 or more", lambda value: 0 <= value < inf)
BELOW_1 = Range("a number from 0 to below 1", lambda value: 0 <= value < 1)
UP_TO_1 = Range("a number from 0 to 1", lambda value: 0 <= value <= 1)
COUNT = Range("an integer of 1 or more", lambda value: value >= 1, Integral)

RANGES = {
    "alpha": NOT_NEGATIVE,
    "batch_size": COUNT.or_else("auto"),
    "learning_rate_init": POSITIVE,
    "power_t": NOT_NEGATIVE,
    "max_iter": COUNT,
    "tol": Range("a number", lambda value: value == value),
    "momentum": UP_TO_1,
    "validation_fraction": BELOW_1,
    "beta_1": BELOW_1,
    "beta_2": BELOW_1,
    "epsilon": POSITIVE,
    "n_iter_no_change": replace(COUNT, contains=lambda n: n == inf or (n >= 1 and n == int(n)), kind=Real),
    "dropout": BELOW_1,
    "weight_decay": NOT_NEGATIVE,
    "clip_norm": POSITIVE.or_else(None),
    "n_jobs": replace(COUNT, words="an integer of 1 or more, or -1", contains=lambda n: n == -1 or n >= 1).or_else(
        None
    ),
    "label_smoothing": UP_TO_1,
    "huber_delta": POSITIVE,
}
KINDS: dict[str, tuple[Any, str]] = {
    "activation": (str, "a name"),
    "standardize": (str, "a name"),
    "augment": (Mapping | None, "a table, or None"),
    "callbacks": (list | tuple | None, "a list, or None"),
}
DTYPES = ("float32", "float64")


def check_parameters(estimator: Any) -> None:
    """Raise ValueError for the first parameter of an estimator that is out of its range, or of another type."""
    for name, allowed in RANGES.items():
        value = getattr(estimator, name, None)
        if hasattr(estimator, name) and value not in allowed:
            raise ValueError(f"{name} must be {allowed.words}, not {value!r}")
    for name, (kind, words) in KINDS.items():
        value = getattr(estimator, name)
        if not isinstance(value, kind):
            raise ValueError(f"{name} must be {words}, not {value!r}")
    if not all(isinstance(callback, Callback) for callback in estimator.callbacks or ()):
        raise ValueError("callbacks must be objects of subclasses of Callback")
    if estimator.dtype not in DTYPES:
        raise ValueError(f"dtype must be one of {', '.join(DTYPES)}, not {estimator.dtype!r}")
