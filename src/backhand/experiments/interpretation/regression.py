"""The object that `interpret` returns for a regression: its errors, and what its predictions depend on."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backhand import attribution
from backhand.arrays import Array, Labels
from backhand.errors import BackhandError, closest
from backhand.experiments.interpretation.views import HasNetwork, Indices, NetworkViews, report_style
from backhand.experiments.run.attributions import attribute_targets, output_numbers
from backhand.experiments.run.errors import errors_of_target
from backhand.experiments.run.evidence_groups import Attributions, Fitted
from backhand.experiments.run.split_scores import TargetErrors
from backhand.page.numbers import significant

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Target = int | str


class TopError(NamedTuple):
    """The index of a sample, and of the target with its largest error the name, the true and the predicted value.

    error: predicted minus true, in the unit of the target.   loss: of the sample, see `RegressionInterpretation`.
    """

    sample: int
    target: str
    true: float
    predicted: float
    error: float
    loss: float


class Bin(NamedTuple):
    """Samples of similar predictions: how many, their mean prediction and their mean true value."""

    samples: int
    predicted: float
    true: float


@dataclass(frozen=True, eq=False)
class RegressionInterpretation(NetworkViews):
    """Where a regression errs, by how much, and which pixels or columns its predictions depend on.

    title: of what is looked at.   targets: the T names.   truth, predictions: (N, T), in the units of the targets.
    means, deviations: (T,), of the training values of the targets; of the true ones where those are not known.
    source: of the network and its samples, which are loaded when something needs them.
    Properties and methods return numbers; those that begin with `plot_` return figures of Matplotlib, which a notebook
    shows. An index is the place of a sample among the N. `indices=None` takes those of the largest losses; a target is
    a name or a number from 0. Figures and attributions of a run's samples read its data set, and raise BackhandError
    where that is not to be had.
    """

    title: str
    targets: tuple[str, ...]
    truth: Array
    predictions: Array
    means: Array
    deviations: Array
    source: HasNetwork

    figure = "rmse"

    @property
    def errors(self) -> NDArray[np.float64]:
        """Predictions minus true values, the residuals, (N, T)."""
        return self._fitted.errors

    @property
    def losses(self) -> NDArray[np.float64]:
        """The mean over the targets of each sample's squared errors, in standard deviations of the target, (N,)."""
        return np.square(self.errors / self.deviations).mean(1)

    @property
    def errors_by_target(self) -> list[TargetErrors]:
        """RMSE, MAE and R² of each target with 95% intervals by the bootstrap, its bias, and the RMSE of the mean."""
        columns = zip(self.targets, self.predictions.T, self.truth.T, self.means, strict=True)
        return [errors_of_target(name, predicted, true, float(mean)) for name, predicted, true, mean in columns]

    def top_losses(self, k: int = 9) -> list[TopError]:
        """The k samples of the largest losses, the largest first, with the target that is furthest off."""
        index, losses, hardest = self.chosen(None, k), self.losses, self._fitted.hardest_targets(self.deviations)
        return [
            TopError(
                int(i),
                self.targets[j],
                float(self.truth[i, j]),
                float(self.predictions[i, j]),
                float(self.errors[i, j]),
                float(losses[i]),
            )
            for i, j in zip(index, hardest[index], strict=True)
        ]

    def calibration(self, target: Target = 0, bins: int = 10) -> list[Bin]:
        """The mean true value against the mean prediction, in bins of as many samples each.

        Where the two differ by more than chance, the predictions are too high or too low on average.
        """
        column = self._target(target)
        predicted, true = self.predictions[:, column], self.truth[:, column]
        parts = np.array_split(np.argsort(predicted, kind="stable"), max(min(bins, len(predicted)), 1))
        return [Bin(len(part), float(predicted[part].mean()), float(true[part].mean())) for part in parts if len(part)]

    def saliency(self, indices: Indices = None, target: Target | None = None) -> Array:
        """The saliency of samples for a target, or where None for each one's furthest off: see `backhand.saliency`."""
        index = self.chosen(indices, 9)
        model = self.source.network.model
        return attribution.saliency(model, self.inputs(index), self._outputs(index, target))

    def grad_cam(self, indices: Indices = None, target: Target | None = None, *, layer: str | None = None) -> Array:
        """Where images raise the prediction of a target, or of each one's furthest off: see `backhand.grad_cam`."""
        index = self.chosen(indices, 9)
        model = self.source.network.model
        return attribution.grad_cam(model, self.inputs(index), self._outputs(index, target), layer=layer)

    def plot_predictions(self, target: Target = 0) -> "Figure":
        """Each prediction against its true value, with the diagonal on which a perfect network lies."""
        with report_style():
            from backhand.experiments.run.report import regression_plots as plots

            return plots.predicted_against_true(*self._columns(target))

    def plot_residuals(self, target: Target = 0) -> "Figure":
        """Each error against its prediction, with the mean error in bins of as many samples each."""
        with report_style():
            from backhand.experiments.run.report import regression_plots as plots

            return plots.residuals(*self._columns(target))

    def plot_errors(self, target: Target = 0) -> "Figure":
        """How often errors of each size occur."""
        with report_style():
            from backhand.experiments.run.report import regression_plots as plots

            return plots.error_histogram(*self._columns(target))

    def row_names(self, index: Labels) -> list[str]:
        """The true and the predicted value of each of these samples, of the target that is furthest off."""
        return ["\n".join(lines) for lines in self.loss_texts(index)]

    def loss_texts(self, index: Labels) -> list[tuple[str, ...]]:
        """The true and the predicted value, and the error; of several targets the name of the furthest off, too."""
        hardest, texts = self._fitted.hardest_targets(self.deviations), []
        for i, j in zip(index, hardest[index], strict=True):
            values = (self.truth[i, j], self.predictions[i, j], self.errors[i, j])
            true, predicted, error = (significant(float(value)) for value in values)
            name = (self.targets[j],) if len(self.targets) > 1 else ()
            texts.append((*name, f"{true} →\u00a0{predicted}", f"error {error}"))
        return texts

    def attributions(self, index: Labels) -> tuple[Attributions, list[str]]:
        """Saliency and Grad-CAM of the target that is furthest off, and a title for each image."""
        network, hardest = self.source.network, self._fitted.hardest_targets(self.deviations)
        return attribute_targets(network.model, network.feed, index, hardest[index]), self.row_names(index)

    @property
    def _fitted(self) -> Fitted:
        return Fitted(self.predictions, self.truth, np.arange(len(self.truth)))

    def _outputs(self, index: Labels, target: Target | None) -> Labels:
        """The output of the model to explain for each of these samples."""
        hardest = self._fitted.hardest_targets(self.deviations)[index]
        targets = hardest if target is None else np.full(len(index), self._target(target))
        return output_numbers(self.source.network.model, targets)

    def _columns(self, target: Target) -> tuple[NDArray[np.float64], NDArray[np.float64], str]:
        k = self._target(target)
        return self.predictions[:, k], self.truth[:, k], self.targets[k]

    def _target(self, target: Target) -> int:
        """The number of a target. Raises BackhandError for an unknown one."""
        if isinstance(target, str):
            if target not in self.targets:
                raise BackhandError(f'there is no target "{target}"{closest(target, self.targets)}')
            return self.targets.index(target)
        if not 0 <= target < len(self.targets):
            raise BackhandError(f"there is no target {target}; they count from 0 to {len(self.targets) - 1}")
        return int(target)

    def _repr_html_(self) -> str:
        """RMSE, MAE and R² with their intervals, and the largest errors, as a notebook shows them."""
        from backhand.experiments.interpretation.overview import regression_html

        return regression_html(self)
