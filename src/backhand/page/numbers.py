"""Numbers as text for a report: one form for each kind of figure, and one minus sign, −."""

import math
import re
from collections.abc import Sequence

from backhand.training.metrics import find_metric

NONE = "–"


def count(value: int) -> str:
    """A number with its thousands set apart: 12345 becomes 12,345."""
    return f"{value:,}"


def counted(value: int, noun: str) -> str:
    """A number with its noun: 1 and "epoch" become 1 epoch, 2 and "epoch" become 2 epochs."""
    return f"{value:,} {noun}" if value == 1 else f"{value:,} {noun}s"


def percent(share: float | None) -> str:
    """A share in percent: 0.97222 becomes 97.22%."""
    return NONE if share is None or math.isnan(share) else f"{100 * share:.2f}%"


def points(difference: float) -> str:
    """A difference of shares in percentage points, with its sign: -0.0123 -> −1.23."""
    return _typeset(f"{100 * difference:+.2f}")


def significant(value: float, digits: int = 3) -> str:
    """A number with so many significant digits: -0.00012345 -> −0.000123; 0.00001 -> 1e−5."""
    return _typeset(f"{value:.{digits}g}")


def scientific(value: float) -> str:
    """An error or a tolerance, of which the power of ten matters: 0.000000123 -> 1.2e−7."""
    return _typeset(f"{value:.1e}")


def _typeset(number: str) -> str:
    """The number with the minus sign in place of the hyphen."""
    return _short(number).replace("-", "−")


def _short(number: str) -> str:
    """The number with its exponent as short as it can be: 1e-05 -> 1e-5; 1e+06 -> 1e6."""
    return re.sub(r"e([+-]?)0*", lambda exponent: "e" + exponent[1].strip("+"), number)


def decimal(value: float | None) -> str:
    """A number with four decimals, or three significant digits where it is very small or large; None is not finite."""
    if value is None or not math.isfinite(value):
        return "not finite"
    return _typeset(f"{value:.4f}") if value == 0 or 1e-2 <= abs(value) < 1e4 else significant(value)


def duration(seconds: float) -> str:
    """Seconds in units that fit: 3.21 -> 3.21 s; 725 -> 12 min 5 s; 8000 -> 2 h 13 min."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 120:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def time_spent(epochs: int, steps: int, seconds: float, saving: float | None) -> str:
    """3, 60, 1.25, 0.1 -> 3 epochs (60 steps) took 1.25 s, and saving another 0.10 s.

    seconds: the time of the training.   saving: the time that it took to save its states, None where it is not known.
    """
    training = f"{counted(epochs, 'epoch')} ({counted(steps, 'step')}) took {duration(seconds)}"
    return training if saving is None else f"{training}, and saving another {duration(saving)}"


def shape(axes: tuple[int, ...]) -> str:
    """The lengths of axes as text that is never broken into two lines: (8, 8, 1) -> 8 × 8 × 1."""
    return "\u00a0×\u00a0".join(map(str, axes)) or "1"


def plain(value: object) -> str:
    """A setting as its study writes it: true, 0.1, [100, 50]; text without quotation marks."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(plain, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {plain(item)}" for key, item in value.items()) + "}"
    return str(value)


def brief(value: object) -> str:
    """A setting in short: 0.000123, 1e-5; a table by its kind or name, then the rest: sgd, momentum 0.9."""
    if isinstance(value, float):
        return _short(f"{value:.3g}")
    if isinstance(value, dict) and (key := next((key for key in ("kind", "name") if key in value), None)):
        others = (f"{name} {brief(item)}" for name, item in value.items() if name != key)
        return ", ".join((str(value[key]), *others))
    return plain(value)


def metric_text(value: float | None, metric: str) -> str:
    """The value of the metric of this name as text: a share in percent; "" where there is no value."""
    if value is None:
        return ""
    if not math.isfinite(value):
        return "not finite"
    known = find_metric(metric)
    return percent(value) if known is not None and known.unit else significant(value, 4)


def metric_change(difference: float | None, metric: str) -> str:
    """The difference of two values of a metric as text, with its sign: percentage points where they are shares."""
    if difference is None:
        return ""
    if not math.isfinite(difference):
        return "not finite"
    known = find_metric(metric)
    return points(difference) if known is not None and known.unit else _typeset(f"{difference:+.4g}")


def listed(words: Sequence[str]) -> str:
    """The words as a list in a sentence: ["a", "b", "c"] -> a, b and c."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def probability(p: float, *, sign: bool = False) -> str:
    """A p-value: 0.0312 -> 0.031. A value below a thousandth is written as < 0.001: the test is not more exact.

    sign: whether the text begins with "=", so that it can stand behind the letter p.
    """
    if p < 0.001:
        return "<\u00a00.001"
    return f"=\u00a0{p:.3f}" if sign else f"{p:.3f}"
