"""Affine map, the fully connected layer.

    y  = x w + b             x (N, I)   w (I, O)   b (O,)   y (N, O)

    dx = dy wᵀ               dw = xᵀ dy               db = Σ_n dy

Several maps at once: w (S, I, O) and b (S, O) give y (S, N, O), from x (S, N, I), or from one x (N, I) for all.

With the precision "bfloat16", x, w and dy are rounded before they are multiplied; b, db and all sums are not.

Source: Rumelhart, Hinton and Williams 1986, Nature 323. Derivation: docs/derivations/linear.md
"""

from backhand.arrays import Array
from backhand.arrays.bfloat16 import rounded
from backhand.precision import BFLOAT16, FLOAT32

Cache = tuple[Array, Array, str]


def forward(x: Array, w: Array, b: Array, *, precision: str = FLOAT32) -> tuple[Array, Cache]:
    """x (N, I), w (I, O), b (O,) -> y (N, O). precision: of the products, here and in `backward`."""
    if precision == BFLOAT16:
        x, w = rounded(x), rounded(w)
    y = x @ w
    y += b[..., None, :]
    return y, (x, w, precision)


def backward(dy: Array, cache: Cache, *, need_dx: bool = True) -> tuple[Array | None, Array, Array]:
    """dy (N, O) -> dx (N, I), dw (I, O), db (O,); dx is None when the caller has no use for it (the first layer).

    Of several maps, dx (S, N, I) also where they had one x: what each of them asks of it.
    """
    x, w, precision = cache
    db = dy.sum(-2)
    dy = rounded(dy) if precision == BFLOAT16 else dy
    return dy @ w.mT if need_dx else None, x.mT @ dy, db
