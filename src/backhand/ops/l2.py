"""The L2 penalty on a weight, in both conventions that courses and papers use.

    form "half"      y = λ/2 Σ w²       dw = λ w          (what "weight decay λ" means with plain SGD)
    form "whole"     y = λ Σ w²         dw = 2 λ w

Biases, and the scale and shift of a normalisation, are not penalised: the model leaves them out.
Source: Hoerl and Kennard 1970, Technometrics 12. Derivation: docs/derivations/l2.md
"""

import numpy as np

from backhand.arrays import Array

FORMS = ("half", "whole")


def forward(w: Array, *, strength: float, form: str = "half") -> tuple[Array, tuple[Array, float]]:
    """w of any shape, strength λ >= 0 -> the penalty, a scalar. Raises ValueError for a negative λ or unknown form."""
    c = slope(strength, form)
    return w.dtype.type(c / 2) * np.vdot(w, w), (w, c)


def backward(dy: float | Array, cache: tuple[Array, float]) -> tuple[Array]:
    """The upstream scalar -> dw, of w's shape."""
    w, c = cache
    return (w * w.dtype.type(c * dy),)


def slope(strength: float, form: str) -> float:
    """c in dw = c w. Raises ValueError for a negative λ or unknown form."""
    if not strength >= 0:
        raise ValueError(f"the strength of the L2 penalty must be 0 or more, not {strength}")
    if form not in FORMS:
        raise ValueError(f'the form of the L2 penalty must be "half" or "whole", not "{form}"')
    return strength if form == "half" else 2 * strength
