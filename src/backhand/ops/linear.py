"""Affine map, the fully connected layer.

    y  = x w + b             x (N, I)   w (I, O)   b (O,)   y (N, O)

    dx = dy wᵀ               dw = xᵀ dy               db = Σ_n dy

Several maps at once: w (S, I, O) and b (S, O) give y (S, N, O), from x (S, N, I), or from one x (N, I) for all.

Source: Rumelhart, Hinton and Williams 1986, Nature 323. Derivation: docs/derivations/linear.md
"""

from backhand.arrays import Array

Cache = tuple[Array, Array]


def forward(x: Array, w: Array, b: Array) -> tuple[Array, Cache]:
    """x (N, I), w (I, O), b (O,) -> y (N, O)."""
    y = x @ w
    y += b[..., None, :]
    return y, (x, w)


def backward(dy: Array, cache: Cache, *, need_dx: bool = True) -> tuple[Array | None, Array, Array]:
    """dy (N, O) -> dx (N, I), dw (I, O), db (O,); dx is None when the caller has no use for it (the first layer).

    Of several maps, dx (S, N, I) also where they had one x: what each of them asks of it.
    """
    x, w = cache
    return dy @ w.mT if need_dx else None, x.mT @ dy, dy.sum(-2)
