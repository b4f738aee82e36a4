"""Single steps of the rules of updates, right and wrong."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from backhand.arrays import Array

Settings = Mapping[str, float]


@dataclass
class Memory:
    """What a rule keeps from step to step: averages by name, and the number of the step, from 1."""

    averages: dict[str, Array] = field(default_factory=dict)
    t: int = 0

    def of(self, name: str, g: Array) -> Array:
        """An average as it is, zeros before the first step."""
        return self.averages.get(name, np.zeros_like(g))

    def average(self, name: str, g: Array, old: float, new: float) -> Array:
        """Keep `old` times the average of this name plus `new` times g, and return it."""
        self.averages[name] = old * self.of(name, g) + new * g
        return self.averages[name]


Step = Callable[[Array, Memory, Settings], Array]  # what is added to the parameters


def velocity(old: float = 1.0, new: float = -1.0) -> Step:
    """Momentum; old, new: multiples of the usual shares of the old velocity and of the gradient."""

    def step(g: Array, kept: Memory, s: Settings) -> Array:
        return kept.average("v", g, old * s["momentum"], new * s["lr"])

    return step


def mean_velocity(g: Array, kept: Memory, s: Settings) -> Array:
    """Momentum whose velocity is a mean of gradients."""
    return -s["lr"] * kept.average("v", g, s["momentum"], 1 - s["momentum"])


def corrected_velocity(g: Array, kept: Memory, s: Settings) -> Array:
    """Momentum whose velocity is a mean of gradients, corrected for its start at 0."""
    return mean_velocity(g, kept, s) / (1 - s["momentum"] ** kept.t)


def growing_velocity(g: Array, kept: Memory, s: Settings) -> Array:
    """A velocity that is never reduced."""
    return kept.average("v", g, 1, -s["lr"])


def late_velocity(g: Array, kept: Memory, s: Settings) -> Array:
    """The velocity as it was before this gradient."""
    before = kept.of("v", g)
    kept.average("v", g, s["momentum"], -s["lr"])
    return before


def nesterov(old: float = -1.0, new: float = 1.0) -> Step:
    """-m times the old velocity plus 1 + m times the new one, or other multiples of m."""

    def step(g: Array, kept: Memory, s: Settings) -> Array:
        m, before = s["momentum"], kept.of("v", g)
        return old * m * before + (1 + new * m) * kept.average("v", g, m, -s["lr"])

    return step


def scaled(old: float | None = None, new: float | None = None, form: str = "outside", sign: float = -1) -> Step:
    """The gradient over the root of its averaged square; old, new: shares other than decay and 1 - decay."""

    def step(g: Array, kept: Memory, s: Settings) -> Array:
        decay, eps = s.get("decay", 1.0), s["eps"]
        shares = decay if old is None else old, 1 - decay if new is None else new
        square = kept.average("v", g * g, *shares)
        return sign * s["lr"] * g / denominator(square, eps, form)

    return step


def swapped_decay(g: Array, kept: Memory, s: Settings) -> Array:
    """RMSprop that keeps the small share of the old squares."""
    square = kept.average("v", g * g, 1 - s["decay"], s["decay"])
    return -s["lr"] * g / denominator(square, s["eps"], "outside")


def denominator(square: Array, eps: float, form: str) -> Array:
    """The root of an average of squares with a small number, which may be elsewhere or missing."""
    forms = {
        "outside": np.sqrt(square) + eps,
        "inside": np.sqrt(square + eps),
        "no root": square + eps,
        "none": np.sqrt(square),
    }
    return forms[form]


def adam(first: str = "t", second: str = "t", form: str = "outside", sign: float = -1, shares: str = "") -> Step:
    """Adam; first, second: the step count in the two corrections, "" for none.   shares: a mistake in the averages."""

    def step(g: Array, kept: Memory, s: Settings) -> Array:
        a, b = (s["beta2"], s["beta1"]) if shares == "swapped" else (s["beta1"], s["beta2"])
        counts = {"t": kept.t, "1": 1, "t + 1": kept.t + 1}
        new = (1.0, 1.0) if shares == "whole" else (1 - a, 1 - b)
        mean = kept.average("m", g, a, new[0])
        square = kept.average("v", np.abs(g) if shares == "not squared" else g * g, b, new[1])
        mean = mean / (1 - a ** counts[first]) if first else mean
        share = a if shares == "one correction" else b
        square = square / (1 - share ** counts[second]) if second else square
        if shares == "stored":
            kept.averages |= {"m": mean, "v": square}
        return sign * s["lr"] * mean / denominator(square, s["eps"], form)

    return step


def adam_in_the_rate(g: Array, kept: Memory, s: Settings) -> Array:
    """Adam with both corrections in its rate."""
    a, b = s["beta1"], s["beta2"]
    mean, square = kept.average("m", g, a, 1 - a), kept.average("v", g * g, b, 1 - b)
    rate = s["lr"] * np.sqrt(1 - b**kept.t) / (1 - a**kept.t)
    return -rate * mean / (np.sqrt(square) + s["eps"])


def descent(multiple: float, power: int = 1) -> Step:
    """A multiple of the gradient times a power of the rate."""

    def step(g: Array, kept: Memory, s: Settings) -> Array:
        return kept.average("step", g, 0, multiple * s["lr"] ** power)

    return step


def backwards(step: Step) -> Step:
    """The opposite of a step."""

    def opposite(g: Array, kept: Memory, s: Settings) -> Array:
        return -step(g, kept, s)

    return opposite


def accumulated(g: Array, kept: Memory, s: Settings) -> Array:
    """The gradients of all steps, added up."""
    return -s["lr"] * kept.average("g", g, 1, 1)


def run(step: Step, w: Array, gradients: Sequence[Array], settings: Settings) -> Array:
    """The parameters after each step."""
    memory, values = Memory(), []
    for t, g in enumerate(gradients, 1):
        memory.t = t
        w = w + step(g, memory, settings)
        values.append(w)
    return np.stack(values)
