"""What interpretations of classifiers and of regressions share: chosen samples, and views of the network itself."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from backhand import attribution
from backhand.arrays import Array, Labels
from backhand.errors import BackhandError
from backhand.experiments.run.evidence_groups import Importance

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from backhand.experiments.interpretation.network import Network
    from backhand.experiments.run.evidence_groups import Attributions

Indices = Sequence[int] | Labels | int | None


class HasNetwork(Protocol):
    """What loads the network and its samples when they are needed."""

    @property
    def network(self) -> "Network":
        """The network with its samples."""


class NetworkViews(ABC):
    """A network looked at with samples, of which `indices=None` chooses those of the largest losses.

    source: of the network and its samples, which are loaded when something needs them.
    """

    source: HasNetwork
    figure: ClassVar[str]  # by whose change the importance of a column is measured, as in `Evaluation.figures`

    @property
    @abstractmethod
    def losses(self) -> NDArray[np.float64]:
        """The loss of each sample, (N,)."""

    @abstractmethod
    def row_names(self, index: Labels) -> list[str]:
        """The true and the given answer of each of these samples, as the names of rows."""

    @abstractmethod
    def loss_texts(self, index: Labels) -> list[tuple[str, ...]]:
        """The lines of text under the pictures of these samples."""

    @abstractmethod
    def attributions(self, index: Labels) -> "tuple[Attributions, list[str]]":
        """Saliency and Grad-CAM of the answers for these images, and a title for each."""

    def chosen(self, indices: Indices, k: int) -> Labels:
        """These indices as an array; for None those of the k largest losses. Raises BackhandError for others than N."""
        losses = self.losses
        if indices is None:
            return np.argsort(-losses, kind="stable")[:k]
        array = np.atleast_1d(np.asarray(indices))
        if array.ndim != 1 or array.dtype.kind not in "iu" or not ((array >= 0) & (array < len(losses))).all():
            raise BackhandError(f"the indices of samples are whole numbers from 0 to {len(losses) - 1}")
        return array

    def inputs(self, index: Labels) -> Array:
        """The samples at these indices as the model takes them."""
        feed = self.source.network.feed
        return feed.standardizer.transform(feed.data.x[index])

    def feature_maps(self, indices: Indices = None, layer: str | None = None) -> Array:
        """The output of a layer for samples; None: of the last convolution, behind its activation, (n, h, w, c)."""
        return attribution.feature_maps(self.source.network.model, self.inputs(self.chosen(indices, 9)), layer)

    def weights(self) -> Array:
        """The weight of the first layer that has one: kernels (kh, kw, C, O) or units (I, O).

        Raises BackhandError for a model without weights.
        """
        for parameter in self.source.network.model.parameters:
            if parameter.name.endswith(".weight"):
                return parameter.value.copy()
        raise BackhandError("the model has no layer with weights")

    def permutation_importance(self) -> Importance:
        """By how much the accuracy falls, or the RMSE rises, when a column of a table is shuffled: `losses` (P, R).

        Raises BackhandError for images, and for tables of so many columns that it would take too long.
        """
        from backhand.experiments.run.attributions import importance_of

        network = self.source.network
        if network.feed.data.is_image:
            raise BackhandError("images have pixels instead of columns; look at saliency or grad_cam")
        importance = importance_of(network.model, network.loss, network.feed, self.figure)
        if importance is None:
            raise BackhandError(
                "the table has too many columns; use backhand.attribution.permutation_importance on some of them"
            )
        return importance

    def plot_importance(self) -> "Figure":
        """A bar for each of the most important columns of a table."""
        from backhand.experiments.interpretation import pictures

        return pictures.importance(self)

    def plot_top_losses(self, k: int = 9) -> "Figure":
        """The images of the k largest losses, each with the truth, the answer, and by how much it is wrong."""
        from backhand.experiments.interpretation import pictures

        return pictures.top_losses(self, self.chosen(None, k))

    def plot_weights(self) -> "Figure":
        """The first layer's weights as pictures: kernels, or units on the pixels of an image."""
        from backhand.experiments.interpretation import pictures

        return pictures.weights(self)

    def plot_feature_maps(self, indices: Indices = None, layer: str | None = None, *, k: int = 4) -> "Figure":
        """The strongest channels of a layer's output for a few images, a row for each."""
        from backhand.experiments.interpretation import pictures

        return pictures.feature_maps(self, self.chosen(indices, k), layer)

    def plot_attributions(self, indices: Indices = None, *, k: int = 8) -> "Figure":
        """Images with their saliency and, where the network has feature maps, Grad-CAM of the answer."""
        from backhand.experiments.interpretation import pictures

        return pictures.attributions(self, self.chosen(indices, k))


@contextmanager
def report_style() -> Iterator[Any]:
    """The style of the report's plots, with the module that draws it. Raises MissingExtraError without Matplotlib."""
    from backhand.page import style

    with style.plot_style():
        yield style
