"""The guard that ends a diverging training, and says which layer's values grew too large and what to try."""

from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.errors import DivergenceError
from backhand.model.sequential import Sequential
from backhand.training.callback import Callback
from backhand.training.solver import Solver


@dataclass(eq=False)
class DivergenceGuard(Callback):
    """Ends a training whose loss is not finite or exceeds a limit, before that loss moves any parameter.

    limit: the largest loss allowed; 0 sets it, at the first batch, to `factor` times its loss, or times 1 where that
    is less. Raises DivergenceError, out of `fit`, with the layer at fault and advice.
    """

    factor: float = 1e3
    limit: float = 0.0

    def __post_init__(self) -> None:
        self._given_limit = self.limit

    def reset(self) -> None:
        """Return to the limit that was given; with 0 it follows from the first loss."""
        self.limit = self._given_limit

    def on_loss(self, solver: Solver) -> None:
        """Raise DivergenceError where the batch's loss is not finite or above the limit."""
        loss = solver.batch_loss
        if not self.limit and isfinite(loss):
            self.limit = self.factor * max(loss, 1.0)
        if not isfinite(loss) or loss > self.limit:
            raise DivergenceError(diagnose(solver))

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """No arrays, and the limit."""
        return {}, {"limit": self.limit}

    def load(self, arrays: dict[str, Array], facts: dict[str, Any]) -> None:
        """Take over the saved limit."""
        self.limit = facts["limit"]


def diagnose(solver: Solver) -> str:
    """Say at which step the loss exploded, which layer's values grew too large, and what to try."""
    x = solver.batch[0]
    head = f"the training diverged at step {solver.step + 1} (epoch {solver.epoch + 1}): the loss is"
    if not np.isfinite(x).all():
        return f"{head} {solver.batch_loss:.4g}. The batch itself holds values that are not finite: correct the data."
    return f"{head} {solver.batch_loss:.4g}. {_culprit(solver.model, x)} {_advice(solver)}"


def _advice(solver: Solver) -> str:
    """What to try: a lower rate than the one that the schedule, where there is one, starts from."""
    if not solver.step:
        return (
            "No step has been taken yet, so the learning rate is not the cause: try to scale the data "
            '(data.standardize = "feature"), or other initial weights.'
        )
    lr = solver.optimizer.lr if solver.schedule is None else solver.schedule.value
    clip = "" if solver.clip_norm else ", or clipping (train.clip_norm = 1)"
    return (
        f"Try a lower learning rate (train.optimizer.lr = {lr / 10:.2g}, say), "
        f"a larger batch (train.batch_size = {2 * solver.batch_size}){clip}."
    )


def _culprit(model: Sequential, x: Array) -> str:
    """The first layer from the input on whose weights or outputs are not finite; else the one with the largest."""
    largest, holder = 0.0, ""
    for name, layer in model.named():
        params = [
            (f"{key} of layer {inner_name}, {inner}", value)
            for inner_name, inner in layer.walk(name)
            for key, value in inner.params.items()
        ]
        for description, value in params:
            if not np.isfinite(value).all():
                return f"The first values to become infinite or NaN were in the {description}."
        x = layer.forward(x)
        if not np.isfinite(x).all():
            where = f"the outputs of layer {name}, {layer}{_reach(params)}"
            return f"The first values to become infinite or NaN were in {where}."
        reach = float(np.abs(x).max())
        largest, holder = (reach, f"layer {name}, {layer}") if reach > largest else (largest, holder)
    return f"All values are finite; the largest are the outputs of {holder}, up to {largest:.3g}."


def _reach(params: list[tuple[str, Array]]) -> str:
    """How large the layer's parameters have become, which is the first effect of a step that is too large."""
    if not params:
        return ""
    return f", whose parameters reach {max(float(np.abs(value).max()) for _, value in params):.3g}"
