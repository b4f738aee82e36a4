"""Dropout: each value is zeroed with probability p, independently.

                 training               inference
    inverted     y = x m / (1 - p)      y = x             (the default)
    classic      y = x m                y = x (1 - p)

    dx = dy times the same factor that forward applied to x

m is 1 where a value is kept. Both modes have E[y] equal in training and at inference; a network trained in one mode
must be used in the same. Source: Srivastava et al. 2014, JMLR 15. Derivation: docs/derivations/dropout.md
"""

import numpy as np

from backhand.arrays import Array

MODES = ("inverted", "classic")


def draw_mask(shape: tuple[int, ...], p: float, rng: np.random.Generator) -> Array:
    """True with probability 1 - p: the values to keep."""
    return rng.random(shape, dtype=np.float32) >= p


def forward(x: Array, *, p: float, mask: Array | None = None, mode: str = "inverted") -> tuple[Array, Array]:
    """x of any shape, p in [0, 1) -> y of that shape. `mask` (x's shape, True = keep) trains; without it, inference.

    The cache is the factor that x was multiplied by. Raises ValueError for a p outside [0, 1), an unknown
    mode or a mask of another shape.
    """
    if not 0 <= p < 1:
        raise ValueError(f"the dropout probability must be in [0, 1), not {p}")
    if mode not in MODES:
        raise ValueError(f'the dropout mode must be "inverted" or "classic", not "{mode}"')
    if mask is not None and mask.shape != x.shape:
        raise ValueError(f"the dropout mask must have the shape of x, {x.shape}, not {mask.shape}")
    keep = np.asarray(1 if mask is None else mask, x.dtype)
    if mask is None:
        factor = keep if mode == "inverted" else keep * x.dtype.type(1 - p)
    else:
        factor = keep / x.dtype.type(1 - p) if mode == "inverted" else keep
    return x * factor, factor


def backward(dy: Array, factor: Array) -> tuple[Array]:
    """dy -> dx, both of x's shape."""
    return (dy * factor,)
