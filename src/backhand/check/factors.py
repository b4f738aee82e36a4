"""Wrong gradients that are the true one times a number, and the numbers that people forget or apply twice."""

import re
from collections.abc import Iterator

import numpy as np

from backhand.check.evidence import Evidence


def _constant_ratio(e: Evidence) -> float | None:
    """The number by which the true gradient is multiplied; None where it is no single one."""
    if not e.has_right_shape:
        return None
    given, true = e.analytic[e.known], e.true[e.known]
    ratio = float(given @ true / (true @ true))
    return ratio if ratio and e.is_true(e.analytic / ratio) else None


def factors(e: Evidence) -> Iterator[tuple[str, str]]:
    """The factor of a gradient, once for each usual number that it equals: its name, and the words for it."""
    ratio = _constant_ratio(e)
    if ratio is None:
        return
    for value, *text in _usual_factors(e):
        if np.isclose(ratio, value, rtol=10 * e.limit, atol=0):
            key = re.sub(r" [-\d.]+(e[-+]\d+)?,", "", text[0])
            yield (key, f"is the true gradient {text[0]}")
    if (np.abs(e.true[e.known]) > e.floor).sum() >= 3 and abs(ratio - 1) >= 1e-4:
        yield ("times a constant", f"is the true gradient times {ratio:.6g}")


def times_a_constant(e: Evidence) -> str | None:
    """Whether a gradient is the true one times a number, with every usual number that it may be."""
    ratio = _constant_ratio(e)
    if ratio is None:
        return None
    true = e.true[e.known]
    matches = [words for value, *words in _usual_factors(e) if np.isclose(ratio, value, rtol=10 * e.limit, atol=0)]
    if len(matches) == 1:
        return "is the true gradient " + "".join(matches[0])
    if matches:
        return "is the true gradient " + ", or ".join(factor for factor, _ in matches)
    if (np.abs(true) > e.floor).sum() < 3 or abs(ratio - 1) < 1e-4:
        return None  # for a single value, any ratio is a constant
    return f"is the true gradient times {ratio:.6g}"


def _usual_factors(e: Evidence) -> Iterator[tuple[float, str, str]]:
    """The factors that people forget or apply twice: the value, the factor in words, and the usual cause."""
    yield from ((-1, "with the opposite sign", ""), (2, "times 2", ""), (0.5, "divided by 2", ""))
    first, array = next(iter(e.subject.arrays.items()))
    if array.ndim:
        N = len(array)
        yield N, f"times {N}, the batch size", ": a sum where a mean belongs?"
        yield 1 / N, f"divided by {N}, the batch size", ": a mean where a sum belongs?"
    numbers = [(f"the length of axis {axis} of {first}", float(array.shape[axis])) for axis in range(1, array.ndim)]
    if array.ndim == 4:
        numbers += [
            (f"the lengths of axes {i} and {i + 1} of {first}", array.shape[i] * array.shape[i + 1]) for i in (1, 2)
        ]
    if e.true.ndim == 1 and e.dy.ndim > 2:
        numbers.append((f"the values of dy for each of {e.name}", e.dy.size / e.true.size))
    for setting in e.subject.settings.items():
        numbers += _factors_of_probability(*setting)
    means = {name: float(array.mean()) for name, array in e.subject.constants.items() if array.dtype.kind == "f"}
    numbers += [(f"the mean of {name}", mean) for name, mean in means.items() if mean]
    for name, value in numbers:
        yield from ((value, f"times {value:.6g}, {name}", ""), (1 / value, f"divided by {value:.6g}, {name}", ""))


def _factors_of_probability(name: str, p: object) -> list[tuple[str, float]]:
    if not isinstance(p, float) or not p:
        return []
    return [(name, p)] + ([(f"1 - {name}", 1 - p), (f"{name} / (1 - {name})", p / (1 - p))] if 0 < p < 1 else [])
