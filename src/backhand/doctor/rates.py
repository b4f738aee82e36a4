"""The learning rate in a short range test: at which multiples of it the loss falls, and where it blows up."""

import time

import numpy as np

from backhand.doctor.records import Collected, Measured, Plot
from backhand.doctor.subject import NotMeasuredError, Subject
from backhand.doctor.words import number

SAMPLES, STEPS, SECONDS = 32, 90, 12.0
LOWEST, HIGHEST = 1e-4, 1e4
BLOWN_UP, FALLEN = 4.0, 0.97  # multiples of the lowest loss, and of the first
FAR_BELOW = 300.0  # times the rate: the loss should fall before


def examine(subject: Subject) -> Measured:
    """Train on one batch with a rate that rises from 1/10000 of the network's own to 10000 times it."""
    network, found = subject.needs_network().copy(), Collected()
    if subject.rate == "made up":
        raise NotMeasuredError("the network has no rate of its own")
    x, labels = subject.batch(SAMPLES)
    losses: list[float] = []
    scales = np.geomspace(LOWEST, HIGHEST, STEPS)
    end = time.monotonic() + SECONDS
    with np.errstate(all="ignore"):
        for scale in scales:
            losses.append(network.step(x, labels, float(scale)))
            if not np.isfinite(losses[-1]) or losses[-1] > BLOWN_UP * max(min(losses), 0.1 * losses[0]):
                break
            if time.monotonic() > end:
                break
    reached = float(scales[len(losses) - 1])
    fell = next((float(s) for s, loss in zip(scales, losses, strict=False) if loss < FALLEN * losses[0]), None)
    finite = [loss for loss in losses if np.isfinite(loss)]
    points = tuple(float(scale) for scale in scales[: len(finite)])
    found.plots.append(Plot("Range test", "times the rate", "loss", {"loss": tuple(finite)}, points=points))
    over = time.monotonic() > end and reached < 1
    if over:
        raise NotMeasuredError("the network is too slow for a range test of a few seconds; use `backhand lr-find`")
    blew_up = len(losses) < STEPS and time.monotonic() <= end
    if blew_up and reached < 1:
        _report("large", "above", f"the loss of one batch blows up at {number(reached)} times the rate", found)
    elif fell is not None and fell > FAR_BELOW:
        _report("small", "below", f"the loss of one batch does not fall before {number(fell)} times the rate", found)
    begins = f"falls from {number(fell)} times the rate on" if fell else "does not fall"
    return found.measured(f"the loss {begins}" + (f", and blows up at {number(reached)}" if blew_up else ""))


def _report(how: str, side: str, evidence: str, found: Collected) -> None:
    found.warn(
        f"rate {side} the good range",
        f"the learning rate seems too {how}",
        evidence=evidence,
        why="Steps that are too long never settle"
        if how == "large"
        else "The epochs will be over before anything is learnt",
        remedy="Choose a rate a few times below the one at which the loss blows up (`backhand lr-find`)",
    )
