"""Schedules of the learning rate or the momentum: step -> value. Steps count from 0.

All but `ReduceOnPlateau` are pure functions of the step, so a saved training need not hold a state of them.
"""

from dataclasses import dataclass, field
from math import cos, pi
from typing import Any

from backhand.arrays.copies import Copyable
from backhand.training.metrics import LOSS


@dataclass
class Schedule(Copyable):
    """The base of all schedules: `value` at every step; subclasses make it depend on the step."""

    value: float

    def __call__(self, step: int) -> float:
        """The value to use in this step."""
        return self.value

    def observe(self, metric: float) -> None:
        """Take note of an epoch's loss, which most schedules ignore."""

    def reset(self) -> None:
        """Forget the losses that were observed in an earlier training."""

    def state(self) -> dict[str, Any]:
        """The values that a resumed training needs besides the step."""
        return {}

    def load(self, state: dict[str, Any]) -> None:
        """Take over a saved `state()`."""


class Constant(Schedule):
    """The same `value` at every step."""


@dataclass
class StepDecay(Schedule):
    """A decay in steps: value · factor^⌊step / every⌋.

    value: at step 0.
    every: the number of steps after which the value is multiplied by `factor`.
    """

    every: int
    factor: float = 0.1

    def __call__(self, step: int) -> float:
        """The value to use in this step."""
        return self.value * self.factor ** (step // self.every)


@dataclass
class ExponentialDecay(Schedule):
    """A smooth decay: value · factor^(step / every), the decay of `StepDecay` without its steps.

    value: at step 0.
    every: the number of steps in which the value is multiplied by `factor`.
    """

    every: int
    factor: float = 0.95

    def __call__(self, step: int) -> float:
        """The value to use in this step."""
        return self.value * self.factor ** (step / self.every)


@dataclass
class CosineDecay(Schedule):
    """Half a cosine from `value` to `floor` over `steps` steps, then `floor`.

        floor + (value - floor) (1 + cos(π step / steps)) / 2

    Source: Loshchilov and Hutter 2017, arXiv:1608.03983.
    """

    steps: int
    floor: float = 0.0

    def __call__(self, step: int) -> float:
        """The value to use in this step."""
        return _cosine(self.value, self.floor, step / self.steps)


@dataclass
class LinearRamp(Schedule):
    """A straight line from `value` to `end` over `steps` steps, then `end`; a momentum usually rises."""

    steps: int
    end: float

    def __call__(self, step: int) -> float:
        """The value to use in this step."""
        return self.value + (self.end - self.value) * min(step / self.steps, 1.0)


@dataclass
class OneCycle(Schedule):
    """One cycle: up from value / start to `value`, then down to value / end, both along half a cosine.

    value: the peak.
    steps: of the whole training.
    warmup: the fraction of `steps` in which the value rises.
    start, end: what the peak is divided by at the first and at the last step.

    With start and end below 1 it is the mirrored cycle that suits the momentum. Source: Smith 2018, arXiv:1803.09820.
    """

    steps: int
    warmup: float = 0.3
    start: float = 25.0
    end: float = 1e4

    def __call__(self, step: int) -> float:
        """The value to use in this step."""
        peak = self.warmup * self.steps
        if step < peak:
            return _cosine(self.value / self.start, self.value, step / peak)
        return _cosine(self.value, self.value / self.end, (step - peak) / max(self.steps - peak, 1))


@dataclass
class ReduceOnPlateau(Schedule):
    """value · factor^k, where k counts the times that the loss did not improve for more than `patience` epochs.

    The loss is that of the validation split, or of the training split where there is no other.

    patience: in epochs.
    threshold: an improvement is a relative one by more than this; a loss that is not finite is none.
    floor: the value never falls below it.
    """

    factor: float = 0.1
    patience: int = 10
    threshold: float = 1e-4
    floor: float = 0.0
    best: float | None = field(init=False, default=None)
    waited: int = field(init=False, default=0)
    reductions: int = field(init=False, default=0)

    def __call__(self, step: int) -> float:
        """The value to use in this step."""
        return max(self.value * self.factor**self.reductions, self.floor)

    def observe(self, metric: float) -> None:
        """Count the epochs without improvement, and reduce the value after more than `patience` of them."""
        if LOSS.better(metric, self.best, by=abs(self.best or 0.0) * self.threshold):
            self.best, self.waited = metric, 0
            return
        self.waited += 1
        if self.waited > self.patience:
            self.reductions, self.waited = self.reductions + 1, 0

    def reset(self) -> None:
        """Return to the full value, with no loss observed."""
        self.best, self.waited, self.reductions = None, 0, 0

    def state(self) -> dict[str, Any]:
        """The best loss, the epochs since then, and the reductions so far."""
        return {"best": self.best, "waited": self.waited, "reductions": self.reductions}

    def load(self, state: dict[str, Any]) -> None:
        """Take over a saved `state()`; earlier versions began with infinity as the best."""
        self.best = LOSS.best([state["best"]])
        self.waited, self.reductions = state["waited"], state["reductions"]


@dataclass
class Warmup(Schedule):
    """A warm-up: a straight line over `steps` steps to the first value of `then`, which follows from its own step 0.

    Source: Goyal et al. 2017, arXiv:1706.02677.
    """

    steps: int
    then: Schedule

    def __call__(self, step: int) -> float:
        """The value to use in this step."""
        return self.then(0) * (step + 1) / self.steps if step < self.steps else self.then(step - self.steps)

    def observe(self, metric: float) -> None:
        """Pass the loss on to `then`."""
        self.then.observe(metric)

    def reset(self) -> None:
        """Let `then` forget the losses that it observed."""
        self.then.reset()

    def state(self) -> dict[str, Any]:
        """The state of `then`; the warm-up itself has none."""
        return self.then.state()

    def load(self, state: dict[str, Any]) -> None:
        """Give `then` its saved state."""
        self.then.load(state)


def _cosine(start: float, end: float, fraction: float) -> float:
    """Half a cosine from start to end as the fraction goes from 0 to 1; constant outside."""
    return end + (start - end) * (1 + cos(pi * min(max(fraction, 0.0), 1.0))) / 2
