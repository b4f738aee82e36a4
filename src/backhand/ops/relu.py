"""The rectifier: positive values pass, the others become 0.

    y = max(x, 0)            dx = dy [x > 0]

At the kink x = 0 the derivative is taken as 0, as PyTorch takes it; Bertoin et al. 2021 (arXiv:2106.12915) find that
choice the most robust. Source: Nair and Hinton 2010, ICML. Derivation: docs/derivations/relu.md
"""

import numpy as np

from backhand.arrays import Array


def forward(x: Array) -> tuple[Array, Array]:
    """x of any shape -> y of that shape; the cache is the mask x > 0."""
    return np.maximum(x, 0), x > 0


def backward(dy: Array, positive: Array) -> tuple[Array]:
    """dy -> dx, both of x's shape."""
    return (dy * positive,)
