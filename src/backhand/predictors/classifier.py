"""A trained classifier: raw samples in, probabilities of classes out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from backhand.arrays import Array
from backhand.predictors.predictor import Predictor
from backhand.training.losses import ClassificationLoss, classifier_loss


@dataclass(frozen=True, kw_only=True)
class Classifier(Predictor):
    """A trained model with the scaling of its data and the names of its classes.

    classes: in the order of the labels.   value_range: of the samples that it was trained on.   evaluation_augment: the
    views of a sample over which its scores are averaged.   remarks: sentences that a user of its answers must know.
    resize: how its images came to their size.   provenance: the data, the training and the test result, as far as they
    are known.
    """

    kind = "classifier"

    loss: ClassificationLoss
    classes: tuple[str, ...]

    def predict(self, samples: Any) -> NDArray[np.str_]:
        """Raw samples (N, *sample_shape), or a table of pandas or polars -> the name of the class of each, (N,).

        Images are uint8, 0 to 255. Raises DataError as `checked_scores` does.
        """
        return np.array(self.classes)[self.loss.predict(self.checked_scores(samples))]

    def predict_proba(self, samples: Any) -> Array:
        """Raw samples, or a table -> (N, K), rows sum to 1; what the figures are: `loss.confidence`.

        Raises DataError as `checked_scores` does.
        """
        return self.loss.predict_proba(self.checked_scores(samples))

    def answers(self, samples: Any) -> list[dict[str, Any]]:
        """Raw samples, or a table -> for each its "class", and the "probabilities" of all classes by name.

        Raises DataError as `checked_scores` does.
        """
        probabilities = self.predict_proba(samples)
        chosen = [self.classes[k] for k in probabilities.argmax(1).tolist()]
        return [
            {"class": name, "probabilities": dict(zip(self.classes, row, strict=True))}
            for name, row in zip(chosen, probabilities.tolist(), strict=True)
        ]

    def own_facts(self) -> dict[str, Any]:
        """The names of the classes."""
        return {"classes": list(self.classes)}

    @classmethod
    def from_own(cls, shared: Mapping[str, Any], facts: Mapping[str, Any]) -> Self:
        """The classifier; ValueError where its classes do not fit its model, TypeError for a loss of regression."""
        classes, loss = tuple(facts["classes"]), classifier_loss(shared["loss"])
        if shared["model"].output_shape != (loss.outputs(len(classes)),):
            raise ValueError(f"{len(classes)} classes do not fit a model of the outputs {shared['model'].output_shape}")
        return cls(classes=classes, **shared)
