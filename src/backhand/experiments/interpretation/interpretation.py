"""The object that `interpret` returns: the answers of a classifier, and what they depend on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backhand import attribution
from backhand.arrays import Array, Labels
from backhand.errors import BackhandError
from backhand.experiments.interpretation.views import HasNetwork, Indices, NetworkViews, report_style
from backhand.experiments.run.attributions import attribute
from backhand.experiments.run.evidence import Evidence
from backhand.experiments.run.evidence_groups import Attributions, Predictions
from backhand.experiments.run.report import classes as by_class
from backhand.experiments.run.report.classes import ClassErrors, Confusion
from backhand.experiments.run.report.scores import Calibration, calibration
from backhand.page.numbers import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class TopLoss(NamedTuple):
    """The index of a sample, its true and its predicted class, its loss in nats, and the confidence in the answer."""

    sample: int
    label: str
    predicted: str
    loss: float
    confidence: float


@dataclass(frozen=True, eq=False)
class Interpretation(NetworkViews):
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

    figure = "accuracy"

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

    def saliency(self, indices: Indices = None, classes: Labels | int | None = None) -> Array:
        """The saliency of samples for their predicted classes, or those given: see `backhand.saliency`."""
        index = self.chosen(indices, 9)
        classes = self.predictions[index] if classes is None else classes
        return attribution.saliency(self.source.network.model, self.inputs(index), classes)

    def grad_cam(
        self, indices: Indices = None, classes: Labels | int | None = None, *, layer: str | None = None
    ) -> Array:
        """Grad-CAM of images for their predicted classes, or those given: see `backhand.grad_cam`."""
        index = self.chosen(indices, 9)
        classes = self.predictions[index] if classes is None else classes
        return attribution.grad_cam(self.source.network.model, self.inputs(index), classes, layer=layer)

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

    def row_names(self, index: Labels) -> list[str]:
        """The class of each of these samples, and for what it was taken."""
        from backhand.experiments.run.report.feature_maps import class_names

        return class_names(self.classes, self.labels[index], self.predictions[index])

    def loss_texts(self, index: Labels) -> list[tuple[str, ...]]:
        """The class, the answer, its confidence with the loss, and the index of each of these samples."""
        return [
            (
                self.classes[self.labels[i]],
                f"→\u00a0{self.classes[self.predictions[i]]}",
                self._figures(i),
                f"sample {i}",
            )
            for i in index
        ]

    def _figures(self, i: int) -> str:
        return f"{percent(float(self.probabilities[i].max()))}, loss {self.losses[i]:.1f}"

    def attributions(self, index: Labels) -> tuple[Attributions, list[str]]:
        """Saliency and Grad-CAM of the answers and of the true classes, and a title for each image."""
        from backhand.experiments.run.report.attributions import titles

        network, predictions = self.source.network, self.predictions[index]
        confidence = self.probabilities[index, predictions]
        shown = attribute(network.model, network.feed, index, self.labels[index], predictions, confidence)
        return shown, titles(shown, self.classes)

    def _repr_html_(self) -> str:
        """Accuracy, calibration, the commonest confusions and the largest losses, as a notebook shows them."""
        from backhand.experiments.interpretation.overview import html

        return html(self)


@contextmanager
def _plots() -> Iterator[Any]:
    """The plots of the report, in its style. Raises MissingExtraError without Matplotlib."""
    with report_style():
        from backhand.experiments.run.report import plots

        yield plots
