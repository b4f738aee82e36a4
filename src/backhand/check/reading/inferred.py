"""The losses that a network may have whose file does not say which: tried until the gradients fit one of them."""

from collections.abc import Callable

import numpy as np

from backhand.arrays import Array

Loss = Callable[[Array, Array], float]


def _softmax(a: Array, axis: int) -> Array:
    e = np.exp(a - a.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def _log(a: Array) -> Array:
    return np.log(np.maximum(a, 1e-300))


LOSSES: dict[str, Loss] = {
    "half the squared error": lambda a, t: float(0.5 * ((a - t) ** 2).sum()),
    "the squared error": lambda a, t: float(((a - t) ** 2).sum()),
    "cross-entropy of each output": lambda a, t: float(-(t * _log(a) + (1 - t) * _log(1 - a)).sum()),
    "cross-entropy of probabilities": lambda a, t: float(-(t * _log(a)).sum()),
    "softmax cross-entropy of scores": lambda a, t: float(
        -(t * _log(_softmax(a, int(np.argmax(np.array(t.shape) == t.sum()) == 0)))).sum()
    ),
}
