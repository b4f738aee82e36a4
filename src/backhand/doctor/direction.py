"""The direction of a step: along it the loss must fall, however small the step is."""

import numpy as np

from backhand.arrays import Array, Labels
from backhand.doctor.records import Collected, Measured
from backhand.doctor.subject import Network, NotMeasuredError, Subject, norm
from backhand.doctor.surface import Slope, Surface, joint_norm
from backhand.doctor.words import listed, number

SAMPLES = 32
AGREES = 0.5, 2.0  # the ratio of a gradient and the slope of the loss along it, kinks and rounding allowed for
CLEAR = 1e-3  # of the largest slope: below it a parameter is not judged
LEAST = 1e-7  # a smaller gradient is rounding
EXACT = 2e-3  # the relative difference of two steps that rounding explains


def has_fault(subject: Subject) -> bool:
    """Whether the step or a gradient does not fit the loss; False where that cannot be measured."""
    try:
        return bool(examine(subject).problems)
    except NotMeasuredError:
        return False


def own_step(network: Network, x: Array, labels: Labels) -> dict[str, Array]:
    """How the network's own step moves each parameter; empty where it moves none."""
    twin = network.copy()
    twin.step(x, labels)
    before, after = network.parameters(), twin.parameters()
    moves = {name: np.asarray(after[name] - before[name], np.float64) for name in before}
    usable = all(np.isfinite(move).all() for move in moves.values()) and joint_norm(moves) > 0
    return moves if usable else {}


def examine(subject: Subject) -> Measured:
    """Measure the slope of the loss along the network's own step, and along the gradient of each parameter."""
    network, found = subject.needs_network(), Collected()
    x, labels = subject.batch(SAMPLES)
    moves = own_step(network, x, labels)
    if not moves:
        raise NotMeasuredError("the first step moves no parameter, or to no finite value")
    if _adds_up(network, x, labels, moves):
        _report_sum(found)
        return found.measured("each step goes farther than the one before")
    surface = Surface(network, x, labels)
    slope, slopes = surface.slope_of(moves), surface.slopes()
    largest = max((abs(each.stated) for each in slopes.values()), default=0.0)
    judged = {name: each for name, each in slopes.items() if abs(each.stated) > max(CLEAR * largest, LEAST)}
    reversed_ = [name for name, each in judged.items() if each.measured < -AGREES[0] * abs(each.stated)]
    if slope > max(CLEAR * largest, LEAST):
        _report_rise(slope, reversed_, len(judged), found)
    elif reversed_:
        _report_reversed(reversed_, slopes, found)
    elif uphill := _uphill(surface, moves):
        _report_uphill(uphill, found)
    _report_size({name: each for name, each in judged.items() if name not in reversed_}, len(labels), found)
    return found.measured(
        f"along the step the loss {'rises' if slope > 0 else 'falls'} by {number(abs(slope))} per unit"
    )


def _adds_up(network: Network, x: Array, labels: Labels, moves: dict[str, Array]) -> bool:
    """Whether a second and a third step from the same parameters go exactly two and three times as far as the first.

    Those of momentum go less far, and those of dropout elsewhere.
    """
    twin, before, first = network.copy(), network.parameters(), joint_norm(moves)
    twin.step(x, labels)
    for count in (2, 3):
        twin.load(before)
        twin.step(x, labels)
        after = twin.parameters()
        again = {name: np.asarray(after[name] - value, np.float64) for name, value in before.items()}
        difference = joint_norm({name: again[name] - count * move for name, move in moves.items()})
        if not difference < EXACT * first:
            return False
    return True


def _report_sum(found: Collected) -> None:
    found.wrong(
        "gradients add up",
        "the gradients of all steps add up",
        evidence="a second step from the same parameters goes twice as far as the first, and a third one three times",
        why="Each step then repeats all that were taken before, and the loss swings farther and farther",
        remedy="Set the gradients to 0 before each backward pass, or write `=` for `+=` in it",
    )


def _uphill(surface: Surface, moves: dict[str, Array]) -> list[str]:
    """The parameters that the step moves along their gradient, and not against it."""
    names = []
    for name, gradient in surface.gradients.items():
        sizes = norm(gradient) * norm(moves[name])
        if norm(gradient) > LEAST and sizes > 0 and float((gradient * moves[name]).sum()) > AGREES[0] * sizes:
            names.append(name)
    return names


def _report_uphill(names: list[str], found: Collected) -> None:
    found.wrong(
        "wrong sign of the step",
        f"the step moves {listed(names)} along the gradient, and not against it",
        evidence="their first step points to where the loss rises, that of all other parameters to where it falls",
        why="The others make up for it at first, so that the loss still falls, but not as far as it could",
        remedy="Subtract the rate times the gradient from these parameters, too",
    )


def _report_rise(slope: float, reversed_: list[str], judged: int, found: Collected) -> None:
    whose = "the gradients are of the wrong sign" if len(reversed_) > judged / 2 else "the step adds the gradient"
    found.wrong(
        "wrong sign of the step",
        f"the loss rises along the training step: {whose}",
        evidence=f"a small part of the first step raises the loss of its own batch, by {number(slope)} per unit",
        why="However small the rate, such a step climbs the loss instead of descending it",
        remedy="Turn the sign of the gradient of the loss with respect to the scores, p − y"
        if whose.startswith("the gradients")
        else "Subtract the rate times the gradient from the parameters",
    )


def _report_reversed(reversed_: list[str], slopes: dict[str, Slope], found: Collected) -> None:
    name = reversed_[0]
    found.wrong(
        "gradient of the wrong sign",
        f"the gradient of {listed(reversed_)} has the wrong sign",
        evidence=f"along the gradient of {name}, of norm {number(slopes[name].stated)}, the loss changes by "
        f"{number(slopes[name].measured)} per unit",
        why="These parameters are moved away from where the loss is lower, while the others make up for it",
        remedy="Check the backward pass of that layer (`backhand check`)",
    )


def _report_size(judged: dict[str, Slope], samples: int, found: Collected) -> None:
    """Report gradients that are another multiple of the true one, as those that are summed, or no multiple of it."""
    ratios = {name: each.measured / each.stated for name, each in judged.items()}
    others = {name: ratio for name, ratio in ratios.items() if not AGREES[0] < ratio < AGREES[1]}
    if not others:
        return
    name, ratio = min(others.items(), key=lambda item: abs(item[1]))
    evidence = f"along the gradient of {name}, of norm {number(judged[name].stated)}, the loss of {samples} samples "
    evidence += f"rises by {number(judged[name].measured)} per unit"
    if all(0.9 < samples * other < 1.1 for other in others.values()):
        found.wrong(
            "gradient of another size",
            f"the gradient of {listed(list(others))} is summed over the batch, and the loss is a mean",
            evidence=f"{evidence}: it is {number(1 / ratio)} times too large",
            why="The rate then means another length of step for each size of the batch",
            remedy="Divide by the number of samples in the gradient of the loss, once",
        )
        return
    found.wrong(
        "gradient does not fit",
        f"the gradient of {listed(list(others))} does not fit the loss",
        evidence=f"{evidence}, where the norm of the gradient is expected",
        why="A wrong gradient leads to a worse minimum, or to none",
        remedy="Check the backward pass of that layer (`backhand check`)",
    )
