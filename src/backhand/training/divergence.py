"""Why a training diverged: which layer's values went first, and what to try."""

import numpy as np

from backhand.arrays import Array
from backhand.model.sequential import Sequential
from backhand.training.solver import Solver


def diagnose(solver: Solver) -> str:
    """The sentence for a loss that is not finite, or exploded, at the current batch."""
    x = solver.batch[0]
    head = f"the training diverged at step {solver.step + 1} (epoch {solver.epoch + 1}): the loss is"
    if not np.isfinite(x).all():
        return f"{head} {solver.batch_loss:.4g}. The batch itself holds values that are not finite: mend the data."
    return f"{head} {solver.batch_loss:.4g}. {_culprit(solver.model, x)} {_advice(solver)}"


def _advice(solver: Solver) -> str:
    """What to try: a lower rate than the one that the schedule, where there is one, starts from."""
    if not solver.step:
        return (
            'Try to scale the data (data.standardize = "feature"), or other weights to begin with: no step has been '
            "taken yet, so the learning rate is not the cause."
        )
    lr = solver.optimizer.lr if solver.schedule is None else solver.schedule.value
    clip = "" if solver.clip_norm else ", or clipping (train.clip_norm = 1)"
    return (
        f"Try a lower learning rate (train.optimizer.lr = {lr / 10:.2g}, say), "
        f"a larger batch (train.batch_size = {2 * solver.batch_size}){clip}."
    )


def _culprit(model: Sequential, x: Array) -> str:
    """The first layer, walking from the input, whose weights or outputs are not finite; else the largest outputs."""
    largest, at = 0.0, ""
    for place, layer in model.named():
        params = [
            (f"{name} of layer {where}, {each}", value)
            for where, each in layer.walk(place)
            for name, value in each.params.items()
        ]
        for name, value in params:
            if not np.isfinite(value).all():
                return f"The first values to go were in the {name}."
        x = layer.forward(x)
        if not np.isfinite(x).all():
            return f"The first values to go were in the outputs of layer {place}, {layer}{_reach(params)}."
        reach = float(np.abs(x).max())
        largest, at = (reach, f"layer {place}, {layer}") if reach > largest else (largest, at)
    return f"All values are finite; the largest are the outputs of {at}, up to {largest:.3g}."


def _reach(params: list[tuple[str, Array]]) -> str:
    """How large the layer's parameters have become, which is what a too large step does first."""
    if not params:
        return ""
    return f", whose parameters reach {max(float(np.abs(value).max()) for _, value in params):.3g}"
