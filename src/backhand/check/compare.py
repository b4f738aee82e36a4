"""One differentiable thing under examination: its manners, then each of its gradients against differences."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from backhand.arrays import Array
from backhand.check.numerical import derivative
from backhand.check.results import Result

SAMPLES = 40  # coordinates compared per array
TINY = 0.01  # entries below this share of the array's largest are judged against that share


@dataclass(frozen=True)
class Subject:
    """`forward` computes y from the present contents of `arrays` (float64); `backward`, after it, their gradients.

    `watched` are further arrays that neither may change, such as labels or a mask.
    """

    arrays: dict[str, Array]
    forward: Callable[[], Array]
    backward: Callable[[Array], Sequence[Array | None]]
    watched: dict[str, Array] = field(default_factory=dict)


def examine(
    subject: Subject, dy: Array, limit: float, rng: np.random.Generator, samples: int = SAMPLES
) -> list[Result]:
    """One result per array. With bad manners there is nothing to compare: one result then tells of those."""
    gradients, failures = _manners(subject, dy)
    if failures:
        return [Result("manners", limit, error=np.inf, failures=tuple(failures))]
    return [
        _compare(name, subject, gradient, _sample(subject.arrays[name], samples, rng), dy, limit)
        for name, gradient in zip(subject.arrays, gradients, strict=True)
    ]


def _manners(subject: Subject, dy: Array) -> tuple[list[Array], list[str]]:
    """The gradients, and what is wrong before any number is compared. The arrays are restored if they were changed."""
    guarded = subject.arrays | subject.watched | {"dy": dy}
    before = {name: array.copy() for name, array in guarded.items()}
    failures: list[str] = []

    def guard(what: str) -> None:
        for name, array in guarded.items():
            if not _same(array, before[name]):
                failures.append(f"{what} changes {name} in place")
                array[...] = before[name]

    y = np.array(subject.forward())
    guard("forward")
    if not _same(y, subject.forward()):
        failures.append("two forward passes on the same input differ: a state or a hidden random draw")
    if y.dtype != np.float64 or not np.isfinite(y).all():
        failures.append(
            f"forward must give finite float64 for float64 input, and gave {y.dtype}, {y.min()} to {y.max()}"
        )
    gradients = _copies(subject.backward(dy))
    guard("backward")
    failures += _misfits(subject.arrays, gradients)
    again = _copies(subject.backward(dy))
    if len(again) != len(gradients) or not all(map(_same, gradients, again)):
        failures.append("a second backward pass gives other gradients: they accumulate, or the cache was overwritten")
    return gradients, failures


def _misfits(arrays: dict[str, Array], gradients: list[Array]) -> list[str]:
    if len(gradients) != len(arrays):
        return [f"backward gave {len(gradients)} gradients for {len(arrays)} arrays ({', '.join(arrays)})"]
    return [
        f"the gradient of {name} must be float64 of shape {array.shape}, and is {gradient.dtype} of {gradient.shape}"
        for (name, array), gradient in zip(arrays.items(), gradients, strict=True)
        if gradient.shape != array.shape or gradient.dtype != np.float64
    ]


def _sample(array: Array, samples: int, rng: np.random.Generator) -> list[tuple[int, ...]]:
    """The indices of at most that many elements, drawn without repetition."""
    return [tuple(map(int, np.unravel_index(i, array.shape))) for i in rng.permutation(array.size)[:samples]]


def _compare(
    name: str, subject: Subject, analytic: Array, indices: list[tuple[int, ...]], dy: Array, limit: float
) -> Result:
    """A gradient against differences at these indices; those at kinks are left out and counted."""
    estimates = [derivative(subject.forward, subject.arrays[name], index, dy) for index in indices]
    numerical, spread, rounding = np.array(estimates).reshape(-1, 3).T
    given = np.array([analytic[index] for index in indices])
    scale = np.maximum(np.abs(numerical), TINY * np.abs(numerical).max(initial=0))
    kept = spread <= np.maximum(limit * scale, rounding)
    skipped = int((~kept).sum())
    if not kept.any():
        why = f"none of {skipped} coordinates could be compared: forward is not smooth there, or not float64 throughout"
        return Result(name, limit, np.inf, skipped=skipped, failures=(f"the gradient of {name}: {why}",))
    error = np.full(len(indices), -np.inf)
    error[kept] = relative_error(given[kept], numerical[kept], rounding[kept] / limit)
    worst = int(error.argmax())
    failures = []
    if error[worst] > limit:
        failures.append(
            f"the gradient of {name} at {list(indices[worst])}: backward gives {given[worst]:.6g}, "
            f"differences give {numerical[worst]:.6g}; {(error > limit).sum()} of {kept.sum()} coordinates are wrong"
        )
    return Result(name, limit, float(error[worst]), int(kept.sum()), skipped, failures=tuple(failures))


def relative_error(analytic: Array, numerical: Array, floor: Array) -> Array:
    """|analytic - numerical| / max(|analytic|, |numerical|, largest / 100, floor), infinite where not finite.

    `largest` is the largest of all these gradients, so that entries which are tiny beside it do not cry wolf; yet zeros
    in place of gradients have error 1 at the largest of them.
    """
    difference, size = np.abs(analytic - numerical), np.maximum(np.abs(analytic), np.abs(numerical))
    size = np.maximum(size, np.maximum(TINY * size.max(), floor))
    with np.errstate(invalid="ignore"):
        error = np.divide(difference, size, out=np.zeros_like(difference), where=difference != 0)
    return np.where(np.isfinite(analytic), error, np.inf)


def _same(a: Array, b: Array) -> bool:
    return np.array_equal(a, b, equal_nan=True)


def _copies(gradients: Sequence[Array | None]) -> list[Array]:
    """Backward may hand out its buffers; a missing gradient becomes an empty array, which fits nowhere."""
    return [np.empty(0, bool) if gradient is None else np.array(gradient) for gradient in gradients]
