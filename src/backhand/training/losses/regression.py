"""The losses of regression: squared error, absolute error, and the one of Huber between them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from backhand.arrays import Array, Labels
from backhand.data.columns import moments
from backhand.training.losses.base import Loss
from backhand.training.measures import Residuals


@dataclass(eq=False)
class RegressionLoss(Loss):
    """The base of the losses of regression. The model gives standardised scores, and the labels are targets (N, T).

        t' = (t - center) / scale          prediction = center + scale s

    So the loss is measured in units of `scale`, and the model need not learn in which units people measure.

    center, scale: one number per target, (T,), such as mean and standard deviation of the training targets; without
    them the targets stay as they are. Raises ValueError for another number of the one than of the other, and a scale
    that is not above 0.
    """

    center: Sequence[float] = field(default=(), kw_only=True)
    scale: Sequence[float] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        if len(self.center) != len(self.scale):
            raise ValueError(f"there are {len(self.center)} centers and {len(self.scale)} scales; give one per target")
        if not all(0 < scale < np.inf for scale in self.scale):
            raise ValueError(f"the scales of targets must be finite and above 0, not {self.scale}")

    def outputs(self, count: int) -> int:
        """One output per target. Raises ValueError where there are scales for another number of targets."""
        if len(self.scale) not in (0, count):
            raise ValueError(f"there are {len(self.scale)} scales for {count} targets; give one for each")
        return count

    def measures(self) -> Residuals:
        """The sums from which RMSE, MAE and R² follow."""
        return Residuals()

    def predict(self, scores: Array) -> Array:
        """The predicted targets (N, T), float64, in the units of the targets."""
        scores = scores.astype(np.float64)
        return np.asarray(self.center) + np.asarray(self.scale) * scores if len(self.scale) else scores

    def op_labels(self, labels: Labels | Array) -> Array:
        """The standardised targets. The difference is taken in their own dtype: float32 may round it away."""
        targets = labels[:, None] if labels.ndim == 1 else labels
        return (targets - np.asarray(self.center)) / np.asarray(self.scale) if len(self.scale) else targets

    def fitted(self, targets: Array, weights: Array | None = None) -> Self:
        """The same loss with mean and standard deviation of these targets (N, T); a constant target has the scale 1.

        weights: (N,), of the samples: one of 2 counts a sample twice.
        """
        if weights is None:
            center, deviation = targets.mean(0, dtype=np.float64), targets.std(0, dtype=np.float64)
        else:
            first = targets[0].astype(np.float64)
            offset, variance = moments(targets - first, weights=weights)
            center, deviation = first + offset, np.sqrt(variance)
        varies = (targets != targets[:1]).any(0) & (deviation > 0)
        return replace(self, center=center.tolist(), scale=np.where(varies, deviation, 1.0).tolist())

    def constant(self, targets: Array, weights: Array | None = None) -> float:
        """The least mean loss of a network that gives all samples the same scores. targets: (N, T)."""
        standardised = self.op_labels(targets).astype(np.float64)
        omega = np.ones(len(standardised)) if weights is None else np.asarray(weights, np.float64)
        best = self._best_constant(standardised, omega) if omega.any() else np.zeros(standardised.shape[1])
        return replace(self).forward(np.broadcast_to(best, standardised.shape), targets, weights)

    def _best_constant(self, targets: Array, weights: Array) -> Array:
        """The best prediction (T,) for all of these targets (N, T), whose samples count by their weights (N,)."""
        return np.average(targets, axis=0, weights=weights)


@dataclass(eq=False)
class SquaredError(RegressionLoss):
    """Squared error: least squares.

        loss = mean_n ω mean_k ½ (s - t')²        s, t' (N, T)

    Source: Gauss 1809, Theoria motus.
    """

    op_name = "squared_error"


@dataclass(eq=False)
class AbsoluteError(RegressionLoss):
    """Absolute error, which is least at the median and little moved by outliers.

        loss = mean_n ω mean_k |s - t'|        s, t' (N, T)

    Source: Laplace 1774, Mémoire sur la probabilité des causes.
    """

    op_name = "absolute_error"

    def _best_constant(self, targets: Array, weights: Array) -> Array:
        order = np.argsort(targets, axis=0)
        below = np.cumsum(weights[order], axis=0)  # the weight of all targets up to this one
        middle = (below < below[-1] / 2).sum(0)[None]
        return np.take_along_axis(np.take_along_axis(targets, order, 0), middle, 0)[0]


@dataclass(eq=False)
class Huber(RegressionLoss):
    """The Huber loss: squared error up to `delta`, absolute error beyond it.

        loss = mean_n ω mean_k ρ(s - t')        ρ(e) = ½ e² where |e| <= δ, else δ (|e| - ½ δ)        s, t' (N, T)

    delta: δ, above 0, in units of `scale`: 1 is one standard deviation of the targets where the loss is `fitted`.
    Raises ValueError for a delta that is not above 0.
    Source: Huber 1964, Annals of Mathematical Statistics 35(1).
    """

    op_name = "huber"

    delta: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.delta < np.inf:
            raise ValueError(f"delta must be above 0 and finite, not {self.delta}")

    def _best_constant(self, targets: Array, weights: Array) -> Array:
        """Where the clipped errors sum to 0, which falls between the least and the largest target: by bisection."""
        low, high = targets.min(0), targets.max(0)
        for _ in range(60):
            middle = (low + high) / 2
            above = weights @ np.clip(middle - targets, -self.delta, self.delta) > 0
            low, high = np.where(above, low, middle), np.where(above, middle, high)
        return np.asarray((low + high) / 2)

    def options(self, scores: Array, labels: Labels | Array, weights: Array | None) -> dict[str, Any]:
        """The width of the squared part, and the weights of the samples where there are any."""
        return {"delta": self.delta, **super().options(scores, labels, weights)}
