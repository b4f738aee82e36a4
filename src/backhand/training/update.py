"""The update of a model's parameters at the end of a training step."""

from backhand.model.sequential import Sequential
from backhand.training import clipping
from backhand.training.losses import L2
from backhand.training.optimizers import Optimizer


def update(
    model: Sequential, optimizer: Optimizer, penalty: L2, norm_limit: float | None, value_limit: float | None
) -> float:
    """Move the parameters by the gradient of loss and penalty, clipped where a limit is not None.

    First the components of the gradient are clipped to [-value_limit, value_limit], then its Euclidean norm to
    norm_limit. Returns the norm between the two, which is the one that norm_limit was compared with.
    """
    parameters = model.parameters
    if norm_limit is None and value_limit is None:
        return optimizer.step(parameters, penalty.slope)
    penalty.backward(model)
    clipping.clip_value(parameters.grads, value_limit)
    norm = clipping.clip_norm(parameters.grads, norm_limit)
    optimizer.step(parameters)
    return norm
