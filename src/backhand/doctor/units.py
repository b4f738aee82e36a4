"""The units of the activations: rectifiers that are never positive, and sigmoids that are always at their ends."""

import numpy as np

from backhand.arrays import Array
from backhand.doctor.records import Collected, Measured, Plot
from backhand.doctor.subject import Network, NotMeasuredError, Subject
from backhand.doctor.words import listed, share

SAMPLES = 512
DEAD_WARNING, DEAD_WRONG = 0.4, 0.7  # shares of the units of a layer
SATURATED = 0.9  # the share of values at the ends above which a layer is saturated
END = 0.02  # the distance from 0 and 1 (or -1 and 1, twice as wide) that counts as the end
BEGINNING = "at the start"


def dead_share(outputs: Array) -> float:
    """The share of the units, the last axis of (N, ..., units), that are positive for no sample at any position."""
    units = outputs.reshape(-1, outputs.shape[-1])
    return float(1 - (units > 0).any(axis=0).mean())


def saturated_share(outputs: Array, kind: str) -> float:
    """The share of all values of a sigmoid or a tanh that lie at one of the two ends of its range."""
    unit = outputs if kind == "sigmoid" else (outputs + 1) / 2
    return float(((unit < END) | (unit > 1 - END)).mean())


def examine(subject: Subject) -> Measured:
    """Measure the share of dead or saturated units of each layer, at the start and after the training."""
    found = Collected()
    x, _ = subject.batch(SAMPLES)
    networks = ({} if subject.network is None else {BEGINNING: subject.network}) | dict(subject.trained)
    if not networks:
        subject.needs_network()
    shares = {when: _shares(network, x) for when, network in networks.items()}
    if not any(shares.values()):
        raise NotMeasuredError("the network has no ReLU, sigmoid or tanh")
    for when, layers in shares.items():
        _check_dead({name: value for name, (kind, value) in layers.items() if kind == "relu"}, when, len(x), found)
        _check_saturated({name: each for name, each in layers.items() if each[0] != "relu"}, when, found)
    names = tuple(next(iter(shares.values())))
    series = {when: tuple(layers[name][1] for name in names if name in layers) for when, layers in shares.items()}
    found.plots.append(Plot("Dead or saturated units", "layer", "share", series, names))
    worst = {when: max((value for _, value in layers.values()), default=0.0) for when, layers in shares.items()}
    return found.measured(
        "; ".join(f"at most {share(value)} of the units of a layer {when}" for when, value in worst.items())
    )


def _shares(network: Network, x: Array) -> dict[str, tuple[str, float]]:
    return {
        name: (kind, dead_share(outputs) if kind == "relu" else saturated_share(outputs, kind))
        for name, (kind, outputs) in network.activations(x).items()
        if outputs.size and np.isfinite(outputs).all()
    }


def _check_dead(shares: dict[str, float], when: str, samples: int, found: Collected) -> None:
    dead = {name: value for name, value in shares.items() if value >= DEAD_WARNING}
    if not dead:
        return
    report = found.wrong if max(dead.values()) >= DEAD_WRONG else found.warn
    by_layer = [f"{share(value)} in layer {name}" for name, value in dead.items()]
    started = when == BEGINNING
    report(
        f"dead units {when}",
        f"many ReLUs are dead {when}: {listed(by_layer)}",
        evidence=f"they are positive for none of {samples} training samples",
        why="A unit that is never positive has no gradient, so it never changes, and the network is in effect smaller",
        remedy="Begin with biases of 0 and weights of deviation sqrt(2 / inputs), and centre the inputs"
        if started
        else "Lower the learning rate or warm it up, clip the gradient, or use leaky ReLUs or batch normalisation",
    )


def _check_saturated(shares: dict[str, tuple[str, float]], when: str, found: Collected) -> None:
    ends = {name: value for name, (_, value) in shares.items() if value >= SATURATED}
    if not ends:
        return
    kinds = listed(sorted({shares[name][0] for name in ends}))
    report = found.wrong if when == BEGINNING else found.warn
    report(
        f"saturated units {when}",
        f"the {kinds} units are saturated {when}: {listed([f'{share(v)} in layer {n}' for n, v in ends.items()])}",
        evidence=f"that share of their values lies within {share(END)} of an end of their range",
        why="At its ends the function is flat, so hardly any gradient passes",
        remedy="Draw smaller initial weights, of deviation sqrt(1 / inputs), and standardise the inputs",
    )
