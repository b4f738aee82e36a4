"""Penalties on weights as pairs of functions."""

import numpy as np


def l2_penalty(w, lam):
    """Half the sum of squares, times lam, and its gradient."""
    loss = 0.5 * lam * np.sum(w * w)
    return loss, lam * w


def l1_penalty(w, lam):
    """The sum of absolute values, times lam, and its gradient."""
    loss = lam * np.sum(np.abs(w))
    return loss, lam * np.sign(w)
