"""Checks that the arrays of an evidence.safetensors fit together: their shapes, their types and their values."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]

# The axes of each array. Axes with the same letter have the same length; K is the number of classes, J of targets.
AXES: dict[str, Sequence[Hashable]] = {
    "samples": "MHWC",
    "sample_labels": "M",
    "sample_targets": "MJ",
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
    "attribution_images": "THWC",
    "attribution_labels": "T",
    "attribution_predictions": "T",
    "attribution_confidence": "T",
    "attribution_index": "T",
    "saliency": "THW",
    "importance": "PR",
    "importance_rows": (1,),
    "probabilities": "NK",
    "labels": "N",
    "predictions": "NJ",
    "targets": "NJ",
    "fitted_index": "N",
    "largest_errors": "LHWC",
    "largest_error_index": "L",
}
# The arrays without which an array cannot be used.
NEEDS = {
    "samples": {"sample_labels"},
    "augmented": {"augmented_targets"},
    "mistakes": {"mistake_labels"},
    "mistake_labels": {"mistake_predictions", "mistake_confidence", "mistake_index"},
    "map_images": {"map_labels", "map_predictions", "map_index"},
    "attribution_images": {
        "attribution_labels",
        "attribution_predictions",
        "attribution_confidence",
        "attribution_index",
        "saliency",
    },
    "importance": {"importance_rows"},
    "probabilities": {"labels"},
    "predictions": {"targets", "fitted_index"},
    "largest_errors": {"largest_error_index", "predictions"},
    "first_weights": {"first_weights_initial"},
    "first_weights_initial": {"first_weights"},
}
# The arrays that need a class for each sample: those of a regression come without.
OF_CLASSES = {
    *("sample_labels", "augmented_targets", "map_labels", "map_predictions"),
    *("attribution_labels", "attribution_predictions", "attribution_confidence"),
}
PICTURES = ("samples", "augmented", "mistakes", "map_images", "attribution_images", "largest_errors")
SHARES = ("probabilities", "mistake_confidence", "augmented_targets", "attribution_confidence")
LABELS = (
    *("sample_labels", "mistake_labels", "mistake_predictions", "map_labels", "map_predictions", "labels"),
    *("attribution_labels", "attribution_predictions"),
)


def check(arrays: Arrays, classes: int, targets: int = 0) -> None:
    """Raises ValueError where the arrays do not fit each other or the number of classes or targets."""
    _check_shapes(arrays, {"K": classes, "J": targets, 1: 1, 2: 2})
    _check_values(arrays, classes)
    _check_attributions(arrays, targets=bool(targets))


def _mapped_layers(arrays: Arrays) -> tuple[str, ...]:
    """The names of the layers that have feature maps, from the first to the last."""
    names = (name.removeprefix("maps.") for name in arrays if name.startswith("maps."))
    return tuple(sorted((name for name in names if name.isdecimal()), key=int))


def _axes(arrays: Arrays) -> dict[str, Sequence[Hashable]]:
    """AXES with the axes of each layer's feature maps: images, rows, columns, channels; a range has two ends."""
    axes = dict(AXES)
    for layer in _mapped_layers(arrays):
        channels = f"channels of {layer}"
        axes[f"maps.{layer}"] = ("F", f"rows of {layer}", f"columns of {layer}", channels)
        axes |= {f"map_channels.{layer}": (channels,), f"map_ranges.{layer}": (channels, 2)}
    return axes | dict.fromkeys(_cams(arrays), "THW")


def _cams(arrays: Arrays) -> tuple[str, ...]:
    """The names of the Grad-CAM maps, which end in the name of their layer."""
    return tuple(name for name in arrays if name.startswith(("grad_cam.", "grad_cam_true.")))


def _needs(arrays: Arrays, *, targets: bool) -> dict[str, set[str]]:
    """NEEDS of classes or of targets, with the arrays without which the feature maps of each layer cannot be used."""
    needs = {name: needed - OF_CLASSES for name, needed in NEEDS.items()} if targets else NEEDS
    return (
        needs
        | ({"samples": {"sample_targets"}} if targets else {})
        | {
            f"maps.{layer}": {"map_images", f"map_channels.{layer}", f"map_ranges.{layer}"}
            for layer in _mapped_layers(arrays)
        }
    )


def _check_attributions(arrays: Arrays, *, targets: bool) -> None:
    """Saliency and Grad-CAM are finite and not negative, and both Grad-CAM maps (of targets one) of one layer."""
    cams = _cams(arrays)
    if cams and not targets and {name.partition(".")[0] for name in cams} != {"grad_cam", "grad_cam_true"}:
        raise ValueError(f"it holds {cams[0]} without the other of grad_cam and grad_cam_true")
    if len({name.partition(".")[2] for name in cams}) > 1:
        raise ValueError("it holds Grad-CAM maps of several layers")
    for name in (*cams, *(["saliency"] if "saliency" in arrays else [])):
        if not (np.isfinite(arrays[name]) & (arrays[name] >= 0)).all():
            raise ValueError(f"{name} holds a value that is negative or not finite")
    if "importance" in arrays and not np.isfinite(arrays["importance"]).all():
        raise ValueError("importance holds a value that is not finite")


def _check_values(arrays: Arrays, classes: int) -> None:
    for name in sorted(name for name in arrays if name in PICTURES or name.startswith("maps.")):
        if arrays[name].dtype != np.uint8:
            raise ValueError(f"{name} holds {arrays[name].dtype} where uint8 is expected")
    for name in sorted(arrays.keys() & set(LABELS)):
        if not np.isin(arrays[name], np.arange(classes)).all():
            raise ValueError(f"{name} holds a label outside 0 to {classes - 1}")
    for name in sorted(arrays.keys() & set(SHARES)):
        if not ((arrays[name] >= 0) & (arrays[name] <= 1 + 1e-5)).all():
            raise ValueError(f"{name} holds a value that is no probability")


def _check_shapes(arrays: Arrays, lengths: dict[Hashable, int]) -> None:
    for name, axes in _axes(arrays).items():
        if name not in arrays:
            continue
        shape = arrays[name].shape
        if len(shape) != len(axes):
            raise ValueError(f"{name} has {len(shape)} axes where {len(axes)} are expected")
        for axis, length in zip(axes, shape, strict=True):
            if lengths.setdefault(axis, length) != length:
                raise ValueError(f"{name} has {length} where {lengths[axis]} are expected, in shape {shape}")
    needs = _needs(arrays, targets=bool(lengths["J"]))
    for name in sorted(arrays.keys() & needs.keys()):
        if missing := needs[name] - arrays.keys():
            raise ValueError(f"it holds {name} but no {min(missing)}")
    if "first_weights" in arrays and arrays["first_weights"].shape != arrays["first_weights_initial"].shape:
        raise ValueError("first_weights and first_weights_initial have different shapes")
