"""Whether the arrays of an evidence.safetensors fit together: their shapes, their types and their values."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]

# The axes of each array. A letter has one length wherever it stands; K is the number of classes.
AXES: dict[str, Sequence[Hashable]] = {
    "samples": "MHWC",
    "sample_labels": "M",
    "augmented": "ADHWC",
    "augmented_targets": "ADK",
    "mistakes": "EHWC",
    "mistake_labels": "E",
    "mistake_predictions": "E",
    "mistake_confidence": "E",
    "mistake_index": "E",
    "map_images": "FHWC",
    "map_labels": "F",
    "map_predictions": "F",
    "map_index": "F",
    "probabilities": "NK",
    "labels": "N",
}
NEEDS = {
    "samples": {"sample_labels"},
    "augmented": {"augmented_targets"},
    "mistakes": {"mistake_labels"},
    "mistake_labels": {"mistake_predictions", "mistake_confidence", "mistake_index"},
    "map_images": {"map_labels", "map_predictions", "map_index"},
    "probabilities": {"labels"},
    "first_weights": {"first_weights_initial"},
    "first_weights_initial": {"first_weights"},
}
PICTURES = ("samples", "augmented", "mistakes", "map_images")
SHARES = ("probabilities", "mistake_confidence", "augmented_targets")
LABELS = ("sample_labels", "mistake_labels", "mistake_predictions", "map_labels", "map_predictions", "labels")


def check(found: Arrays, classes: int) -> None:
    """Raises ValueError where the arrays do not fit together or the classes."""
    _check_shapes(found, classes)
    _check_values(found, classes)


def _mapped_layers(found: Arrays) -> tuple[str, ...]:
    """The layers whose feature maps there are, by name, from the first to the last."""
    names = (name.removeprefix("maps.") for name in found if name.startswith("maps."))
    return tuple(sorted((name for name in names if name.isdecimal()), key=int))


def _axes(found: Arrays) -> dict[str, Sequence[Hashable]]:
    """AXES, and those of the feature maps of each layer: images, rows, columns, channels; a range has two ends."""
    axes = dict(AXES)
    for place in _mapped_layers(found):
        channels = f"channels of {place}"
        axes[f"maps.{place}"] = ("F", f"rows of {place}", f"columns of {place}", channels)
        axes |= {f"map_channels.{place}": (channels,), f"map_ranges.{place}": (channels, 2)}
    return axes


def _needs(found: Arrays) -> dict[str, set[str]]:
    """NEEDS, and what feature maps cannot do without."""
    about = ("map_channels", "map_ranges")
    maps = {f"maps.{n}": {"map_images", *(f"{name}.{n}" for name in about)} for n in _mapped_layers(found)}
    return NEEDS | maps


def _check_values(found: Arrays, classes: int) -> None:
    for name in sorted(name for name in found if name in PICTURES or name.startswith("maps.")):
        if found[name].dtype != np.uint8:
            raise ValueError(f"{name} holds {found[name].dtype} where uint8 is expected")
    for name in sorted(found.keys() & set(LABELS)):
        if not np.isin(found[name], np.arange(classes)).all():
            raise ValueError(f"{name} holds a label outside 0 to {classes - 1}")
    for name in sorted(found.keys() & set(SHARES)):
        if not ((found[name] >= 0) & (found[name] <= 1 + 1e-5)).all():
            raise ValueError(f"{name} holds a value that is no probability")


def _check_shapes(found: Arrays, classes: int) -> None:
    lengths: dict[Hashable, int] = {"K": classes, 2: 2}
    for name, axes in _axes(found).items():
        if name not in found:
            continue
        shape = found[name].shape
        if len(shape) != len(axes):
            raise ValueError(f"{name} has {len(shape)} axes where {len(axes)} are expected")
        for axis, length in zip(axes, shape, strict=True):
            if lengths.setdefault(axis, length) != length:
                raise ValueError(f"{name} has {length} where {lengths[axis]} are expected, in shape {shape}")
    needs = _needs(found)
    for name in sorted(found.keys() & needs.keys()):
        if missing := needs[name] - found.keys():
            raise ValueError(f"it holds {name} but no {min(missing)}")
    if "first_weights" in found and found["first_weights"].shape != found["first_weights_initial"].shape:
        raise ValueError("first_weights and first_weights_initial have different shapes")
