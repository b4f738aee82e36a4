"""Training on one small batch, again and again."""

import time
from dataclasses import dataclass

import numpy as np

from backhand.arrays import Array, Labels
from backhand.doctor.subject import Network, NotMeasuredError

WARM_UP = 30  # steps over which the rate rises, as many schedules let it
ENOUGH = 0.9  # of the way to the least loss: beyond it no further step is needed
WINDOW = 8  # steps over which the loss is averaged


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
    least = known_losses(network, labels)[1]
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


def known_losses(network: Network, labels: Labels) -> tuple[float, float]:
    """The loss of equal scores and the least loss; 0 for both where they are not known."""
    try:
        return network.known_loss(labels)
    except NotMeasuredError:
        return 0.0, 0.0
