"""The network of a solver as the doctor examines it."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, Self

import numpy as np

from backhand import backend
from backhand.arrays import Array, Labels
from backhand.doctor.subject import ActivationKind
from backhand.layers import Layer, ReLU, Sigmoid, Tanh
from backhand.model.sequential import Sequential
from backhand.training.clipping import Limits
from backhand.training.layer_rates import LayerRates
from backhand.training.losses import Loss, SoftmaxCrossEntropy
from backhand.training.solver import Solver
from backhand.training.update import update

KINDS: dict[type[Layer], ActivationKind] = {ReLU: "relu", Sigmoid: "sigmoid", Tanh: "tanh"}
REFERENCE_WORK = 4e9  # multiply-adds of a forward pass on the references that a few seconds allow
FEWEST = 16


class SolverNetwork:
    """The model of a solver with its loss, its optimiser at the first step, its penalty and its limits.

    The solver itself is left as it is: everything happens to copies.
    """

    def __init__(self, solver: Solver, model: Sequential | None = None) -> None:
        self.solver = solver
        self.model = (model or solver.model).copy()
        self.loss_function: Loss = deepcopy(solver.loss)
        self.optimizer = deepcopy(solver.optimizer)
        self.optimizer.reset()
        self.rate = self.optimizer.lr
        self.rng = np.random.default_rng(solver.seed)

    def copy(self) -> Self:
        """A network of its own, at the first step of its optimiser."""
        return type(self)(self.solver, self.model)

    def scores(self, x: Array, *, train: bool = False) -> Array:
        """The output (N, outputs) before the loss; in train mode the running statistics stay as they were."""
        return np.array(self._forward(x, train))

    def loss(self, x: Array, labels: Labels, *, train: bool = False) -> float:
        """The mean loss of the batch, without the penalty."""
        return self.loss_function.forward(self.scores(x, train=train), labels)

    def known_loss(self, labels: Labels) -> tuple[float, float]:
        """The loss of equal scores, and that of the best scores, which label smoothing keeps above 0."""
        outputs = self.model.output_shape[0]
        equal = self.loss_function.forward(np.zeros((len(labels), outputs)), labels)
        if not isinstance(self.loss_function, SoftmaxCrossEntropy):
            return equal, 0.0
        smoothing = self.loss_function.smoothing
        targets = (1 - smoothing) * np.eye(outputs)[labels] + smoothing / outputs
        return equal, self.loss_function.forward(np.log(np.maximum(targets, 1e-30)), labels)

    def gradients(self, x: Array, labels: Labels) -> dict[str, Array]:
        """The gradients of the mean loss in train mode, by the names of the parameters."""
        scores = self._forward(x, train=True, keep=True)
        self.loss_function.forward(scores, labels)
        self.model.backward(self.loss_function.backward())
        self.model.release()
        return {parameter.name: parameter.grad.copy() for parameter in self.model.parameters}

    def parameters(self) -> dict[str, Array]:
        """Copies of the trained parameters, by name."""
        return {parameter.name: parameter.value.copy() for parameter in self.model.parameters}

    def load(self, values: Mapping[str, Array]) -> None:
        """Take over values of the trained parameters."""
        for parameter in self.model.parameters:
            parameter.value[...] = values[parameter.name]

    def activations(self, x: Array) -> dict[str, tuple[ActivationKind, Array]]:
        """The outputs of all ReLU, sigmoid and tanh layers at inference.

        They run on the references, since kernels join layers. Of a large network, only some of the samples run.
        """
        recorded: dict[str, tuple[ActivationKind, Array]] = {}
        model = self.model.copy()
        for name, layer in model.walk():
            if (kind := KINDS.get(type(layer))) is not None:
                vars(layer)["forward_by"] = _recording(layer.forward_by, name, kind, recorded)
        count = int(np.clip(REFERENCE_WORK / max(model.work(), 1), FEWEST, len(x)))
        with backend.using("reference"), np.errstate(all="ignore"):
            model.forward(x[:count])
        return recorded

    def step(self, x: Array, labels: Labels, scale: float = 1.0) -> float:
        """Take a step of the solver's optimiser, with its penalty and its limits on the gradient."""
        self.optimizer.lr = self.rate * scale
        scores = self.model.forward(x, train=True, rng=self.rng)
        loss = self.loss_function.forward(scores, labels)
        self.model.backward(self.loss_function.backward())
        self.model.release()
        limits = Limits(self.solver.clip_norm, self.solver.clip_value)
        update(self.model, self.optimizer, self.solver.penalty, limits, LayerRates(self.solver.layer_rates))
        return loss

    def penalised(self) -> dict[str, bool]:
        """Whether each parameter moves in a step whose loss has no gradient, where all parameters are 1."""
        twin = self.copy()
        twin.model.parameters.values[...] = 1
        twin.model.parameters.grads[...] = 0
        update(twin.model, twin.optimizer, self.solver.penalty, Limits(), LayerRates())
        return {parameter.name: bool((parameter.value != 1).any()) for parameter in twin.model.parameters}

    def _forward(self, x: Array, train: bool, *, keep: bool = False) -> Array:
        """The scores, with draws from the same seed at every call, and with the state of the layers as it was."""
        states = [(array, array.copy()) for _, layer in self.model.walk() for array in layer.state.values()]
        with np.errstate(over="ignore", invalid="ignore"):
            scores = self.model.forward(x, train=train, rng=np.random.default_rng(0))
        if not keep:
            scores = np.array(scores)  # its memory may be that of a cache
            self.model.release()
        for array, before in states:
            array[...] = before
        return scores


def _recording(
    forward: Callable[..., Array],
    name: str,
    kind: ActivationKind,
    recorded: dict[str, tuple[ActivationKind, Array]],
) -> Callable[..., Array]:
    """The method `forward_by` of a layer, which also keeps what it returns."""

    def record(*arguments: Any) -> Array:
        y = forward(*arguments)
        recorded[name] = kind, np.array(y)
        return y

    return record
