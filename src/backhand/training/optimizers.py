"""Optimisers over a model's flat buffers, and gradient clipping.

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
from backhand.backend import fused_pass
from backhand.errors import CheckpointError
from backhand.model.parameters import Parameters


@dataclass(eq=False)
class Optimizer(Copyable, ABC):
    """The common part: hyper-parameters are fields, `buffers` holds one flat array a name in `buffer_names`."""

    buffer_names: ClassVar[tuple[str, ...]] = ()
    counters: ClassVar[tuple[str, ...]] = ("steps",)
    transient = MappingProxyType({"_scratch": np.zeros(0)})
    kernel_name: ClassVar[str] = ""  # of what does the same as `_decay` and `_update`, in kernels/cpu/update.py

    lr: float
    momentum: float = 0.0
    weight_decay: float = 0.0
    steps: int = field(init=False, default=0)
    buffers: dict[str, Array] = field(init=False, repr=False, default_factory=dict)
    _scratch: Array = field(init=False, repr=False, default_factory=lambda: np.zeros(0))

    def step(self, parameters: Parameters, penalty: float = 0.0) -> float:
        """Move every parameter once, by its gradient g, to which penalty · w is added first on weights.

        Returns the Euclidean norm of that sum. The gradients are scratch memory afterwards.
        """
        w, g = parameters.values, parameters.grads
        self.buffers = self.buffers or {name: np.zeros_like(w) for name in self.buffer_names}
        self.steps += 1
        fast = fused_pass("update", w.dtype)
        if fast is not None and self.kernel_name:
            arrays = (w, g, *(self.buffers[name] for name in self.buffer_names))
            return fast.step(self.kernel_name, arrays, parameters.segments, penalty, *self._numbers())
        if self._scratch.shape != w.shape:
            self._scratch = np.empty_like(w)
        self._add(penalty, parameters)
        norm = clip_norm(g, None)
        self._decay(parameters)
        self._update(w, g)
        return norm

    def _add(self, slope: float, parameters: Parameters) -> None:
        """g += slope · w, on weights."""
        for part in parameters.penalised if slope else ():
            parameters.grads[part] += np.multiply(parameters.values[part], slope, out=self._scratch[part])

    def _decay(self, parameters: Parameters) -> None:
        """Coupled decay: as if the loss had the penalty λ/2 Σ w²."""
        self._add(self.weight_decay, parameters)

    def _numbers(self) -> tuple[float, ...]:
        """The weight decay and all else that the kernel takes."""
        return ()

    @abstractmethod
    def _update(self, w: Array, g: Array) -> None:
        """Move w by g, both (P,)."""

    def reset(self) -> None:
        """Begin anew: without moments, at step 0."""
        self.buffers = {}
        for each in fields(self):
            if each.name in self.counters:
                setattr(self, each.name, each.default)

    def state(self) -> dict[str, float]:
        """The numbers that a resumed run needs besides `buffers`."""
        return {name: getattr(self, name) for name in self.counters}

    def load(self, buffers: dict[str, Array], state: dict[str, float]) -> None:
        """Take over saved buffers and numbers. Raises CheckpointError for those of another optimiser."""
        if state.keys() != set(self.counters) or (buffers and buffers.keys() != set(self.buffer_names)):
            held = ", ".join(sorted({*buffers, *state}))
            raise CheckpointError(f"the saved optimiser is no {type(self).__name__}: it holds {held}")
        self.buffers = buffers
        for name in self.counters:
            setattr(self, name, state[name])


@dataclass(eq=False)
class SGD(Optimizer):
    """Stochastic gradient descent with momentum m.

    v = m v + g         w -= lr v                 nesterov: w -= lr (g + m v)

    Source: Polyak 1964; Sutskever et al. 2013, ICML (the form of PyTorch).
    """

    buffer_names = ("velocity",)
    kernel_name = "sgd"

    nesterov: bool = False

    def _numbers(self) -> tuple[float, ...]:
        return self.weight_decay, self.lr, self.momentum, self.nesterov

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
    """s = ρ s + (1 - ρ) g²      v = m v + g / (sqrt(s) + ε)      w -= lr v

    Source: Tieleman and Hinton 2012, lecture 6.5 (ε outside the root, as in PyTorch).
    """

    buffer_names = ("square", "velocity")
    kernel_name = "rmsprop"

    rho: float = 0.99
    eps: float = 1e-8

    def _numbers(self) -> tuple[float, ...]:
        return self.weight_decay, self.lr, self.momentum, self.rho, self.eps

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
    """m = β1 m + (1 - β1) g     s = β2 s + (1 - β2) g²     w -= lr m̂ / (sqrt(ŝ) + ε)

    m̂ = m / (1 - β1^t), ŝ = s / (1 - β2^t) at step t. `momentum` is β1. Source: Kingma and Ba 2015, arXiv:1412.6980.
    """

    buffer_names = ("mean", "square")
    counters = ("steps", "beta1_product")
    kernel_name = "adam"

    momentum: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    beta1_product: float = field(init=False, repr=False, default=1.0)  # β1^t, also when a schedule moves β1

    def step(self, parameters: Parameters, penalty: float = 0.0) -> float:
        """As any optimiser's."""
        self.beta1_product *= self.momentum
        return super().step(parameters, penalty)

    def _corrected(self) -> tuple[float, float]:
        """lr / (1 - β1^t), and 1 / sqrt(1 - β2^t)."""
        return self.lr / (1 - self.beta1_product), (1 - self.beta2**self.steps) ** -0.5

    def _numbers(self) -> tuple[float, ...]:
        return self.weight_decay, 0.0, *self._corrected(), self.momentum, self.beta2, self.eps

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
    """Adam whose decay does not pass through the moments: w -= lr λ w first.

    Source: Loshchilov and Hutter 2019, arXiv:1711.05101.
    """

    def _decay(self, parameters: Parameters) -> None:
        for part in parameters.penalised if self.weight_decay else ():
            parameters.values[part] *= 1 - self.lr * self.weight_decay

    def _numbers(self) -> tuple[float, ...]:
        return 0.0, self.lr * self.weight_decay, *super()._numbers()[2:]


def _average(average: Array, fresh: Array, keep: float) -> None:
    """average = keep · average + (1 - keep) · fresh, in place; `fresh` is used up."""
    average *= keep
    fresh *= 1 - keep
    average += fresh


def clip_norm(gradients: Array, limit: float | None) -> float:
    """Scale the flat gradient so that its Euclidean norm is at most `limit`; returns the norm it had.

    Source: Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063.
    """
    norm = float(np.sqrt(np.vdot(gradients, gradients)))
    if limit is not None and norm > limit and np.isfinite(norm):
        gradients *= limit / norm
    return norm


def clip_value(gradients: Array, limit: float | None) -> None:
    """Bring each component of the flat gradient into [-limit, limit]."""
    if limit is not None:
        np.clip(gradients, -limit, limit, out=gradients)
