"""What an export holds: the way from raw samples to answers, of a predictor or of a bare model."""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from backhand.arrays import Array, Shape
from backhand.data.augment.evaluation import NO_AUGMENT, EvaluationAugment
from backhand.data.standardize import Standardizer
from backhand.errors import BackhandError, ModelError
from backhand.model.sequential import Sequential
from backhand.predictors.classifier import Classifier
from backhand.predictors.predictor import Predictor
from backhand.predictors.provenance import Provenance
from backhand.predictors.regressor import Regressor
from backhand.predictors.saved import refuse_own_classes
from backhand.training.losses import ClassificationLoss, Loss, RegressionLoss

Exported = Predictor | Sequential


@dataclass(frozen=True)
class Pipeline:
    """Raw samples, their views, the standardisation, the network, the mean over the views, and the answers.

    standardizer: None where the samples go into the network as they are.   loss: by which scores become answers, or
    None.   classes, targets: of a classifier, or of a regression.   pixels: whether the samples are images of uint8.
    features: the names of the features of a row, where it is one of a table with named columns.
    """

    model: Sequential
    standardizer: Standardizer | None = None
    views: EvaluationAugment = NO_AUGMENT
    loss: Loss | None = None
    classes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    pixels: bool = False
    provenance: Provenance = field(default_factory=Provenance)
    remarks: tuple[str, ...] = ()

    @classmethod
    def of(cls, exported: Exported) -> Self:
        """The pipeline of a predictor or of a model that is built.

        Raises BackhandError for anything else, and ModelError for a loss, or another piece, of a class of one's own.
        """
        if isinstance(exported, Sequential):
            if not exported.output_shape:
                raise ModelError("the model must be built before it is exported; call model.build")
            return cls(_in_float32(exported))
        if not isinstance(exported, Classifier | Regressor):
            raise BackhandError(
                f"a {type(exported).__name__} cannot be exported; give a Classifier or a Regressor, as "
                f"backhand.load_predictor reads it from the folder of a run, a fitted estimator, or a Sequential"
            )
        refuse_own_classes(exported)
        return cls(
            model=_in_float32(exported.model),
            standardizer=exported.standardizer,
            views=exported.evaluation_augment,
            loss=exported.loss,
            classes=exported.classes if isinstance(exported, Classifier) else (),
            targets=exported.targets if isinstance(exported, Regressor) else (),
            features=() if exported.encoding is None else tuple(exported.encoding.features),
            pixels=exported.value_range.pixels,
            provenance=exported.provenance,
            remarks=exported.remarks,
        )

    @property
    def answer(self) -> str:
        """The name of the answers: "probabilities", "predictions", or "" for those of a bare model, its scores."""
        return "probabilities" if self.classes else "predictions" if self.targets else ""

    def answers(self, scores: Array) -> Array:
        """Scores (N, outputs) -> probabilities (N, K) or predicted targets (N, T); of a bare model the scores."""
        if isinstance(self.loss, ClassificationLoss):
            return self.loss.predict_proba(scores)
        return self.loss.predict(scores) if isinstance(self.loss, RegressionLoss) else scores

    @property
    def sample_shape(self) -> Shape:
        """The shape of one sample, without the batch axis."""
        return self.model.input_shape

    @property
    def precision(self) -> np.dtype[Any]:
        """The dtype in which raw samples are standardised: float32 for images, and where nothing is; else float64."""
        exact = self.standardizer is not None and len(self.sample_shape) != 3
        return np.dtype(np.float64 if exact else np.float32)

    @property
    def input_dtype(self) -> np.dtype[Any]:
        """The dtype of raw samples: uint8 for pixels, else that in which they are standardised."""
        return np.dtype(np.uint8) if self.pixels else self.precision

    @property
    def input_text(self) -> str:
        """The samples in words, such as "uint8 images (N, 28, 28, 1), 0 to 255, channels last"."""
        shape = f"(N, {', '.join(map(str, self.sample_shape))})"
        if self.pixels:
            return f"uint8 images {shape}, 0 to 255, channels last"
        kind = "images" if len(self.sample_shape) == 3 else "rows" if len(self.sample_shape) == 1 else "samples"
        scale = "" if self.standardizer else ", scaled as the model was trained"
        return f"{self.input_dtype} {kind} {shape}{', channels last' * (kind == 'images')}{scale}"

    def view_indices(self) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """The rows and the columns of the image that each view shows, [(H,), (W,)]; none where there is one view."""
        if self.views == NO_AUGMENT or len(self.sample_shape) != 3:
            return []
        H, W, _ = self.sample_shape
        places = np.arange(H * W, dtype=np.float64).reshape(1, H, W, 1)
        views = (view.astype(np.int64) for view in self.views.variants_of(places))
        return [(view[0, :, 0, 0] // W, view[0, 0, :, 0] % W) for view in views]

    def scores(self, samples: Array) -> Array:
        """Raw samples (N, ...) -> the scores (N, outputs) that Backhand computes."""
        with np.errstate(over="ignore", invalid="ignore"):
            views = self.views.variants_of(samples) if self.view_indices() else (samples,)
            scaled = (view if self.standardizer is None else self.standardizer.transform(view) for view in views)
            return np.mean([self.model.predict(view) for view in scaled], axis=0)

    def random_samples(self, count: int, rng: np.random.Generator) -> Array:
        """Raw samples of the right kind: noise of pixels, or normal noise with the mean and deviation of training."""
        shape = count, *self.sample_shape
        if self.pixels:
            return rng.integers(0, 256, shape, dtype=np.uint8)
        noise = rng.standard_normal(shape)
        if self.standardizer is not None:
            mean, scale = self.standardizer.mean, self.standardizer.scale
            noise = mean + noise * np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)
        return noise.astype(self.input_dtype)


def _in_float32(model: Sequential) -> Sequential:
    """The model, in float32 where it computes in a dtype of which other programs know nothing."""
    return model if model.parameters.values.dtype in (np.float32, np.float64) else model.copy(np.float32)
