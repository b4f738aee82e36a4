"""One small batch, trained on again and again: a network that learns anything can learn it by heart."""

import numpy as np

from backhand.arrays import Array, Labels
from backhand.doctor import direction
from backhand.doctor.fit import ENOUGH, Fit, fit, known_losses
from backhand.doctor.records import Collected, Measured, Plot
from backhand.doctor.subject import Network, NotMeasuredError, Subject, norm
from backhand.doctor.words import counted, listed, number, share

SAMPLES, STEPS, SECONDS = 16, 300, 12.0
TRIAL_STEPS, TRIAL_SECONDS = 100, 3.0
LEARNT, FALLEN = 0.5, 0.15  # shares of the way from the first to the least loss: at the end, and where time ran out
SMALL = 0.2  # of the loss of equal scores: below it there is nothing left to learn
MADE_UP = (1.0, 10.0, 0.1)  # the scales that are tried where the network has no rate of its own
DIRECTION_REMEDY = "First correct what the sign of the step shows"
OTHER_REMEDY = (
    "Check the gradients (`backhand check`), look for dead units, for gradients that vanish, for equal initial "
    "weights, for a loss that ignores some classes, and for a network too small for its task"
)
NEAR = 5.0  # times the rate: one so near is no mistake, since the batch is smaller than those of the training
FAR = 50.0  # a rate so far away is wrong, and not only worth a warning
SLOWER, FASTER = (0.3, 0.1, 0.01, 1e-3, 1e-4), (10.0, 100.0, 1e3, 1e4, 1e5, 1e6)


def examine(subject: Subject) -> Measured:
    """Train on one batch; where its loss stays, find out why."""
    network, found = subject.needs_network(), Collected()
    x, labels = subject.batch(SAMPLES)
    first, (known, least) = network.loss(x, labels, train=True), known_losses(network, labels)
    if first - least < SMALL * (known - least):
        raise NotMeasuredError("the loss of the batch is small before the first step")
    scales = MADE_UP if subject.rate == "made up" else (1.0,)
    results = [fit(network, x, labels, scale, STEPS, SECONDS / len(scales)) for scale in scales]
    result = max(results, key=lambda each: each.progress if np.isfinite(each.progress) else -np.inf)
    losses = result.losses
    found.plots.append(
        Plot(
            "Loss on one batch; dashed: before the first step",
            "step",
            "loss",
            {"loss of the batch": losses},
            log=min(losses) > 0,
            level=first,
        )
    )
    _check_still(network, x, labels, result, found)
    if result.progress > ENOUGH:
        _check_classes(result.network, x, labels, found)
    wanted = LEARNT if len(losses) >= STEPS or result.progress > ENOUGH else FALLEN
    remark = ""
    if not result.progress >= wanted and not found.problems:
        remark = _explain(subject, x, labels, result, found)
    fall = f"{number(losses[0])} to {number(losses[-1])}"
    return found.measured(f"{fall} in {counted(len(losses), 'step')} on {len(labels)} samples{remark}")


def _check_still(network: Network, x: Array, labels: Labels, result: Fit, found: Collected) -> None:
    """Report the parameters that no step has moved."""
    before, after = network.parameters(), result.network.parameters()
    still = [name for name, value in before.items() if np.array_equal(value, after[name])]
    if not still:
        return
    try:
        gradients = network.gradients(x, labels)
    except NotMeasuredError:
        gradients = {}
    dead = [name for name in still if name in gradients and norm(gradients[name]) == 0]
    evidence = (
        f"after {counted(len(result.losses), 'step')} these have the values that they began with: {listed(still)}"
    )
    if len(dead) == len(still):
        found.wrong(
            "gradient zero",
            f"no gradient reaches {listed(still)}",
            evidence=f"{evidence}; their gradients are exactly 0",
            why="A parameter without a gradient is never trained, and neither is what comes before it",
            remedy="Look for units that are dead from the start, for a layer whose weights are all 0, and for a "
            "backward pass that returns zeros",
        )
        return
    found.wrong(
        "frozen parameters",
        f"the training step leaves {listed(still)} as they were",
        evidence=f"{evidence}, although their gradients are not 0",
        why="A parameter that the step leaves out keeps its random initial values",
        remedy="Let the step go through all parameters, and change the arrays themselves rather than copies of them",
    )


