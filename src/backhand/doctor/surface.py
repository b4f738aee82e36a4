"""The loss of a batch around the parameters of a network: its slope along a direction, by differences."""

import time
from dataclasses import dataclass

import numpy as np

from backhand.arrays import Array, Labels
from backhand.doctor.subject import Network, NotMeasuredError, norm

CHANGE = 1e-3  # of the loss: what a difference should show
REACH = 0.05  # how far it goes at most, relative to the norm of the parameters
JUDGED, SECONDS = 12, 15.0  # the most parameters whose gradients are tried, from the first to the last, and the time


@dataclass(frozen=True)
class Slope:
    """The slope of the loss along a direction of norm 1, and the slope that the gradient says."""

    measured: float
    stated: float


class Surface:
    """The loss of a batch in train mode as a function of the parameters of a network, which stays as it is."""

    def __init__(self, network: Network, x: Array, labels: Labels) -> None:
        self.network, self.x, self.labels = network, x, labels
        self.parameters = network.parameters()
        self.gradients = _gradients(network, x, labels)
        self.loss = network.loss(x, labels, train=True)
        self.twin = network.copy()

    def slope(self, direction: dict[str, Array], stated: float) -> float:
        """The slope along a direction, per unit of its norm, by a central difference.

        stated: the slope that the gradient says. The difference reaches as far as changes the loss by CHANGE of itself,
        which rounding does not hide, and no farther than is short beside the parameters.
        """
        own, whole = (joint_norm({n: self.parameters[n] for n in names}) for names in (direction, self.parameters))
        wanted = CHANGE * abs(self.loss) / max(abs(stated), 1e-12)
        reach = min(wanted, REACH * max(own, 0.1 * whole, 1e-3))
        step = reach / joint_norm(direction)
        losses = []
        for sign in (1, -1):
            moved = {name: self.parameters[name] + sign * step * along for name, along in direction.items()}
            self.twin.load(self.parameters | moved)
            losses.append(self.twin.loss(self.x, self.labels, train=True))
        return (losses[0] - losses[1]) / (2 * reach)

    def slope_of(self, moves: dict[str, Array]) -> float:
        """The slope along moves of the parameters, by name."""
        stated = sum(
            float((self.gradients[name] * move).sum()) for name, move in moves.items() if name in self.gradients
        )
        return self.slope(moves, stated / joint_norm(moves))

    def slopes(self) -> dict[str, Slope]:
        """For gradients of some parameters: the slope along each, and its norm, which should be that slope."""
        usable = [name for name, g in self.gradients.items() if np.isfinite(g).all() and norm(g) > 0]
        chosen = {usable[i] for i in np.linspace(0, len(usable) - 1, JUDGED).astype(int)} if usable else set()
        slopes: dict[str, Slope] = {}
        end = time.monotonic() + SECONDS
        for name in filter(chosen.__contains__, usable):
            if time.monotonic() > end:
                break
            size = norm(self.gradients[name])
            slopes[name] = Slope(self.slope({name: self.gradients[name]}, size), size)
        return slopes


def _gradients(network: Network, x: Array, labels: Labels) -> dict[str, Array]:
    """The gradients in float64; none where the network does not show them."""
    try:
        return {name: np.asarray(g, np.float64) for name, g in network.gradients(x, labels).items()}
    except NotMeasuredError:
        return {}


def joint_norm(arrays: dict[str, Array]) -> float:
    """The Euclidean norm over several arrays."""
    return float(np.sqrt(sum(norm(array) ** 2 for array in arrays.values())))
