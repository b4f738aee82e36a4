"""The object that `interpret` returns: the answers of a classifier, and what they depend on."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from backhand import attribution
from backhand.arrays import Array, Labels
from backhand.errors import BackhandError
from backhand.experiments.run.evidence import Evidence
from backhand.experiments.run.evidence_groups import Importance, Predictions
from backhand.experiments.run.report import classes as by_class
from backhand.experiments.run.report.classes import ClassErrors, Confusion
from backhand.experiments.run.report.scores import Calibration, calibration

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from backhand.experiments.interpretation.subjects import Network

Indices = Sequence[int] | Labels | int | None


class HasNetwork(Protocol):
    """What loads the network and its samples when they are needed."""

    @property
    def network(self) -> "Network":
        """The network with its samples."""


class TopLoss(NamedTuple):
    """The index of a sample, its true and its predicted class, its loss in nats, and the confidence in the answer."""

    sample: int
    label: str
    predicted: str
    loss: float
    confidence: float


@dataclass(frozen=True, eq=False)
class Interpretation:
    """Where a classifier errs, how sure it is, and which pixels or columns its answers depend on.

    title: of what is looked at.   classes: names of the K classes.   labels: the true classes (N,).   probabilities:
    (N, K), whose largest is the answer and its confidence.   source: of the network and its samples, which are
    loaded when something needs them.
    Properties and methods return numbers; those that begin with `plot_` return figures of Matplotlib, which a notebook
    shows. An index is the place of a sample among the N. `indices=None` takes those of the largest losses.
    Figures and attributions of a run's samples read its data set, and raise BackhandError where that is not to be had.
    """

    title: str
    classes: tuple[str, ...]
    labels: Labels
    probabilities: Array
    source: HasNetwork

    @property
    def predictions(self) -> Labels:
        """The predicted class of each sample, (N,)."""
        return self.probabilities.argmax(axis=1)

    @property
    def accuracy(self) -> float:
        """The share of the samples that are classified correctly."""
        return float((self.predictions == self.labels).mean())

    @property
    def losses(self) -> NDArray[np.float64]:
        """The cross-entropy of each sample, -log of the probability of its true class, in nats, (N,)."""
        true = self.probabilities[np.arange(len(self.labels)), self.labels].astype(np.float64)
        return -np.log(np.maximum(true, np.finfo(np.float64).tiny))

    @property
    def confusion_matrix(self) -> NDArray[np.int64]:
        """How many samples of class i were given class j, (K, K)."""
        matrix = np.zeros((len(self.classes), len(self.classes)), np.int64)
        np.add.at(matrix, (self.labels, self.predictions), 1)
        return matrix

    def most_confused(self, min_count: int = 1) -> list[Confusion]:
        """The pairs of classes that were confused at least so many times, the most frequent first."""
        pairs = by_class.confused(self.classes, self.confusion_matrix)
        return [pair for pair in pairs if pair.times >= min_count]

    @property
    def errors_by_class(self) -> list[ClassErrors]:
        """The errors of each class with the 95% interval of their share, in the order of the classes."""
        return by_class.errors_by_class(self.classes, self.confusion_matrix)

    @property
    def calibration(self) -> Calibration | None:
        """Confidence against accuracy in bins, and the expected calibration error."""
        return calibration(Evidence(predictions=Predictions(self.probabilities, self.labels)))

    def top_losses(self, k: int = 9) -> list[TopLoss]:
        """The k samples of the largest losses, the largest first."""
        losses, predictions = self.losses, self.predictions
        return [
            TopLoss(
                int(i),
                self.classes[self.labels[i]],
                self.classes[predictions[i]],
                float(losses[i]),
                float(self.probabilities[i].max()),
            )
            for i in self.chosen(None, k)
        ]

    def chosen(self, indices: Indices, k: int) -> Labels:
        """These indices as an array; for None those of the k largest losses. Raises BackhandError for others than N."""
        if indices is None:
            return np.argsort(-self.losses, kind="stable")[:k]
        array = np.atleast_1d(np.asarray(indices))
        if array.ndim != 1 or array.dtype.kind not in "iu" or not ((array >= 0) & (array < len(self.labels))).all():
            raise BackhandError(f"the indices of samples are whole numbers from 0 to {len(self.labels) - 1}")
        return array

    def saliency(self, indices: Indices = None, classes: Labels | int | None = None) -> Array:
        """The saliency of samples for their predicted classes, or those given: see `backhand.saliency`."""
        x, predicted = self._inputs(indices)
        return attribution.saliency(self.source.network.model, x, predicted if classes is None else classes)

    def grad_cam(
        self, indices: Indices = None, classes: Labels | int | None = None, *, layer: str | None = None
    ) -> Array:
        """Grad-CAM of images for their predicted classes, or those given: see `backhand.grad_cam`."""
        x, predicted = self._inputs(indices)
        model = self.source.network.model
        return attribution.grad_cam(model, x, predicted if classes is None else classes, layer=layer)

    def feature_maps(self, indices: Indices = None, layer: str | None = None) -> Array:
        """The output of a layer for samples; None: of the last convolution, behind its activation, (n, h, w, c)."""
        return attribution.feature_maps(self.source.network.model, self._inputs(indices)[0], layer)

    def weights(self) -> Array:
        """The weight of the first layer that has one: kernels (kh, kw, C, O) or units (I, O).

        Raises BackhandError for a model without weights.
        """
        for parameter in self.source.network.model.parameters:
            if parameter.name.endswith(".weight"):
                return parameter.value.copy()
        raise BackhandError("the model has no layer with weights")

    def permutation_importance(self) -> Importance:
        """By how much the accuracy falls when a column of a table is shuffled: `losses` (P, R).

        Raises BackhandError for images, and for tables of so many columns that it would take too long.
        """
        from backhand.experiments.run.attributions import importance_of

        network = self.source.network
        if network.feed.data.is_image:
            raise BackhandError("images have pixels instead of columns; look at saliency or grad_cam")
        importance = importance_of(network.model, network.loss, network.feed)
        if importance is None:
            raise BackhandError(
                "the table has too many columns; use backhand.attribution.permutation_importance on some of them"
            )
        return importance

    def plot_confusion_matrix(self) -> "Figure":
        """The confusion matrix; the colour of a cell is its share of the true class."""
        with _plots() as plots:
            return plots.confusion(self.classes, self.confusion_matrix)

    def plot_errors_by_class(self) -> "Figure":
        """The share of wrong answers of each class with its interval, the worst class first."""
        with _plots() as plots:
            return plots.errors_by_class(self.errors_by_class)

    def plot_calibration(self) -> "Figure":
        """The reliability diagram: the share of right answers against the confidence, in bins.

        Raises BackhandError without samples.
        """
        bins = self.calibration
        if bins is None:
            raise BackhandError("without samples there is no calibration")
        with _plots() as plots:
            return plots.reliability(bins)

    def plot_importance(self) -> "Figure":
        """A bar for each of the most important columns of a table."""
        from backhand.experiments.interpretation import pictures

        return pictures.importance(self)

    def plot_top_losses(self, k: int = 9) -> "Figure":
        """The images of the k largest losses, each with its class, the answer, its loss and its confidence."""
        from backhand.experiments.interpretation import pictures

        return pictures.top_losses(self, k)

    def plot_weights(self) -> "Figure":
        """The first layer's weights as pictures: kernels, or units on the pixels of an image."""
        from backhand.experiments.interpretation import pictures

        return pictures.weights(self)

    def plot_feature_maps(self, indices: Indices = None, layer: str | None = None, *, k: int = 4) -> "Figure":
        """The strongest channels of a layer's output for a few images, a row for each."""
        from backhand.experiments.interpretation import pictures

        return pictures.feature_maps(self, self.chosen(indices, k), layer)

    def plot_attributions(self, indices: Indices = None, *, k: int = 8) -> "Figure":
        """Images with their saliency and, where the network has feature maps, Grad-CAM of the answer and the truth."""
        from backhand.experiments.interpretation import pictures

        return pictures.attributions(self, self.chosen(indices, k))

    def _inputs(self, indices: Indices) -> tuple[Array, Labels]:
        """Samples as the model takes them, and their predicted classes."""
        index, feed = self.chosen(indices, 9), self.source.network.feed
        return feed.standardizer.transform(feed.data.x[index]), self.predictions[index]

    def _repr_html_(self) -> str:
        """Accuracy, calibration, the commonest confusions and the largest losses, as a notebook shows them."""
        from backhand.experiments.interpretation.overview import html

        return html(self)


@contextmanager
def _plots() -> Iterator[Any]:
    """The plots of the report, in its style. Raises MissingExtraError without Matplotlib."""
    from backhand.page import style

    with style.plot_style():
        from backhand.experiments.run.report import plots

        yield plots
