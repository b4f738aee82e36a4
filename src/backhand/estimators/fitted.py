"""What an estimator gives after its fit: scores, the network's parameters and history, and a file."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from backhand.arrays import Array
from backhand.estimators.inputs import Inputs
from backhand.estimators.parameters import Parameters
from backhand.estimators.refusals import value_errors
from backhand.files.paths import PathLike
from backhand.predictors import Predictor
from backhand.training.evaluate import listed
from backhand.training.losses import finite_rows
from backhand.training.solver import Solver


class Fitted(Parameters):
    """The part of both estimators that follows the fit, which sets these attributes."""

    inputs_: Inputs
    solver_: Solver
    predictor_: Predictor

    def _scores(self, X: Any) -> Array:
        """The scores of samples, all finite. Raises ValueError where one is not."""
        check_is_fitted(self)
        with value_errors():
            samples, predictor = self.inputs_.samples(self, X), self.predictor_
            predictor.standardizer.refuse_overflow(samples, "X", predictor.dtype)
            scores = predictor.scores(samples)
        if len(not_finite := np.flatnonzero(~finite_rows(scores))):
            raise ValueError(f"the scores of {listed(not_finite)} in X are not finite, which gives no answer")
        return scores

    @property
    def coefs_(self) -> list[Array]:
        """The weights (I, O) of the linear layers and the kernels of convolutions, from the first layer on."""
        return [p.value for p in self.solver_.model.parameters if p.name.endswith(".weight")]

    @property
    def intercepts_(self) -> list[Array]:
        """The biases of the same layers."""
        return [p.value for p in self.solver_.model.parameters if p.name.endswith(".bias")]

    @property
    def history_(self) -> Sequence[dict[str, float]]:
        """One record per epoch: see `Solver.history`."""
        return self.solver_.history

    def save(self, path: PathLike) -> None:
        """Write the fitted network to one file, from which `backhand.load_model` gives a predictor of the same answers.

        Raises NotFittedError before `fit`, and errors as `Predictor.save` does.
        """
        check_is_fitted(self)
        self.predictor_.save(path)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "solver_")
