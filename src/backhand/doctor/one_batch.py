"""One small batch, trained on again and again: a network that learns anything can learn it by heart."""

import time
from dataclasses import dataclass

import numpy as np

from backhand.arrays import Array, Labels
from backhand.doctor import direction
from backhand.doctor.records import Collected, Measured, Plot
from backhand.doctor.subject import Network, NotMeasuredError, Subject, norm
from backhand.doctor.words import counted, listed, number

SAMPLES, STEPS, SECONDS = 16, 300, 12.0
TRIAL_STEPS, TRIAL_SECONDS = 100, 4.0
WARM_UP = 30  # steps over which the rate rises, as many schedules let it
LEARNT, FALLEN = 0.5, 0.15  # shares of the way from the first to the least loss: at the end, and where time ran out
ENOUGH = 0.9  # beyond it no further step is needed
WINDOW = 8  # steps over which the loss is averaged
SMALL = 0.2  # of the loss of equal scores: below it there is nothing left to learn
MADE_UP = (1.0, 10.0, 0.1)  # the scales that are tried where the network has no rate of its own
SLOWER, FASTER = (0.1, 0.01, 1e-3, 1e-4), (10.0, 100.0, 1e3, 1e4)


@dataclass(frozen=True)
class Fit:
    """A training on one batch: the loss before each step, and how far of the way to the least loss it came."""

    losses: tuple[float, ...]
    progress: float
    network: Network

    @property
    def diverged(self) -> bool:
        """Whether the loss ended far above its beginning, or as no number."""
        return not np.isfinite(self.progress) or self.progress < -0.5


def fit(network: Network, x: Array, labels: Labels, scale: float, steps: int, seconds: float) -> Fit:
    """Train a copy of the network on the batch, until the loss is learnt, blows up, or steps or seconds are used up."""
    twin, end = network.copy(), time.monotonic() + seconds
    least = _known(network, labels)[1]
    losses: list[float] = []
    progress = 0.0
    with np.errstate(all="ignore"):
        for step in range(steps):
            losses.append(twin.step(x, labels, scale * min(1.0, (step + 1) / WARM_UP)))
            recent = losses[-WINDOW:]
            progress = (losses[0] - float(np.mean(recent))) / max(losses[0] - least, 1e-12)
            blown_up = not np.isfinite(losses[-1]) or losses[-1] > 100 * max(losses[0], 1)
            if blown_up or (len(losses) >= WINDOW and progress > ENOUGH) or time.monotonic() > end:
                break
        if np.isfinite(losses[-1]):  # without dropout the end may be better than the steps said
            quiet = (losses[0] - twin.loss(x, labels)) / max(losses[0] - least, 1e-12)
            progress = max(progress, quiet) if np.isfinite(quiet) else progress
        else:
            progress = float("nan")
    return Fit(tuple(losses), progress, twin)


def _known(network: Network, labels: Labels) -> tuple[float, float]:
    """The loss of equal scores and the least loss; 0 for both where they are not known."""
    try:
        return network.known_loss(labels)
    except NotMeasuredError:
        return 0.0, 0.0


def examine(subject: Subject) -> Measured:
    """Train on one batch; where its loss stays, find out why."""
    network, found = subject.needs_network(), Collected()
    x, labels = subject.batch(SAMPLES)
    first, (known, least) = network.loss(x, labels, train=True), _known(network, labels)
    if first - least < SMALL * (known - least):
        raise NotMeasuredError("the loss of the batch is small before the first step")
    scales = (1.0,) if subject.own_rate else MADE_UP
    results = [fit(network, x, labels, scale, STEPS, SECONDS / len(scales)) for scale in scales]
    result = max(results, key=lambda each: each.progress if np.isfinite(each.progress) else -np.inf)
    losses = result.losses
    found.plots.append(
        Plot("Loss on one batch", "step", "loss", {"loss of the batch": losses}, log=min(losses) > 0, level=first)
    )
    _check_still(network, x, labels, result, found)
    wanted = LEARNT if len(losses) >= STEPS or result.progress > ENOUGH else FALLEN
    if not result.progress >= wanted and not found.problems:
        _explain(network, x, labels, result, found)
    ended = number(losses[-1])
    return found.measured(f"{number(losses[0])} to {ended} in {counted(len(losses), 'step')} on {len(labels)} samples")


def _check_still(network: Network, x: Array, labels: Labels, result: Fit, found: Collected) -> None:
    """Report the parameters that no step has moved."""
    before, after = network.parameters(), result.network.parameters()
    still = [name for name, value in before.items() if np.array_equal(value, after[name])]
    if not still:
        return
    gradients = network.gradients(x, labels)
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


def _explain(network: Network, x: Array, labels: Labels, result: Fit, found: Collected) -> None:
    """Try other rates and the direction of the step, and report the likeliest reason."""
    losses = result.losses
    end = number(losses[-1])
    evidence = f"the loss of {len(labels)} samples went from {number(losses[0])} to {end} in "
    evidence += counted(len(losses), "step")
    scales = SLOWER if result.diverged else (*FASTER, *SLOWER)
    for scale in scales:
        trial = fit(network, x, labels, scale, TRIAL_STEPS, TRIAL_SECONDS)
        if trial.progress >= LEARNT:
            _report_rate(
                scale, f"{evidence}; at {scale:g} times the rate it fell to {number(min(trial.losses))}", found
            )
            return
    if direction.rises(network, x, labels):
        found.wrong(
            "loss rises on one batch",
            "the loss of one batch rises when the network is trained on it",
            evidence=f"{evidence}, and rises along the step at any small rate",
            why="A step of the wrong sign climbs the loss instead of descending it",
            remedy="Subtract the rate times the gradient, and look at the sign of the gradient of the loss",
        )
        return
    found.wrong(
        "one batch is not learnt",
        "the network cannot learn one small batch by heart",
        evidence=f"{evidence}, and no rate from {min(scales):g} to {max(scales):g} times its own does better",
        why="A network that cannot fit a few samples cannot fit a data set",
        remedy="Check the gradients (`backhand check`), look for dead units, for equal initial weights, for a loss "
        "that ignores some classes, and for a network too small for its task",
    )


def _report_rate(scale: float, evidence: str, found: Collected) -> None:
    large = scale < 1
    found.wrong(
        "rate too large" if large else "rate too small",
        f"the learning rate is too {'large' if large else 'small'}, by about {max(scale, 1 / scale):g} times",
        evidence=evidence,
        why="Steps that are too long jump across the valley of the loss"
        if large
        else "Steps that are too short make no progress in the epochs that there are",
        remedy=f"Multiply the rate by {scale:g}, and look for a better one by a range test (`backhand lr-find`)",
    )