def _check_classes(network: Network, x: Array, labels: Labels, found: Collected) -> None:
    """Report a loss that was learnt for other classes than those of the labels."""
    try:
        scores = network.scores(x, train=True)
    except NotMeasuredError:
        return
    if scores.ndim != 2 or scores.shape[1] < 2 or scores.shape[1] <= labels.max():
        return
    predicted = scores.argmax(1)
    shift = int(np.bincount((predicted - labels) % scores.shape[1]).argmax())
    shifted = float(((labels + shift) % scores.shape[1] == predicted).mean())
    if shift and shifted > ENOUGH:
        found.wrong(
            "labels of another base",
            f"the loss reads the score of class label {_signed(shift, scores.shape[1])}",
            evidence=f"{len(labels)} samples are learnt by heart, and for {share(shifted)} of them the largest score "
            f"is that of label {_signed(shift, scores.shape[1])}",
            why="The network learns, and every prediction is off by as much",
            remedy="Number the classes from 0, and index the scores by the label itself",
        )


def _signed(shift: int, classes: int) -> str:
    """A shift of classes that are counted in a circle, by the shorter way: "+ 1" or "− 1"."""
    return f"+ {shift}" if shift <= classes / 2 else f"− {classes - shift}"


def _explain(subject: Subject, x: Array, labels: Labels, result: Fit, found: Collected) -> str:
    """Try the direction of the step and other rates, and report the likeliest reason, or return a remark."""
    network, losses = subject.needs_network(), result.losses
    evidence = f"the loss of {len(labels)} samples went from {number(losses[0])} to {number(losses[-1])} in "
    evidence += counted(len(losses), "step")
    if direction.has_fault(subject):
        _report_not_learnt(f"{evidence}; the step does not descend the loss", DIRECTION_REMEDY, found)
        return ""
    scales = SLOWER if result.diverged else (*FASTER, *SLOWER)
    for scale in scales:
        trial = fit(network, x, labels, scale, TRIAL_STEPS, TRIAL_SECONDS)
        if trial.progress >= LEARNT:
            better = f"at {scale:g} times the rate it fell to {number(min(trial.losses))}"
            if max(scale, 1 / scale) < NEAR:
                return f"; {better}"
            _report_rate(scale, f"{evidence}; {better}", sure=subject.rate == "own", found=found)
            return ""
    tried = f"no rate from {min(scales):g} to {max(scales):g} times its own does better"
    _report_not_learnt(f"{evidence}, and {tried}", OTHER_REMEDY, found)
    return ""


def _report_not_learnt(evidence: str, remedy: str, found: Collected) -> None:
    found.wrong(
        "one batch is not learnt",
        "the network cannot learn one small batch by heart",
        evidence=evidence,
        why="A network that cannot fit a few samples cannot fit a data set",
        remedy=remedy,
    )


def _report_rate(scale: float, evidence: str, *, sure: bool, found: Collected) -> None:
    large = scale < 1
    report = found.wrong if sure and max(scale, 1 / scale) > FAR else found.warn
    report(
        "rate too large" if large else "rate too small",
        f"the learning rate is too {'large' if large else 'small'}, by about {max(scale, 1 / scale):g} times",
        evidence=evidence,
        why="Steps that are too long jump across the valley of the loss"
        if large
        else "Steps that are too short make no progress in the epochs that there are",
        remedy=f"Multiply the rate by {scale:g}, and look for a better one by a range test (`backhand lr-find`)",
    )
