"""The loss before the first step: a network that knows nothing yet should do about as well as equal scores."""

import numpy as np

from backhand.arrays import Array, Labels
from backhand.doctor.records import Collected, Measured
from backhand.doctor.subject import Network, NotMeasuredError, Subject
from backhand.doctor.words import number

SAMPLES = 256
HIGH, LOW = 2.5, 0.6  # multiples of the known value beyond which the first loss is not explained by the initialiser
WIDE_SCORES = 3.0  # usual initial weights give scores of deviation 1 to 2
WIDE_INPUT = 20.0  # standardised inputs stay below it
TOLD_APART = 0.02  # the relative difference by which two losses are told apart
SUMMED = 1.9, 2.1  # how a summed loss grows when every sample is given twice


def examine(subject: Subject) -> Measured:
    """Compare the loss at step 0 with that of equal scores, and name the likely cause of a difference."""
    network, found = subject.needs_network(), Collected()
    x, labels = subject.batch(SAMPLES)
    _check_numbering(labels, subject.classes, found)
    if found.problems:
        return found.measured(f"labels {labels.min()} to {labels.max()} for {subject.classes} classes")
    # Dropout makes the loss in train mode larger, and running statistics that have seen nothing the one in test mode.
    first = min((network.loss(x, labels, train=train) for train in (True, False)), key=_or_infinity)
    known, _ = network.known_loss(labels)
    summed = _check_sum(network, x, labels, found)
    twice = _check_softmax(network, x, labels, found)
    if not summed and not twice:
        _check_size(subject, first, known, found)
    return found.measured(f"{number(first)}; equal scores give {number(known)}")


def _or_infinity(loss: float) -> float:
    return loss if np.isfinite(loss) else float("inf")


def _check_numbering(labels: Labels, classes: int, found: Collected) -> None:
    low, high = int(labels.min()), int(labels.max())
    if low >= 0 and high < classes:
        return
    found.wrong(
        "labels of another base",
        f"the labels run from {low} to {high}, and {classes} classes are numbered 0 to {classes - 1}",
        evidence=f"smallest label {low}, largest label {high}, K = {classes}",
        why="A loss that indexes the scores by the label reads the score of another class, or past the last one",
        remedy=f"Subtract {low} from all labels" if high - low < classes else "Give the network one output per class",
    )


def _check_sum(network: Network, x: Array, labels: Labels, found: Collected) -> bool:
    """Whether the loss doubles when every sample is given twice, as a sum does and a mean does not."""
    once = network.loss(x, labels)
    twice = network.loss(np.concatenate([x, x]), np.concatenate([labels, labels]))
    if not (np.isfinite(once) and once > 0 and SUMMED[0] < twice / once < SUMMED[1]):
        return False
    found.wrong(
        "loss summed over the batch",
        "the loss is the sum over the samples of the batch, not their mean",
        evidence=f"{len(labels)} samples give {number(once)}, the same samples twice {number(twice)}",
        why="Loss and gradient then grow with the batch, so that a rate fits one batch size only, and a penalty counts "
        "less than it says",
        remedy="Divide the loss and its gradient by the number of samples, once",
    )
    return True


def _check_softmax(network: Network, x: Array, labels: Labels, found: Collected) -> bool:
    """Whether the output already is probabilities, of which the loss takes the softmax again."""
    for factor in (1, 10):  # at the start, all probabilities may be about the same, unless the inputs are large
        try:
            p = np.asarray(network.scores(factor * x), np.float64)
        except NotMeasuredError:
            return False
        if p.ndim != 2 or p.shape[1] < 2 or not p.min() >= 0 or not np.allclose(p.sum(1), 1, atol=1e-4):
            return False
        right = p[np.arange(len(labels)), labels]
        once, twice = float(-np.log(np.maximum(right, 1e-300)).mean()), float((np.log(np.exp(p).sum(1)) - right).mean())
        if abs(once - twice) > TOLD_APART * once:
            return bool(np.isclose(network.loss(factor * x, labels), twice, rtol=1e-3)) and _report_twice(p, found)
    return False


def _report_twice(p: Array, found: Collected) -> bool:
    K = p.shape[1]
    least = float(np.log(np.e + K - 1) - 1)
    found.wrong(
        "softmax twice",
        "the softmax is taken twice: once by the network, and again by the loss",
        evidence="the outputs of every sample sum to 1, and the loss is the cross-entropy of their softmax",
        why=f"Probabilities differ by 1 at most, so the loss cannot fall below log(e + K − 1) − 1 = {number(least)}, "
        f"and its gradients are small",
        remedy="Let the network end with its scores, and leave the softmax to the loss",
    )
    return True


def _check_size(subject: Subject, first: float, known: float, found: Collected) -> None:
    evidence = f"the loss of {min(SAMPLES, len(subject.labels))} samples is {number(first)} before any step, and equal "
    evidence += f"scores give {number(known)}"
    if subject.pretrained and np.isfinite(first):
        return  # weights that were trained before begin anywhere
    if not np.isfinite(first):
        found.wrong(
            "first loss not finite",
            "the loss is not finite before the first step",
            evidence=evidence,
            why="Every gradient that follows from it is not finite either",
            remedy="Look for values in the data that are not finite or far too large, for log(0) in the loss, and for "
            "exp of large scores",
        )
    elif first > HIGH * known and (spread := _spread(subject)) > WIDE_SCORES:
        _report_large(subject, f"{evidence}; the scores have a deviation of {number(spread)}", found)
    elif first < LOW * known:
        found.warn(
            "first loss too small",
            "the network does better than equal scores before it has been trained",
            evidence=evidence,
            why="Either the labels are among the inputs, or the weights have been trained before",
            remedy="Look for the label among the input columns, and for weights that are loaded",
        )


def _spread(subject: Subject) -> float:
    """The deviation of all scores; infinite where the network shows none."""
    try:
        return float(np.asarray(subject.needs_network().scores(subject.x[:SAMPLES], train=True)).std())
    except NotMeasuredError:
        return float("inf")


def _report_large(subject: Subject, evidence: str, found: Collected) -> None:
    largest = float(np.abs(subject.x[:SAMPLES]).max())
    if largest > WIDE_INPUT:
        found.wrong(
            "scores too large: inputs",
            "the first scores are too large, because the inputs are not standardised",
            evidence=f"{evidence}, and the largest input is {number(largest)}",
            why="The network begins with confident wrong answers, and spends its first epochs on shrinking its weights",
            remedy="Standardise the inputs to mean 0 and deviation 1 by the statistics of the training data",
        )
        return
    found.wrong(
        "scores too large: weights",
        "the first scores are too large, because the initial weights are",
        evidence=evidence,
        why="The network begins with confident wrong answers, and spends its first epochs on shrinking its weights",
        remedy="Draw the weights of a layer with deviation sqrt(2 / inputs) before a ReLU, sqrt(1 / inputs) otherwise",
    )
