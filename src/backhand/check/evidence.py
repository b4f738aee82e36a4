"""A function under examination, and all that can be measured about one of its gradients."""

from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from backhand.arrays import Array
from backhand.check.numerical import derivative

RELATIVE_FLOOR = 0.01  # an entry below this share of the array's largest is compared relative to that share
MAX_MEASURED = 500  # the most coordinates that are measured of a wrong gradient
FIRST_MEASURED = 4  # how many of the remeasured coordinates are measured before the others
PERTURBATION = 1e-6  # relative; too small, as a rule, to change which value is the largest
REMEASURED = 20  # how many of the most wrong and of the least wrong are measured again
Index = tuple[int, ...]

# What code raises for arguments that it does not accept: hypotheses try arguments that it was not written for.
ARGUMENT_ERRORS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


@dataclass(frozen=True)
class Subject:
    """A differentiable function under examination, with its backward pass.

    forward: computes y from the present contents of `arrays` (float64).   backward: computes their gradients from dy,
    after forward.   constants: further arrays, such as labels or a mask; neither pass may change them or `arrays`.
    settings: the other arguments of forward, such as a rate.
    """

    arrays: dict[str, Array]
    forward: Callable[[], Array]
    backward: Callable[[Array], Sequence[Array | None]]
    constants: dict[str, Array] = field(default_factory=dict)
    settings: MutableMapping[str, Any] = field(default_factory=dict)


class Differences(NamedTuple):
    """Numerical derivatives: their values, the possible rounding error of each, which are kept, being away from kinks,
    and which are noisy.
    """

    values: Array
    rounding: Array
    kept: Array
    noisy: Array


def differences(subject: Subject, name: str, indices: Sequence[Index], dy: Array, limit: float) -> Differences:
    """The derivatives of y · dy with respect to these elements of an array."""
    estimates = [derivative(subject.forward, subject.arrays[name], index, dy) for index in indices]
    values, spread, rounding, noisy = np.array(estimates).reshape(-1, 4).T
    scale = np.maximum(np.abs(values), RELATIVE_FLOOR * np.abs(values).max(initial=0))
    return Differences(values, rounding, spread <= np.maximum(limit * scale, rounding), noisy.astype(bool))


def relative_error(analytic: Array, numerical: Array, floor: Array | float) -> Array:
    """|analytic - numerical| / max(|analytic|, |numerical|, largest / 100, floor), of finite values.

    `largest` is the largest of all these gradients, so that entries which are tiny beside it raise no false alarm; yet
    zeros in place of gradients have the error 1 at the largest of them.
    """
    size = np.maximum(np.abs(analytic), np.abs(numerical))
    size = np.maximum(size, np.maximum(RELATIVE_FLOOR * size.max(), floor))
    return np.abs(analytic - numerical) / np.where(size > 0, size, 1)  # 0 / 0 counts as agreement


