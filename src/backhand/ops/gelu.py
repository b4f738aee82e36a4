"""The Gaussian error linear unit: each value times the probability that a standard normal variable is below it.

    y = x Φ(x)          dx = dy (Φ(x) + x φ(x))

Φ and φ are the distribution function and the density of the normal distribution: the exact form, and not the one that
approximates Φ by tanh.
Source: Hendrycks and Gimpel 2016, arXiv:1606.08415. Derivation: docs/derivations/gelu.md
"""

from backhand.arrays import Array
from backhand.arrays.normal import density, distribution


def forward(x: Array) -> tuple[Array, Array]:
    """x of any shape -> y of that shape; the cache is dy/dx, elementwise."""
    below = distribution(x)
    return x * below, below + x * density(x)


def backward(dy: Array, derivative: Array) -> tuple[Array]:
    """dy -> dx, both of x's shape."""
    return (dy * derivative,)
