"""The update of a model's parameters at the end of a training step."""

from backhand.model.sequential import Sequential
from backhand.training import clipping
from backhand.training.clipping import Limits
from backhand.training.layer_rates import LayerRates
from backhand.training.optimizers import Optimizer
from backhand.training.penalty import L2


def update(model: Sequential, optimizer: Optimizer, penalty: L2, limits: Limits, rates: LayerRates) -> float:
    """Move the parameters by the gradient of loss and penalty, clipped where a limit is not None.

    First the components of the gradient are clipped to [-limits.value, limits.value], then its Euclidean norm to
    limits.norm. Returns the norm between the two, which is the one that limits.norm was compared with.
    """
    parameters = model.parameters
    with rates.scaling(model):
        if limits == Limits():
            return optimizer.step(parameters, penalty.slope)
        penalty.backward(model)
        clipping.clip_value(parameters.grads, limits.value)
        norm = clipping.clip_norm(parameters.grads, limits.norm)
        optimizer.step(parameters)
        return norm
