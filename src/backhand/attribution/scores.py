"""The score that is explained: that of one class per sample, and where its gradient begins."""

from collections.abc import Iterator
from math import prod

import numpy as np

from backhand.arrays import Array, Labels
from backhand.errors import ModelError
from backhand.model.sequential import Sequential

Classes = Labels | int | None
VALUES = 2**26  # the most values of all layers together that one chunk of samples keeps in memory


def class_labels(model: Sequential, x: Array, classes: Classes) -> Labels:
    """The class of each sample (N,): as given, one for all, or where it is None the one with the highest score.

    A model with a single output z has the scores z for class 1 and -z for class 0; None is class 1 there. The model may
    lose its caches.
    Raises ModelError for classes that the model has no score for, and for another number of them than samples.
    """
    outputs = _outputs(model)
    if classes is None:
        if outputs == 1:
            return np.ones(len(x), np.int64)
        return np.concatenate([np.zeros(0, np.int64), *(model.predict(x[c]).argmax(1) for c in chunks(model, len(x)))])
    labels = np.broadcast_to(np.asarray(classes), len(x)) if np.ndim(classes) == 0 else np.asarray(classes)
    if labels.shape != (len(x),) or labels.dtype.kind not in "iu":
        raise ModelError(f"{len(x)} samples need one class each, as whole numbers, not an array of {labels.shape}")
    unknown = labels[(labels < 0) | (labels >= max(outputs, 2))]
    if len(unknown):
        raise ModelError(f"there is no class {unknown[0]}; the model has {outputs} outputs, which count from 0")
    return labels.astype(np.int64)


def upstream(scores: Array, labels: Labels) -> Array:
    """The gradient of the classes' scores with respect to all scores (N, K): 1 at the class, else 0."""
    if scores.shape[1] == 1:
        return np.where(labels[:, None] == 1, 1, -1).astype(scores.dtype)
    return np.eye(scores.shape[1], dtype=scores.dtype)[labels]


def chunks(model: Sequential, count: int) -> Iterator[slice]:
    """Slices of so many samples, each small enough that all layers' outputs fit into memory at once."""
    values = prod(model.input_shape) + sum(prod(layer.output_shape) for _, layer in model.walk())
    size = max(VALUES // max(values, 1), 1)
    return (slice(start, start + size) for start in range(0, count, size))


def _outputs(model: Sequential) -> int:
    """The number of outputs. Raises ModelError before `build`, and for outputs that are no scores (K,)."""
    if not model.output_shape:
        raise ModelError("the model must be built before its scores are explained")
    if len(model.output_shape) != 1:
        raise ModelError(f"only scores (K,) are explained, and the model's output has the shape {model.output_shape}")
    return model.output_shape[0]
