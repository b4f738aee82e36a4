"""Logistic loss (binary cross-entropy) from logits.

    loss = mean ω ( max(z, 0) - z t + log(1 + e^-|z|) )          dz = ω (sigmoid z - t) / N · dy

t is the label: 0 or 1, or a probability; ω (N,) weighs the samples. In this form no z overflows and log 0 cannot occur.
Source: Cox 1958, J. Royal Stat. Soc. B 20. Derivation: docs/derivations/logistic.md
"""

import numpy as np

from backhand.arrays import Array
from backhand.arrays.samples import binary_labels, sample_weights
from backhand.ops import sigmoid

Cache = tuple[Array, Array, Array]


def forward(logits: Array, labels: Array, *, weights: Array | None = None) -> tuple[Array, Cache]:
    """logits (N,) or (N, 1), labels (N,) in [0, 1] -> the mean loss, a scalar in nats.

    weights (N,), 0 or more: each sample's loss is multiplied by its own, and the sum still divided by N.
    Raises ValueError when the counts differ, a label lies outside [0, 1], and as `sample_weights` does.
    """
    t = binary_labels(logits, labels).astype(logits.dtype)
    omega = sample_weights(weights, logits).reshape(logits.shape)
    loss = (omega * (np.maximum(logits, 0) - logits * t + np.log1p(np.exp(-np.abs(logits))))).mean()
    return loss, (sigmoid.forward(logits)[0], t, omega)


def backward(dy: float | Array, cache: Cache) -> tuple[Array]:
    """The upstream scalar -> dlogits, of the logits' shape."""
    p, t, omega = cache
    return ((p - t) * (omega * p.dtype.type(dy / p.size)),)


def predict_proba(logits: Array) -> Array:
    """The probability of class 1, of the logits' shape."""
    return sigmoid.forward(logits)[0]
