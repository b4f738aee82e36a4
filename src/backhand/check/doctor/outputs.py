"""What a person's network puts out, and what its forward pass leaves in the instance."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from backhand.arrays import Array
from backhand.check.doctor.data import arranged, takes_one
from backhand.check.kinds.kind import Config, Layout
from backhand.check.reading.dialect import to_numpy
from backhand.check.reading.reachable import Path, reachable, spelled
from backhand.check.reading.results import as_float, items
from backhand.check.reading.setup import Setup
from backhand.check.reading.units import method
from backhand.check.source.guarded import outcome
from backhand.doctor.subject import NotMeasuredError

if TYPE_CHECKING:
    from backhand.check.doctor.network import FileNetwork

FEW_ZEROS = 0.02  # the share of exact zeros that the output of a ReLU has at least


def output_of(network: "FileNetwork", x: Array, methods: Sequence[str]) -> Array:
    """The output (N, outputs) for samples x (N, inputs), by the first of the methods that gives one number per class.

    Raises NotMeasuredError where none does.
    """
    instance, classes, layout = network.instance, network.classes, network.reading.layout
    names = [name for spelled_name in methods if (name := method(type(instance), (spelled_name,)))]
    for name in dict.fromkeys(names):
        ran = outcome(partial(getattr(instance, name), network.specimen.make(arranged(x, layout))))
        for value in items(ran.value) if ran.error is None else []:
            scores = as_float(value)
            if scores is not None and scores.size in (len(x) * classes, len(x) if takes_one(layout) else -1):
                return _in_rows(scores, len(x), layout)
    raise NotMeasuredError("no method of the network gives a score for each class")


def _in_rows(scores: Array, N: int, layout: Layout) -> Array:
    columns = layout["samples"] == "columns" and scores.ndim == 2 and scores.shape[1] == N
    return np.array((scores.T if columns else scores).reshape(N, -1))


def mode_setup(setup: Setup, train: bool) -> Setup:
    """The setup for train or for test mode."""
    config = Config(setup.config.name, {**setup.config.facts, "train": train})
    return replace(setup, config=config, drawn={}, used=set(), guesses=[])


def rectified(network: "FileNetwork", x: Array) -> dict[str, Array]:
    """Arrays (N, units) that a forward pass leaves in the instance and that look like the output of a ReLU.

    They are found in a network of random parameters, since in this one all units may be dead.
    """
    network.scores(x)
    kept = reachable(network.instance)
    found = {}
    for path in _rectified_paths(network.of_random_parameters(), x):
        values = to_numpy(kept[path]) if path in kept else np.zeros(0)
        if values.ndim == 2 and len(x) in values.shape:
            found[spelled(path).removeprefix("self.")] = values if values.shape[0] == len(x) else values.T
    return found


def _rectified_paths(network: "FileNetwork", x: Array) -> list[Path]:
    """The paths of arrays (N, units) whose least value is 0 and that often are 0, but for masks."""
    network.scores(x)
    parameters = {path for parameter in network.specimen.parameters for path in parameter.paths}
    found = []
    for path, array in reachable(network.instance).items():
        values = to_numpy(array)
        if path in parameters or values.ndim != 2 or len(x) not in values.shape or values.min() != 0:
            continue
        if len(np.unique(values)) > 2 and (values == 0).mean() > FEW_ZEROS:
            found.append(path)
    return found
