"""The arrays of a run: pictures, mistakes, first-layer weights and test probabilities."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

Arrays = dict[str, NDArray[Any]]

# The axes of each array. A letter has one length wherever it stands; K is the number of classes.
AXES = {
    "samples": "MHWC",
    "sample_labels": "M",
    "augmented": "ADHWC",
    "augmented_targets": "ADK",
    "mistakes": "EHWC",
    "mistake_labels": "E",
    "mistake_predictions": "E",
    "mistake_confidence": "E",
    "mistake_index": "E",
    "probabilities": "NK",
    "labels": "N",
}
NEEDS = {
    "samples": {"sample_labels"},
    "augmented": {"augmented_targets"},
    "mistakes": {"mistake_labels"},
    "mistake_labels": {"mistake_predictions", "mistake_confidence", "mistake_index"},
    "probabilities": {"labels"},
    "first_weights": {"first_weights_initial"},
}
PICTURES = ("samples", "augmented", "mistakes")
SHARES = ("probabilities", "mistake_confidence", "augmented_targets")
LABELS = ("sample_labels", "mistake_labels", "mistake_predictions", "labels")


def arrays(content: bytes, classes: int) -> Arrays:
    """The arrays in the bytes of a safetensors file; ValueError where they do not fit together or the classes."""
    try:
        found = load(content)
    except SafetensorError as error:
        raise ValueError(str(error)) from None
    _check_shapes(found, classes)
    _check_values(found, classes)
    return found


def _check_values(found: Arrays, classes: int) -> None:
    for name in sorted(found.keys() & set(PICTURES)):
        if found[name].dtype != np.uint8:
            raise ValueError(f"{name} holds {found[name].dtype} where uint8 is expected")
    for name in sorted(found.keys() & set(LABELS)):
        if not np.isin(found[name], np.arange(classes)).all():
            raise ValueError(f"{name} holds a label outside 0 to {classes - 1}")
    for name in sorted(found.keys() & set(SHARES)):
        if not ((found[name] >= 0) & (found[name] <= 1 + 1e-5)).all():
            raise ValueError(f"{name} holds a value that is no probability")


def _check_shapes(found: Arrays, classes: int) -> None:
    lengths = {"K": classes}
    for name, axes in AXES.items():
        if name not in found:
            continue
        shape = found[name].shape
        if len(shape) != len(axes):
            raise ValueError(f"{name} has {len(shape)} axes where {len(axes)} are expected")
        for axis, length in zip(axes, shape, strict=True):
            if lengths.setdefault(axis, length) != length:
                raise ValueError(f"{name} has {length} where {lengths[axis]} are expected, in shape {shape}")
    for name in sorted(found.keys() & NEEDS.keys()):
        if missing := NEEDS[name] - found.keys():
            raise ValueError(f"it holds {name} but no {min(missing)}")
    if "first_weights" in found and found["first_weights"].shape != found["first_weights_initial"].shape:
        raise ValueError("first_weights and first_weights_initial have different shapes")
