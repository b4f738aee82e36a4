"""Which loss a person's network computes, told by its value, and what that loss begins with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backhand.arrays import Array, Labels
from backhand.check.doctor.data import Sizes, samples
from backhand.check.source.guarded import outcome
from backhand.doctor.subject import NotMeasuredError

if TYPE_CHECKING:
    from backhand.check.doctor.network import FileNetwork

AGREE = 1e-3  # relative: how near the value of a loss is to that of a formula
OF_EACH = "cross-entropy of each output"


@dataclass(frozen=True)
class KnownLoss:
    """A loss of outputs (N, K) and labels (N,), and its value for equal scores, by the number of classes."""

    name: str
    value: Callable[[Array, Labels], Array]  # one value per sample
    start: Callable[[int], float]


@dataclass(frozen=True)
class Guess:
    """The loss that was recognised, or None and why."""

    loss: KnownLoss | None
    reason: str = ""


def _log_softmax(s: Array, labels: Labels) -> Array:
    e = s - s.max(1, keepdims=True)
    return np.asarray(np.log(np.exp(e).sum(1)) - e[np.arange(len(s)), labels])


def _log_share(p: Array, labels: Labels) -> Array:
    return np.asarray(-np.log(np.maximum(p[np.arange(len(p)), labels], 1e-300)))


def _of_each(a: Array, labels: Labels) -> Array:
    t = np.eye(a.shape[1])[labels]
    return np.asarray(-(t * np.log(np.maximum(a, 1e-300)) + (1 - t) * np.log(np.maximum(1 - a, 1e-300))).sum(1))


def _hinge(s: Array, labels: Labels) -> Array:
    right = s[np.arange(len(s)), labels][:, None]
    return np.asarray(np.maximum(0, s - right + 1).sum(1) - 1)


LOSSES = (
    KnownLoss("softmax cross-entropy of scores", _log_softmax, lambda K: float(np.log(K))),
    KnownLoss("cross-entropy of probabilities", _log_share, lambda K: float(np.log(K))),
    KnownLoss(OF_EACH, _of_each, lambda K: K * float(np.log(2))),
    KnownLoss("hinge", _hinge, lambda K: K - 1.0),
)


def guess_loss(network: "FileNetwork") -> Guess:
    """Compare the loss of the network, as a mean or a sum, with the known losses of its output."""
    setup = network.specimen.setup.config
    x, labels = samples(Sizes(setup["in"], setup["hidden"], setup["classes"]))
    K = network.classes
    output = outcome(lambda: network.scores(x))
    if isinstance(output.error, NotMeasuredError) or output.value is None:
        return Guess(None, str(output.error))
    value = network.loss(x, labels)
    if output.value.shape[1] != K:
        return Guess(None, f"the network has {output.value.shape[1]} outputs for {K} classes")
    with np.errstate(all="ignore"):
        for loss in LOSSES:
            mean = float(loss.value(output.value, labels).mean())
            if any(np.isclose(value, mean * factor, rtol=AGREE) for factor in (1, len(x), 1 / K)):  # a mean, or a sum
                return Guess(loss)
    return Guess(None, "the loss is none of those whose first value is known")
