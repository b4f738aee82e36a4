"""Words by which a unit computes something else: the modes of an argument such as `mode="max"` that code compares."""

import inspect
from collections.abc import Iterator, Mapping

from backhand.check.reading.roles import roles
from backhand.check.reading.setup import PADDINGS
from backhand.check.reading.units import Unit
from backhand.check.reading.usage import usages

MOST = 3  # other words that are tried for an argument
SETTINGS = {"activation", "init", "padding", "train", "test", "seed"}  # words that the readings themselves try, or none
OF_PHASES = {"train", "test", "eval", "training", "testing"}
OTHERS = {"max": "average", "mean": "sum", "sum": "mean"}  # what an `else` stands for


def other_modes(unit: Unit) -> Iterator[Mapping[str, str]]:
    """The arguments of a unit with a word as their default, each with the other words that the code knows."""
    used = usages(unit.forward)
    for parameter in inspect.signature(unit.forward).parameters.values():
        words = dict.fromkeys(used[parameter.name].words) if parameter.name in used else {}
        default = parameter.default
        known = {word.lower() for word in words}
        is_setting = set(roles(parameter.name)) & SETTINGS or known & (PADDINGS | OF_PHASES)
        if not isinstance(default, str) or not words or is_setting:
            continue
        others = [word for word in words if word != default]
        if not others and default in OTHERS:
            others = [OTHERS[default]]
        for word in others[:MOST]:
            yield {parameter.name: word}
