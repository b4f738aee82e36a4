"""Cases for the tests of kinds: arrays drawn by a kind, and the gradients of one of its ways, by differences."""

from collections.abc import Callable, Mapping
from itertools import islice

import numpy as np

from backhand.arrays import Array
from backhand.check.kinds.kind import Case, Config, Kind, Layout, Match, agree

STEP = 1e-5


def draw_arrays(kind: Kind, config: Config, layout: Layout, seed: int = 1) -> dict[str, Array]:
    rng = np.random.default_rng(seed)
    arrays = {role: kind.draw(role, config, layout, rng) for role in (*kind.inputs, *kind.parameters, *kind.state)}
    return {role: array for role, array in arrays.items() if array is not None}


def right_ways(
    kind: Kind, arrays: Mapping[str, Array], config: Config, layout: Layout, most: int | None = None
) -> list[Match]:
    with np.errstate(all="ignore"):
        right = (match for match in kind.matches(arrays, config, layout) if not match.mistake)
        return list(islice(right, most))


def differences(value: Callable[[dict[str, Array]], Array], arrays: Mapping[str, Array], role: str, dy: Array) -> Array:
    """The gradient of sum(dy * value) by one array, by central differences."""
    gradient = np.zeros_like(arrays[role], np.float64)
    for index in np.ndindex(gradient.shape):
        ends = []
        for sign in (1, -1):
            moved = {name: array.copy() for name, array in arrays.items()}
            moved[role][index] += sign * STEP
            ends.append(np.sum(dy * value(moved)))
        gradient[index] = (ends[0] - ends[1]) / (2 * STEP)
    return gradient


def case_of(kind: Kind, config: Config, layout: Layout, way: int = 0, seed: int = 1) -> Case | None:
    """A case of one right way of a kind, with the true gradients; None where the way does not exist."""
    arrays = draw_arrays(kind, config, layout, seed)
    ways = right_ways(kind, arrays, config, layout, way + 1)
    if way >= len(ways):
        return None
    y = ways[way].y
    dy = np.random.default_rng(seed + 1).standard_normal(y.shape)
    roles = [role for role in arrays if role not in (*kind.constants, *kind.state)]
    true = {
        role: differences(lambda moved: right_ways(kind, moved, config, layout, way + 1)[way].y, arrays, role, dy)
        for role in roles
    }
    convention = {**layout, **ways[way].convention}
    return Case(config, arrays, y, dy, true, true, convention)


def wrong(kind: Kind, case: Case, mistake: str, role: str = "x") -> list[Array]:
    """What the kind says that a mistake gives in a case."""
    return [each.values for each in kind.wrong_gradients(case) if (each.mistake, each.role) == (mistake, role)]


def predicts(kind: Kind, case: Case, mistake: str, expected: Array, role: str = "x") -> bool:
    return any(agree(values, expected, 1e-9) for values in wrong(kind, case, mistake, role))
