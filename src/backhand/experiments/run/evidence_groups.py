"""The groups of arrays in a run's evidence.safetensors, each read whole or not at all, and their names in the file."""

from dataclasses import dataclass
from typing import Any

import numpy as np
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

    @property
    def errors(self) -> NDArray[np.float64]:
        """Predictions minus targets, (N, T)."""
        return np.asarray(self.predictions, np.float64) - self.targets

    def hardest_targets(self, units: NDArray[Any]) -> NDArray[np.intp]:
        """For each sample the target with the largest error in these units (T,), such as deviations: (N,)."""
        return np.abs(self.errors / units).argmax(1)

    def by_error(self, units: NDArray[Any]) -> NDArray[np.intp]:
        """The rows of all samples, (N,), that with the largest error of any target first."""
        return np.argsort(-np.abs(self.errors / units).max(1), kind="stable")


@dataclass(frozen=True)
class LargestErrors:
    """The test pictures (L, H, W, C) uint8 of a regression with the largest errors, and their `index` there (L,)."""

    pictures: NDArray[Any]
    index: NDArray[Any]


@dataclass(frozen=True)
class Samples:
    """Some training pictures (M, H, W, C) uint8, with their labels (M,), or the targets (M, T) of a regression."""

    pictures: NDArray[Any]
    labels: NDArray[Any] | None = None
    targets: NDArray[Any] | None = None


@dataclass(frozen=True)
class Augmented:
    """Training pictures with augmented versions of each: (A, 1 + D, H, W, C) uint8, the original first.

    targets: the label of each version as a distribution over the classes, (A, 1 + D, K); None for a regression.
    """

    pictures: NDArray[Any]
    targets: NDArray[Any] | None = None


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
    A regression has no labels and predictions here: they are those of `Fitted` at the same index.
    """

    images: NDArray[Any]
    index: NDArray[Any]
    layers: dict[str, LayerMaps]
    labels: NDArray[Any] | None = None
    predictions: NDArray[Any] | None = None


@dataclass(frozen=True)
class Attributions:
    """What the scores of some test pictures (T, H, W, C) uint8 depend on.

    labels, predictions, confidence, index: of each (T,), with its place in the test split.
    saliency: of the predicted class's score, (T, H, W).
    layer: the name of the layer of the Grad-CAM maps; empty where the network has none.
    grad_cam, grad_cam_true: Grad-CAM of the predicted class and of the true one, (T, H, W).
    A regression has no labels, predictions and confidence here, and saliency and `grad_cam` are of the target with the
    largest error.
    """

    images: NDArray[Any]
    index: NDArray[Any]
    saliency: NDArray[Any]
    labels: NDArray[Any] | None = None
    predictions: NDArray[Any] | None = None
    confidence: NDArray[Any] | None = None
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
LARGEST_ERRORS = {"pictures": "largest_errors", "index": "largest_error_index"}
SAMPLES = {"pictures": "samples", "labels": "sample_labels", "targets": "sample_targets"}
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
