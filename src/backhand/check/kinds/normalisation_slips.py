"""The gradients that known mistakes of a normalisation's backward pass give."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from backhand.arrays import Array

Axes = tuple[int, ...]


@dataclass(frozen=True)
class Moments:
    """x, its mean and its variance over some axes, and what normalisation makes of them."""

    x: Array
    axes: Axes
    mean: Array
    variance: Array
    eps: float

    @classmethod
    def of(cls, x: Array, axes: Axes, eps: float) -> "Moments":
        """The moments of x itself."""
        return cls(x, axes, x.mean(axes, keepdims=True), x.var(axes, keepdims=True), eps)

    @property
    def centred(self) -> Array:
        """The values less their mean."""
        return self.x - self.mean

    @property
    def inverse(self) -> Array:
        """One over the deviation of the values."""
        return 1 / np.sqrt(self.variance + self.eps)

    @property
    def normal(self) -> Array:
        """The values less their mean, over their deviation."""
        return self.centred * self.inverse

    @property
    def count(self) -> int:
        """How many values share a mean."""
        return self.x.size // self.variance.size

    def average(self, array: Array) -> Array:
        """The mean over the axes of the statistics."""
        return array.mean(self.axes, keepdims=True)

    def right(self, d: Array) -> Array:
        """The true gradient of x, for the gradient d of the normalised values."""
        return self.inverse * (d - self.average(d) - self.normal * self.average(d * self.normal))


def slips_of_x(m: Moments, dy: Array, gamma: Array | None) -> Iterator[tuple[str, Array]]:
    """Mistakes of dx where mean and variance are those of x, the most usual first."""
    d = dy if gamma is None else dy * gamma
    i, h, n = m.inverse, m.normal, m.count
    of_mean, of_variance = m.average(d), h * m.average(d * h)
    yield "term of the mean missing", i * (d - of_variance)
    yield "term of the variance missing", i * (d - of_mean)
    yield "both terms missing", i * d
    if gamma is not None:
        yield "gamma left out of dx", m.right(dy)
        yield "gamma in the first term only", i * (d - m.average(dy) - h * m.average(dy * h))
        yield "gamma in the first term only", i * (d - m.average(dy) - of_variance)
        yield "gamma in the first term only", i * (d - of_mean - h * m.average(dy * h))
        yield "gamma applied twice", m.right(d * gamma)
    yield "sums for means", i * (d - n * of_mean - n * of_variance)
    yield "sums for means", i * (d - n * of_mean - of_variance)
    yield "sums for means", i * (d - of_mean - n * of_variance)
    yield "factor 1/2 of the variance missing", i * (d - of_mean - 2 * of_variance)
    yield "factor 2 of the square missing", i * (d - of_mean - of_variance / 2)
    yield "sign of the variance's term", i * (d - of_mean + of_variance)
    yield "sign of the mean's term", i * (d + of_mean - of_variance)
    yield "wrong power of the deviation", i * (d - of_mean - of_variance / i)
    yield "wrong power of the deviation", i * (d - of_mean - of_variance / i**2)
    yield "wrong power of the deviation", i * (d - of_mean - of_variance * i)
    yield "divided by the variance", i * m.right(d)
    yield "not divided by the deviation", m.right(d) / i
    yield "values not normalised", i * (d - of_mean - m.centred * m.average(d * m.centred))
    yield "values not centred", i * (d - of_mean - m.x * i * m.average(d * m.x * i))
    yield "values left out of the variance's term", i * (d - of_mean - m.average(d * h))
    yield "values left out of the variance's term", i * (d - of_mean - h * m.average(d))
    yield "mean of everything", i * (d - d.mean() - h * (d * h).mean())
    yield "mean of everything", i * (d - d.mean() - of_variance)
    yield "mean of everything", i * (d - of_mean - h * (d * h).mean())
    if n > 1:
        unbiased = Moments(m.x, m.axes, m.mean, m.variance * n / (n - 1), m.eps)
        yield "unbiased variance", unbiased.right(d)
        yield "unbiased variance", i * (d - of_mean - of_variance * n / (n - 1))
    with np.errstate(all="ignore"):
        yield "eps left out", Moments(m.x, m.axes, m.mean, m.variance, 0).right(d)
    for others in {(0,), (m.x.ndim - 1,)} - {m.axes}:
        other_mean, other_variance = d.mean(others, keepdims=True), h * (d * h).mean(others, keepdims=True)
        yield "means over the wrong axes", i * (d - other_mean - other_variance)
        yield "means over the wrong axes", i * (d - other_mean - of_variance)
        yield "means over the wrong axes", i * (d - of_mean - other_variance)


def slips_of_parameters(m: Moments, dy: Array, y: Array, summed: Axes) -> Iterator[tuple[str, str, Array]]:
    """Mistakes of dgamma and dbeta, which hold in both modes: name, role and values."""

    def total(array: Array) -> Array:
        return array.sum(summed, keepdims=True)

    count = dy.size // total(dy).size
    yield "input for the normalised values", "gamma", total(dy * m.x)
    yield "centred values for the normalised", "gamma", total(dy * m.centred)
    yield "output for the normalised values", "gamma", total(dy * y)
    yield "normalised values left out", "gamma", total(dy)
    yield "divided by the variance in dgamma", "gamma", total(dy * m.normal * m.inverse)
    yield "averaged over the samples", "gamma", total(dy * m.normal) / count
    yield "averaged over the samples", "beta", total(dy) / count
    yield "normalised values in dbeta", "beta", total(dy * m.normal)
    others = tuple(axis for axis in range(dy.ndim) if axis not in summed)
    yield "summed over the wrong axis", "gamma", (dy * m.normal).sum(others)
    yield "summed over the wrong axis", "beta", dy.sum(others)


def slips_of_constants(m: Moments, dy: Array, gamma: Array | None) -> Iterator[tuple[str, Array]]:
    """Mistakes of dx where mean and variance are constants, as in test mode."""
    d = dy if gamma is None else dy * gamma
    batch = Moments.of(m.x, m.axes, m.eps)
    yield "batch terms in test mode", batch.right(d)
    yield "batch terms in test mode", m.right(d)
    yield "batch statistics in test mode", batch.inverse * d
    if gamma is not None:
        yield "gamma left out of dx", m.inverse * dy
        yield "gamma applied twice", m.inverse * d * gamma
    yield "divided by the variance", m.inverse**2 * d
    yield "not divided by the deviation", d
