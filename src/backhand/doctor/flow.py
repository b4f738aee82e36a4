"""The gradient on its way back through the layers, and how far a step moves the weights of each."""

import numpy as np

from backhand.arrays import Array, Labels
from backhand.doctor.records import Collected, Measured, Plot
from backhand.doctor.subject import Network, NotMeasuredError, Subject, layer_of, norm
from backhand.doctor.words import number

SAMPLES = 64
VANISHED_WARNING, VANISHED = 3e-3, 1e-4  # the gradient of the first layer beside those of the last layers
EXPLODED = 1e4
LONG, SHORT = 0.3, 1e-7  # the length of a step beside that of the weights: about 1e-3 is usual
USUAL = 1e-3


def examine(subject: Subject) -> Measured:
    """Compare the gradients of the layers, and the steps with the weights."""
    network, found = subject.needs_network(), Collected()
    x, labels = subject.batch(SAMPLES)
    weights = {name: value for name, value in network.parameters().items() if value.ndim > 1 and norm(value) > 0}
    if not weights:
        raise NotMeasuredError("the network has no weights that differ from 0")
    gradients = network.gradients(x, labels)
    relative = {
        layer_of(name): norm(gradients[name]) / norm(value) for name, value in weights.items() if name in gradients
    }
    steps = _step_ratios(network, x, labels, weights)
    names = tuple(relative)
    series = {"gradient / weights": tuple(relative.values()), "step / weights": tuple(steps[name] for name in names)}
    found.plots.append(
        Plot(
            "Gradients and steps by layer; dashed: the usual step",
            "layer",
            "ratio of norms",
            series,
            names,
            True,
            USUAL,
        )
    )
    _check_flow(relative, found)
    if subject.rate != "made up":
        _check_steps(steps, found)
    low, high = min(steps.values()), max(steps.values())
    return found.measured(f"a step moves the weights by {number(low)} to {number(high)} of their size")


def _step_ratios(network: Network, x: Array, labels: Labels, weights: dict[str, Array]) -> dict[str, float]:
    twin = network.copy()
    twin.step(x, labels)
    after = twin.parameters()
    return {layer_of(name): norm(after[name] - value) / norm(value) for name, value in weights.items()}


def _check_flow(relative: dict[str, float], found: Collected) -> None:
    values = np.array(list(relative.values()))
    names = list(relative)
    text = ", ".join(f"{name}: {number(value)}" for name, value in relative.items())
    evidence = f"the norm of the gradient beside that of the weights, by layer: {text}"
    if not np.isfinite(values).all():
        found.wrong(
            "gradient not finite",
            "the gradient of the first step is not finite",
            evidence=evidence,
            why="One step with it makes the parameters useless",
            remedy="Look for inputs that are not finite or far too large, for log(0) and for divisions by 0",
        )
        return
    if len(values) < 2 or not values[-1]:
        return
    last = float(np.median(values[max(len(values) - 2, 1) :]))
    ratio = float(values[0]) / last
    if ratio < VANISHED_WARNING:
        report = found.wrong if ratio < VANISHED else found.warn
        report(
            "gradient vanishes",
            f"the gradient vanishes on its way back to layer {names[0]}",
            evidence=evidence,
            why=f"The first layer learns {number(1 / ratio) if ratio else 'infinitely many'} times more slowly than "
            f"the last ones",
            remedy="Use ReLU in place of sigmoid or tanh, weights of deviation sqrt(2 / inputs), batch normalisation, "
            "shortcuts around layers, or fewer layers",
        )
    elif ratio > EXPLODED:
        found.wrong(
            "gradient explodes",
            f"the gradient explodes on its way back to layer {names[0]}",
            evidence=evidence,
            why="A rate that suits the last layers throws the first ones far away",
            remedy="Draw smaller initial weights (deviation sqrt(2 / inputs)), clip the gradient, or use batch "
            "normalisation",
        )


def _check_steps(steps: dict[str, float], found: Collected) -> None:
    middle = float(np.median(list(steps.values())))
    text = ", ".join(f"{name}: {number(value)}" for name, value in steps.items())
    evidence = f"the length of the first step beside that of the weights, by layer: {text}; about {USUAL:g} is usual"
    if middle > LONG:
        found.warn(
            "steps too long",
            "a single step changes the weights by a large part of their size",
            evidence=evidence,
            why="Such steps undo what the steps before have learnt",
            remedy="Lower the learning rate, or draw larger initial weights if they are tiny",
        )
    elif 0 < middle < SHORT:
        found.warn(
            "steps too short",
            "a step hardly changes the weights",
            evidence=evidence,
            why="At this pace the weights stay near their initial values",
            remedy="Raise the learning rate",
        )