@dataclass(frozen=True)
class Evidence:
    """The gradient that backward computed for an array, beside the true one by differences.

    analytic: the gradient that backward computed.   true: NaN where it was not measured or lies at a kink.
    floor: below this size, differences are nothing but rounding.
    """

    subject: Subject
    name: str
    analytic: Array
    dy: Array
    limit: float
    true: Array
    floor: float

    @classmethod
    def measure(cls, subject: Subject, name: str, analytic: Array, dy: Array, limit: float) -> "Evidence":
        """Measure the true gradient, in full where the array is small, else at random coordinates."""
        size = subject.arrays[name].size
        positions = (
            np.arange(size) if size <= MAX_MEASURED else np.random.default_rng(0).permutation(size)[:MAX_MEASURED]
        )
        return cls(subject, name, analytic, dy, limit, *_measured_gradient(subject, name, positions, dy, limit))

    @property
    def array(self) -> Array:
        """The array whose gradient is examined."""
        return self.subject.arrays[self.name]

    @cached_property
    def y(self) -> Array:
        """The result of a forward pass."""
        return np.array(self.subject.forward())

    @property
    def has_right_shape(self) -> bool:
        """Whether the gradient has the shape of the array."""
        return self.analytic.shape == self.true.shape

    @property
    def known(self) -> Array:
        """Where the true gradient is known, as an array of booleans."""
        return np.isfinite(self.true)

    @cached_property
    def shared(self) -> Array:
        """Where an entry affects more values of y than others do, as where several windows overlap."""
        counts = np.zeros(self.true.shape, int)
        for index in zip(*np.nonzero(self.known), strict=True):
            entry = self.array[(*index, None)]
            with _temporarily(entry, entry + PERTURBATION * np.maximum(1, np.abs(entry))):
                counts[index] = (self.subject.forward() != self.y).sum()
        return counts > counts[counts > 0].min(initial=self.dy.size)

    @property
    def is_precise(self) -> bool:
        """Whether the largest entry has four digits beyond rounding; else any hypothesis would explain the gradient."""
        return bool(np.abs(self.true[self.known]).max(initial=0) > 1e4 * self.limit * self.floor)

    @cached_property
    def wrong(self) -> Array:
        """Where the gradient, which has the right shape, is known to be wrong."""
        return self._errors > self.limit

    @cached_property
    def _errors(self) -> Array:
        """The relative errors, which are 0 where the true gradient is not known."""
        errors = np.zeros(self.true.shape)
        errors[self.known] = relative_error(self.analytic[self.known], self.true[self.known], self.floor)
        return errors

    def is_true(self, gradient: Array) -> bool:
        """Whether this is the true gradient, as far as that is known."""
        return self.agree(gradient, self.true)

    def agree(self, a: Array, b: Array) -> bool:
        """Whether two arrays are the same to within the check's limit, wherever b is known."""
        known = np.isfinite(b)
        if a.shape != b.shape or not known.any():
            return False
        return bool(relative_error(a[known], b[known], self.floor).max() <= self.limit)

    def gradient_for(self, dy: Array) -> Array:
        """The gradient that backward computes for another upstream dy."""
        self.subject.forward()
        return self._backward(dy)

    def is_gradient_of(self, name: str) -> bool:
        """Whether the gradient is the true one of another array of the same shape."""
        if not self.has_right_shape:
            return False
        by_size = self._remeasured[np.argsort(-np.abs(self.analytic.flat[self._remeasured]))]
        if self._differs_at(by_size[:1], name):  # most hypotheses fail here already
            return False
        return all(
            self.agree(self.analytic, _measured_gradient(self.subject, name, positions, self.dy, self.limit)[0])
            for positions in (by_size[:FIRST_MEASURED], self._remeasured)
        )

    def _differs_at(self, positions: Array, name: str) -> bool:
        """Whether the gradient is not that of an array at these flat indices; False where all of them are at kinks."""
        true, _ = _measured_gradient(self.subject, name, positions, self.dy, self.limit)
        return bool(np.isfinite(true).any()) and not self.agree(self.analytic, true)

    def is_true_for_values(self, array: Array, values: Array) -> bool:
        """Whether the gradient is the true one where forward uses other values in one of its arrays."""
        with _temporarily(array, values):
            return self._is_true_now()

    def is_mended_by_values(self, array: Array, values: Array) -> bool:
        """Whether backward computes the true gradient where it alone uses other values, which forward has cached."""
        self.subject.forward()
        with _temporarily(array, values):
            return self.is_true(self._backward(self.dy))

    def is_true_for_setting(self, setting: str, value: Any) -> bool:
        """Whether the gradient is the true one where forward has another value of a setting."""
        settings, before = self.subject.settings, self.subject.settings[setting]
        try:
            settings[setting] = value
            return self._is_true_now()
        finally:
            settings[setting] = before

    def is_diagonal(self) -> bool:
        """Whether the gradient is dy times the derivative of each y with respect to the x at the same index alone."""
        diagonal = np.full(self.true.shape, np.nan)
        for index in zip(*np.unravel_index(self._remeasured, self.true.shape), strict=True):
            single = np.zeros_like(self.dy)
            single[index] = self.dy[index]
            diagonal[index] = derivative(self.subject.forward, self.array, index, single).value
        return self.agree(self.analytic, diagonal)

    def _backward(self, dy: Array) -> Array:
        return np.array(self.subject.backward(dy)[list(self.subject.arrays).index(self.name)])

    def _is_true_now(self) -> bool:
        try:
            with np.errstate(all="ignore"):
                if np.shape(self.subject.forward()) != self.dy.shape:
                    return False
                return self.is_gradient_of(self.name)
        except ARGUMENT_ERRORS:
            return False

    @cached_property
    def _remeasured(self) -> Array:
        """The flat indices of the largest errors and of the smallest."""
        known = np.flatnonzero(self.known)
        if self.has_right_shape:
            known = known[np.argsort(self._errors.flat[known])]
        return np.unique(np.append(known[:REMEASURED], known[-REMEASURED:]))


@contextmanager
def _temporarily(array: Array, values: Array) -> Iterator[None]:
    """Give the array other values within a `with` statement."""
    before = array.copy()
    try:
        array[...] = values
        yield
    finally:
        array[...] = before


def _measured_gradient(subject: Subject, name: str, positions: Array, dy: Array, limit: float) -> tuple[Array, float]:
    """The gradient of an array by differences at these flat indices, NaN elsewhere and at kinks; and its floor."""
    shape = subject.arrays[name].shape
    indices = [tuple(map(int, np.unravel_index(position, shape))) for position in positions]
    values, rounding, kept, _ = differences(subject, name, indices, dy, limit)
    gradient = np.full(shape, np.nan)
    gradient.flat[positions[kept]] = values[kept]
    return gradient, float(rounding[kept].max(initial=0)) / limit
