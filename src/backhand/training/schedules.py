"""Schedules: step -> value, for the learning rate and for the momentum alike. Steps count from 0.

All but `ReduceOnPlateau` are pure functions of the step, so a resumed run needs nothing of them.
"""

from dataclasses import dataclass, field
from math import cos, pi
from typing import Any

from backhand.arrays.copies import Copyable
from backhand.training.metrics import LOSS


@dataclass
class Schedule(Copyable):
    """`value` at every step; subclasses bend it."""

    value: float

    def __call__(self, step: int) -> float:
        """The value to use in this step."""
        return self.value

    def observe(self, metric: float) -> None:
        """Told the monitored loss after every epoch; only a schedule that reacts to it cares."""

    def reset(self) -> None:
        """Forget what was observed: a new training begins."""

    def state(self) -> dict[str, Any]:
        """What a resumed run must know besides the step."""
        return {}

    def load(self, state: dict[str, Any]) -> None:
        """Take over a saved `state()`."""


class Constant(Schedule):
    """`value`, always."""


@dataclass
class StepDecay(Schedule):
    """value · factor^⌊step / every⌋."""

    every: int
    factor: float = 0.1

    def __call__(self, step: int) -> float:
        """The value to use in this step."""
        return self.value * self.factor ** (step // self.every)


@dataclass
class ExponentialDecay(Schedule):
    """value · factor^(step / every): the same decay as StepDecay, without the steps."""

    every: int
    factor: float = 0.95

    def __call__(self, step: int) -> float:
        """The value to use in this step."""
        return self.value * self.factor ** (step / self.every)


@dataclass
class CosineDecay(Schedule):
    """From `value` to `floor` along half a cosine over `steps` steps, then `floor`. Source: arXiv:1608.03983."""

    steps: int
    floor: float = 0.0

    def __call__(self, step: int) -> float:
        """The value to use in this step."""
        return _cosine(self.value, self.floor, step / self.steps)


@dataclass
class LinearRamp(Schedule):
    """From `value` to `end` along a line over `steps` steps, then `end`; for the momentum, usually upwards."""

    steps: int
    end: float

    def __call__(self, step: int) -> float:
        """The value to use in this step."""
        return self.value + (self.end - self.value) * min(step / self.steps, 1.0)


@dataclass
class OneCycle(Schedule):
    """Up from value / start to `value` over `warmup` · steps, then down to value / end, both along half a cosine.

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
    """value · factor^k, where k counts the times that the loss failed to improve for more than `patience` epochs.

    An improvement is a relative one of more than `threshold`, and a loss that is not finite is none; the value never
    falls below `floor`.
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
        """Count the epochs without improvement."""
        if LOSS.better(metric, self.best, by=abs(self.best or 0.0) * self.threshold):
            self.best, self.waited = metric, 0
            return
        self.waited += 1
        if self.waited > self.patience:
            self.reductions, self.waited = self.reductions + 1, 0

    def reset(self) -> None:
        """Nothing has been observed yet."""
        self.best, self.waited, self.reductions = None, 0, 0

    def state(self) -> dict[str, Any]:
        """Best loss, epochs waited, reductions made."""
        return {"best": self.best, "waited": self.waited, "reductions": self.reductions}

    def load(self, state: dict[str, Any]) -> None:
        """Take over a saved `state()`; earlier versions began with infinity as the best."""
        self.best = LOSS.best([state["best"]])
        self.waited, self.reductions = state["waited"], state["reductions"]


@dataclass
class Warmup(Schedule):
    """The first `steps` steps rise on a line towards what `then` gives; after them `then` rules, from its own step 0.

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
        """Let `then`, which rules after the warm-up, forget what it observed."""
        self.then.reset()

    def state(self) -> dict[str, Any]:
        """The state of `then`; the warm-up itself has none."""
        return self.then.state()

    def load(self, state: dict[str, Any]) -> None:
        """Give `then` its saved state."""
        self.then.load(state)


def _cosine(start: float, end: float, fraction: float) -> float:
    """Half a cosine from start to end, as the fraction goes from 0 to 1 and stays."""
    return end + (start - end) * (1 + cos(pi * min(max(fraction, 0.0), 1.0))) / 2
