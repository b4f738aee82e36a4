"""A trained regression: raw samples in, predicted numbers out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from backhand.arrays import Array
from backhand.predictors.predictor import Predictor
from backhand.training.losses import RegressionLoss, regression_loss


@dataclass(frozen=True, kw_only=True)
class Regressor(Predictor):
    """A trained model with the scaling of its data, and the names of its targets. The other fields: see `Predictor`."""

    kind = "regressor"

    loss: RegressionLoss
    targets: tuple[str, ...]

    def predict(self, samples: Any) -> Array:
        """Raw samples (N, *sample_shape), or a table of pandas or polars -> predicted targets (N, T), float64.

        They are in the units of the training targets. Raises DataError as `checked_scores` does.
        """
        return self.loss.predict(self.checked_scores(samples))

    def answers(self, samples: Any) -> list[dict[str, Any]]:
        """Raw samples, or a table -> for each the predicted "targets" by name.

        Raises DataError as `checked_scores` does.
        """
        return [{"targets": dict(zip(self.targets, row, strict=True))} for row in self.predict(samples).tolist()]

    def own_facts(self) -> dict[str, Any]:
        """The names of the targets."""
        return {"targets": list(self.targets)}

    @classmethod
    def from_own(cls, shared: Mapping[str, Any], facts: Mapping[str, Any]) -> Self:
        """The regression; ValueError where its targets do not fit its model, TypeError for a loss of classifiers."""
        targets, loss = tuple(facts["targets"]), regression_loss(shared["loss"])
        if shared["model"].output_shape != (loss.outputs(len(targets)),):
            raise ValueError(f"{len(targets)} targets do not fit a model of the outputs {shared['model'].output_shape}")
        return cls(targets=targets, **shared)
