"""Branches side by side along the channels (the last axis).

    y = [a, b, ...]            da = dy[..., :A]            db = dy[..., A : A + B]            ...

Source: Szegedy et al. 2015 (Inception), arXiv:1409.4842. Derivation: docs/derivations/concatenate.md
"""

from itertools import accumulate

import numpy as np

from backhand.arrays import Array


def forward(*branches: Array) -> tuple[Array, list[int]]:
    """Arrays (..., A), (..., B), ... -> y (..., A + B + ...); the cache is where each ends.

    Raises ValueError unless the shapes agree but for the last axis.
    """
    shapes = [branch.shape for branch in branches]
    if len({shape[:-1] for shape in shapes}) != 1:
        raise ValueError(f"branches of shapes {', '.join(map(str, shapes))} differ in more than their channels")
    return np.concatenate(branches, axis=-1), list(accumulate(shape[-1] for shape in shapes))


def backward(dy: Array, ends: list[int]) -> tuple[Array, ...]:
    """dy -> the gradient of each branch, views of dy."""
    return tuple(np.split(dy, ends[:-1], axis=-1))
