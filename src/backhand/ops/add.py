"""The sum of two branches, as in a residual block.

    y = a + b            da = dy            db = dy

Where both branches began at one x, its gradient is the sum of theirs: the layer `Residual` adds them up.
Source: He et al. 2015, arXiv:1512.03385. Derivation: docs/derivations/add.md
"""

from backhand.arrays import Array


def forward(a: Array, b: Array) -> tuple[Array, None]:
    """a and b of one shape -> y of that shape; nothing is cached. Raises ValueError for two shapes."""
    check(a, b)
    return a + b, None


def backward(dy: Array, cache: None) -> tuple[Array, Array]:  # noqa: ARG001 (every backward takes both)
    """dy -> da, db: dy itself, twice."""
    return dy, dy


def check(a: Array, b: Array) -> None:
    """Raises ValueError for two shapes."""
    if a.shape != b.shape:
        raise ValueError(f"branches of shapes {a.shape} and {b.shape} cannot be added")
