"""The groups of arrays in a run's evidence.safetensors, each read whole or not at all, and their names in the file."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True)
class Predictions:
    """The probabilities (N, K) of the test samples and their labels (N,); N is the number of samples, K of classes.

    Samples whose scores are not finite are left out.
    """

    probabilities: NDArray[Any]
    labels: NDArray[Any]


@dataclass(frozen=True)
class Fitted:
    """The predictions and targets (N, T) of a regression on the test samples, whose indices there are `index` (N,).

    Samples whose scores are not finite are left out.
    """

    predictions: NDArray[Any]
    targets: NDArray[Any]
    index: NDArray[Any]


@dataclass(frozen=True)
class Samples:
    """Some training pictures (M, H, W, C) uint8, with their labels (M,)."""

    pictures: NDArray[Any]
    labels: NDArray[Any]


@dataclass(frozen=True)
class Augmented:
    """Training pictures with augmented versions of each: (A, 1 + D, H, W, C) uint8, the original first.

    targets: the label of each version as a distribution over the classes, (A, 1 + D, K).
    """

    pictures: NDArray[Any]
    targets: NDArray[Any]


@dataclass(frozen=True)
class Mistakes:
    """The most confident mistakes: labels, predictions, confidence and index in the test split, all (E,).

    pictures: the samples (E, H, W, C) uint8, where they are pictures.
    """

    labels: NDArray[Any]
    predictions: NDArray[Any]
    confidence: NDArray[Any]
    index: NDArray[Any]
    pictures: NDArray[Any] | None = None


@dataclass(frozen=True)
class FirstWeights:
    """The weights of the first layer before the training and after it."""

    initial: NDArray[Any]
    trained: NDArray[Any]


@dataclass(frozen=True)
class LayerMaps:
    """The outputs of one layer for the pictures: maps (F, h, w, c) uint8 of its c strongest channels.

    channels: the indices of these channels (c,).   ranges: the values (c, 2) that 0 and 255 stand for.
    """

    maps: NDArray[Any]
    channels: NDArray[Any]
    ranges: NDArray[Any]


@dataclass(frozen=True)
class FeatureMaps:
    """Test pictures (F, H, W, C) uint8, with labels, predictions and index in the test split, all (F,).

    layers: the maps of some layers, by the layer's name, from the first to the last.
    """

    images: NDArray[Any]
    labels: NDArray[Any]
    predictions: NDArray[Any]
    index: NDArray[Any]
    layers: dict[str, LayerMaps]


@dataclass(frozen=True)
class Attributions:
    """What the scores of some test pictures (T, H, W, C) uint8 depend on.

    labels, predictions, confidence, index: of each (T,), with its place in the test split.
    saliency: of the predicted class's score, (T, H, W).
    layer: the name of the layer of the Grad-CAM maps; empty where the network has none.
    grad_cam, grad_cam_true: Grad-CAM of the predicted class and of the true one, (T, H, W).
    """

    images: NDArray[Any]
    labels: NDArray[Any]
    predictions: NDArray[Any]
    confidence: NDArray[Any]
    index: NDArray[Any]
    saliency: NDArray[Any]
    layer: str = ""
    grad_cam: NDArray[Any] | None = None
    grad_cam_true: NDArray[Any] | None = None


@dataclass(frozen=True)
class Importance:
    """By how much the test accuracy fell when a column was shuffled: (P, R) for P columns and R shuffles.

    rows: the number of test samples that were shuffled, (1,).
    """

    losses: NDArray[Any]
    rows: NDArray[Any]


# The name in the file of each attribute. A group is saved if the first of its arrays is there.
PREDICTIONS = {"probabilities": "probabilities", "labels": "labels"}
FITTED = {"predictions": "predictions", "targets": "targets", "index": "fitted_index"}
SAMPLES = {"pictures": "samples", "labels": "sample_labels"}
AUGMENTED = {"pictures": "augmented", "targets": "augmented_targets"}
MISTAKES = {key: f"mistake_{key}" for key in ("labels", "predictions", "confidence", "index")}
PICTURED = MISTAKES | {"pictures": "mistakes"}
FIRST_WEIGHTS = {"initial": "first_weights_initial", "trained": "first_weights"}
FEATURE_MAPS = {key: f"map_{key}" for key in ("images", "labels", "predictions", "index")}
LAYER_MAPS = {"maps": "maps", "channels": "map_channels", "ranges": "map_ranges"}
ATTRIBUTIONS = {key: f"attribution_{key}" for key in ("images", "labels", "predictions", "confidence", "index")}
ATTRIBUTIONS |= {"saliency": "saliency"}
CAMS = {"grad_cam": "grad_cam", "grad_cam_true": "grad_cam_true"}  # with the name of the layer behind a dot
IMPORTANCE = {"losses": "importance", "rows": "importance_rows"}
