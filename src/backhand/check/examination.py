"""Examines a function: first whether its passes keep their contract, then each gradient against differences."""

from collections.abc import Callable, Sequence

import numpy as np

from backhand.arrays import Array
from backhand.check.diagnosis import diagnose
from backhand.check.evidence import Index, Subject, differences, relative_error
from backhand.check.results import Result

SAMPLES = 40  # the most coordinates that are compared per array


def examine(
    subject: Subject,
    upstream: Callable[[tuple[int, ...]], Array],
    limit: float,
    rng: np.random.Generator,
    samples: int = SAMPLES,
) -> list[Result]:
    """One result per array, for the dy that `upstream` draws in the shape of y.

    Where a pass breaks its contract, there is nothing to compare, and the one result says what is wrong. Nothing may
    have called forward before: a change that it makes in place may happen only once.
    """
    dy, gradients, failures = _run_and_verify_contract(subject, upstream, limit)
    if failures:
        return [Result("contract", limit, error=np.inf, failures=tuple(failures))]
    return [
        _compare(name, subject, gradient, _random_indices(subject.arrays[name], samples, rng), dy, limit)
        for name, gradient in zip(subject.arrays, gradients, strict=True)
    ]


def _run_and_verify_contract(
    subject: Subject, upstream: Callable[[tuple[int, ...]], Array], limit: float
) -> tuple[Array, list[Array], list[str]]:
    """dy, the gradients, and every breach of the contract, which makes comparing numbers pointless."""
    guarded = subject.arrays | subject.constants
    before = {name: array.copy() for name, array in guarded.items()}

    def changes_by(function: str) -> list[str]:
        return [f"{function} changes {name} in place" for name in guarded if not _same(guarded[name], before[name])]

    y, again = np.array(subject.forward()), np.array(subject.forward())
    dy = upstream(y.shape)
    failures = changes_by("forward")
    if not failures and not _same(y, again):
        failures = ["two forward passes on the same input differ: is there a state, or a hidden random draw?"]
    if y.dtype != np.float64 or not np.isfinite(y).all():
        failures += [
            f"forward must return finite float64 for float64 input; it returned {y.dtype}, {y.min()} to {y.max()}"
        ]
    if failures:
        return dy, [], failures
    guarded["dy"], before["dy"] = dy, dy.copy()
    gradients, repeated = _copies(subject.backward(dy)), _copies(subject.backward(dy))
    failures = changes_by("backward") or _misshapen_gradients(subject, gradients, dy, limit)
    if not failures and not all(map(_same, gradients, repeated)):
        failures = ["a second backward pass gives other gradients: do they accumulate, or was the cache overwritten?"]
    return dy, gradients, failures


def _misshapen_gradients(subject: Subject, gradients: list[Array], dy: Array, limit: float) -> list[str]:
    arrays = subject.arrays
    if len(gradients) != len(arrays):
        return [f"backward returned {len(gradients)} gradients for {len(arrays)} arrays ({', '.join(arrays)})"]
    return [
        f"the gradient of {name} must be finite float64 of shape {array.shape}; it is {_describe(gradient)}"
        + diagnose(subject, name, gradient, dy, limit)
        for (name, array), gradient in zip(arrays.items(), gradients, strict=True)
        if gradient.shape != array.shape or gradient.dtype != np.float64 or not np.isfinite(gradient).all()
    ]


def _describe(gradient: Array) -> str:
    finite = gradient.dtype == object or np.isfinite(gradient).all()
    return f"{gradient.dtype} of shape {gradient.shape}" + ("" if finite else " with values that are not finite")


def _random_indices(array: Array, samples: int, rng: np.random.Generator) -> list[Index]:
    """The indices of at most `samples` elements, drawn without repetition."""
    return [tuple(map(int, np.unravel_index(i, array.shape))) for i in rng.permutation(array.size)[:samples]]


def _compare(name: str, subject: Subject, analytic: Array, indices: list[Index], dy: Array, limit: float) -> Result:
    """Compare a gradient with differences at these indices; those at kinks are left out and counted."""
    numerical, rounding, kept, noisy = differences(subject, name, indices, dy, limit)
    sampled = np.array([analytic[index] for index in indices])
    counts = int(kept.sum()), int((~kept).sum())
    if not kept.any() or noisy[~kept].any():
        why = "forward is not computed in float64 throughout" if noisy[~kept].any() else "all lie at kinks"
        sentence = f"the gradient of {name}: {counts[1]} of {len(indices)} coordinates cannot be compared: {why}"
        return Result(name, limit, np.inf, *counts, failures=(sentence,))
    error = np.zeros(len(indices))
    error[kept] = relative_error(sampled[kept], numerical[kept], rounding[kept] / limit)
    worst = int(error.argmax())
    if error[worst] <= limit:
        return Result(name, limit, float(error[worst]), *counts)
    sentence = (
        f"the gradient of {name} at {list(indices[worst])}: backward gives {sampled[worst]:.6g}, differences give "
        f"{numerical[worst]:.6g}; {(error > limit).sum()} of {counts[0]} coordinates are wrong"
    )
    sentence += diagnose(subject, name, analytic, dy, limit)
    return Result(name, limit, float(error[worst]), *counts, failures=(sentence,))


def _same(a: Array, b: Array) -> bool:
    return np.array_equal(a, b, equal_nan=True)


def _copies(gradients: Sequence[Array | None]) -> list[Array]:
    """Copies, since backward may return its buffers; None becomes an empty array of booleans, which fits no array."""
    return [np.empty(0, bool) if gradient is None else np.array(gradient) for gradient in gradients]
