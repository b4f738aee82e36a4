"""Optimisers over a model's flat buffers.

w are the parameters, g their gradients, λ the weight decay (on weights only, not on biases, scales and shifts).
Schedules set `lr` and `momentum` before each step. A step allocates nothing after the first.
float32 models are moved by one kernel, in one pass over memory, where there is one for the optimiser.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import ClassVar

import numpy as np

from backhand.arrays import Array
from backhand.arrays.copies import Copyable
from backhand.arrays.memory import aligned_zeros
from backhand.backend import fused_pass
from backhand.errors import CheckpointError
from backhand.model.parameters import Parameters
from backhand.training.clipping import gradient_norm


@dataclass(eq=False)
class Optimizer(Copyable, ABC):
    """The base of all optimisers: hyper-parameters are fields; `buffers` has a flat array (P,) per `buffer_names`."""

    buffer_names: ClassVar[tuple[str, ...]] = ()
    counters: ClassVar[tuple[str, ...]] = ("steps",)
    transient = MappingProxyType({"_scratch": np.zeros(0)})
    kernel_name: ClassVar[str] = ""  # of the kernel that does the same as `_decay` and `_update`: kernels/update.py

    lr: float
    momentum: float = 0.0
    weight_decay: float = 0.0
    steps: int = field(init=False, default=0)
    buffers: dict[str, Array] = field(init=False, repr=False, default_factory=dict)
    _scratch: Array = field(init=False, repr=False, default_factory=lambda: np.zeros(0))

    def step(self, parameters: Parameters, penalty: float = 0.0) -> float:
        """Move every parameter once by its gradient; that of a weight w is the loss's plus penalty · w.

        Returns the Euclidean norm of all gradients. Their memory is used as scratch space.
        """
        w, g = parameters.values, parameters.grads
        self.buffers = self.buffers or {name: aligned_zeros(w.shape, w.dtype) for name in self.buffer_names}
        self.steps += 1
        fast = fused_pass("update", w.dtype)
        if fast is not None and self.kernel_name:
            segments, values = parameters.segments, self._kernel_values()
            return fast.step(self.kernel_name, w, g, self.buffers, segments, penalty=penalty, **values)
        if self._scratch.shape != w.shape:
            self._scratch = np.empty_like(w)
        self._add(penalty, parameters)
        norm = gradient_norm(g)
        self._decay(parameters)
        self._update(w, g)
        return norm

    def _add(self, slope: float, parameters: Parameters) -> None:
        """Add slope · w to the gradient of each weight w."""
        for where in parameters.penalised if slope else ():
            parameters.grads[where] += np.multiply(parameters.values[where], slope, out=self._scratch[where])

    def _decay(self, parameters: Parameters) -> None:
        """Weight decay as a part of the gradient, as if the loss had the penalty λ/2 Σ w²."""
        self._add(self.weight_decay, parameters)

    def _kernel_values(self) -> dict[str, float]:
        """The values that the kernel takes besides the penalty, by the names it gives them."""
        return {}

    @abstractmethod
    def _update(self, w: Array, g: Array) -> None:
        """Move the parameters w by their gradients g, both (P,), in place."""

    def reset(self) -> None:
        """Return to step 0, with empty buffers."""
        self.buffers = {}
        for attribute in fields(self):
            if attribute.name in self.counters:
                setattr(self, attribute.name, attribute.default)

    def state(self) -> dict[str, float]:
        """The numbers that a resumed training needs besides `buffers`."""
        return {name: getattr(self, name) for name in self.counters}

    def load(self, buffers: dict[str, Array], state: dict[str, float]) -> None:
        """Take over saved buffers and numbers. Raises CheckpointError for those of another optimiser."""
        if state.keys() != set(self.counters) or (buffers and buffers.keys() != set(self.buffer_names)):
            saved = ", ".join(sorted({*buffers, *state}))
            raise CheckpointError(
                f"the saved state is not of the optimiser {type(self).__name__}: it holds {saved}; resume with the "
                "optimiser that it was saved from"
            )
        self.buffers = buffers
        for name in self.counters:
            setattr(self, name, state[name])


@dataclass(eq=False)
class SGD(Optimizer):
    """Stochastic gradient descent with momentum m.

        v = m v + g         w -= lr v                 nesterov: w -= lr (g + m v)

    lr: the learning rate.
    momentum: m, usually in [0, 1); without it v is g.
    weight_decay: λ; λ w is added to g first.
    nesterov: whether the step looks ahead, as the second formula does.
    Source: Polyak 1964; Sutskever et al. 2013, ICML (the form of PyTorch).
    """

    buffer_names = ("velocity",)
    kernel_name = "sgd"

    nesterov: bool = False

    def _kernel_values(self) -> dict[str, float]:
        return {"decay": self.weight_decay, "lr": self.lr, "momentum": self.momentum, "nesterov": self.nesterov}

    def _update(self, w: Array, g: Array) -> None:
        v = self.buffers["velocity"]
        v *= self.momentum
        v += g
        if self.nesterov:
            g += np.multiply(v, self.momentum, out=self._scratch)
            v = g
        w -= np.multiply(v, self.lr, out=self._scratch)


@dataclass(eq=False)
class RMSProp(Optimizer):
    """RMSProp: each gradient is divided by the root of its running mean square.

        s = ρ s + (1 - ρ) g²      v = m v + g / (sqrt(s) + ε)      w -= lr v

    lr: the learning rate.
    momentum: m, usually in [0, 1).
    weight_decay: λ; λ w is added to g first.
    rho, eps: ρ in [0, 1), and ε.
    Source: Tieleman and Hinton 2012, lecture 6.5 (ε outside the root, as in PyTorch).
    """

    buffer_names = ("square", "velocity")
    kernel_name = "rmsprop"

    rho: float = 0.99
    eps: float = 1e-8

    def _kernel_values(self) -> dict[str, float]:
        own = {"rho": self.rho, "eps": self.eps}
        return {"decay": self.weight_decay, "lr": self.lr, "momentum": self.momentum} | own

    def _update(self, w: Array, g: Array) -> None:
        square, v, scratch = self.buffers["square"], self.buffers["velocity"], self._scratch
        _average(square, np.multiply(g, g, out=scratch), self.rho)
        np.sqrt(square, out=scratch)
        scratch += self.eps
        v *= self.momentum
        v += np.divide(g, scratch, out=scratch)
        w -= np.multiply(v, self.lr, out=scratch)


@dataclass(eq=False)
class Adam(Optimizer):
    """Adam: steps by running means of the gradient and of its square, both corrected for their start at 0.

        m = β1 m + (1 - β1) g     s = β2 s + (1 - β2) g²     w -= lr m̂ / (sqrt(ŝ) + ε)

    m̂ = m / (1 - β1^t) and ŝ = s / (1 - β2^t) at step t, counted from 1.

    lr: the learning rate.
    momentum, beta2, eps: β1, β2 and ε.
    weight_decay: λ; λ w is added to g first.
    Source: Kingma and Ba 2015, arXiv:1412.6980.
    """

    buffer_names = ("mean", "square")
    counters = ("steps", "beta1_product")
    kernel_name = "adam"

    momentum: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    beta1_product: float = field(init=False, repr=False, default=1.0)  # β1^t, also when a schedule moves β1

    def step(self, parameters: Parameters, penalty: float = 0.0) -> float:
        """Move every parameter once, as `Optimizer.step` says, and advance β1^t."""
        self.beta1_product *= self.momentum
        return super().step(parameters, penalty)

    def _corrected(self) -> tuple[float, float]:
        """The two bias corrections of step t: lr / (1 - β1^t), and 1 / sqrt(1 - β2^t)."""
        return self.lr / (1 - self.beta1_product), (1 - self.beta2**self.steps) ** -0.5

    def _kernel_values(self) -> dict[str, float]:
        rate, root = self._corrected()
        return {
            "decay": self.weight_decay,
            "decoupled_decay": 0.0,
            "lr": rate,
            "square_correction": root,
            "beta1": self.momentum,
            "beta2": self.beta2,
            "eps": self.eps,
        }

    def _update(self, w: Array, g: Array) -> None:
        mean, square, scratch = self.buffers["mean"], self.buffers["square"], self._scratch
        _average(square, np.multiply(g, g, out=scratch), self.beta2)
        np.multiply(g, 1 - self.momentum, out=scratch)
        mean *= self.momentum
        mean += scratch
        rate, root = self._corrected()
        np.sqrt(square, out=scratch)
        scratch *= root
        scratch += self.eps
        np.divide(mean, scratch, out=scratch)
        scratch *= rate
        w -= scratch


@dataclass(eq=False)
class AdamW(Adam):
    """Adam with decoupled weight decay, which does not pass through the moments: w -= lr λ w comes first.

    lr, momentum, beta2, eps: as in `Adam`.
    weight_decay: λ.
    Source: Loshchilov and Hutter 2019, arXiv:1711.05101.
    """

    def _decay(self, parameters: Parameters) -> None:
        for where in parameters.penalised if self.weight_decay else ():
            parameters.values[where] *= 1 - self.lr * self.weight_decay

    def _kernel_values(self) -> dict[str, float]:
        return super()._kernel_values() | {"decay": 0.0, "decoupled_decay": self.lr * self.weight_decay}


def _average(average: Array, fresh: Array, keep: float) -> None:
    """average = keep · average + (1 - keep) · fresh, in place; `fresh` is used up."""
    average *= keep
    fresh *= 1 - keep
    average += fresh
