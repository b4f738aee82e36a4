"""The parameters of a person's object: where each is kept, and by which name it is told."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backhand.check.reading.dialect import to_numpy
from backhand.check.reading.reachable import Path, reachable, spelled
from backhand.check.reading.roles import roles
from backhand.check.reading.setup import Setup, UnresolvedError


@dataclass
class Parameter:
    """A parameter: the paths under which its one array is reached, and the name by which it is told."""

    name: str
    paths: list[Path]
    role: str = ""


def short_names(groups: list[list[Path]], taken: set[str]) -> list[str]:
    """A name for each parameter: the last name of its path that says something, or the whole path where two agree."""
    last = [last_name(paths[0]) for paths in groups]
    return [
        name if last.count(name) == 1 and name not in taken else spelled(paths[0]).removeprefix("self.")
        for name, paths in zip(last, groups, strict=True)
    ]


def last_name(path: Path) -> str:
    """The last name on a path that says what lies there: `W` for `self.params['W'].value`."""
    names = [str(key) for kind, key in path if kind != "index"]
    saying = [name for name in names if name not in ("value", "data", "params", "parameters", "param")]
    return (saying or names or ["array"])[-1]


def parameter_role(paths: list[Path]) -> str:
    """The role of a parameter by the names on its paths."""
    for path in paths:
        for _, key in reversed(path):
            for role in roles(str(key)):
                if role in ("w", "b", "gamma", "beta", "wh", "slope"):
                    return role
    return "w"


def fitted_to(instance: Any, setup: Setup) -> Setup:
    """The setup with as many inputs as the first matrix of an object has rows or columns, where the layout says so.

    Raises UnresolvedError where it has none, or was given its sizes.
    """
    axis = setup.layout.get("size", "").partition(" ")[0]
    if not axis:
        return setup
    matrices = (array for array in reachable(instance).values() if np.ndim(to_numpy(array)) == 2)
    first = next(matrices, None)
    if first is None or setup.used & {"in", "hidden", "sizes", "shape"}:
        raise UnresolvedError("its sizes are those that it is given")
    size = np.shape(to_numpy(first))[0 if axis == "rows" else 1]
    return replace(setup, config=replace(setup.config, facts={**setup.config.facts, "in": size}), drawn={})
