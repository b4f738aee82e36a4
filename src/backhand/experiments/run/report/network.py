"""What a saved network is made of, so that words about it are about it: its kinks, and how its units may die."""

from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter, ValidationError

from backhand.layers import ELU, Layer, LeakyReLU, MaxPool2d, ReLU, Sigmoid, Tanh
from backhand.study.models import ModelTable

# What a step that is too large does to a unit, by its activation.
DEAD = {
    ReLU: "with ReLU, a step too large can leave units that no sample reaches, which have no gradient any more",
    LeakyReLU: (
        "with leaky ReLU, a step too large can leave units whose inputs are negative for every sample, where the "
        "gradient is only the small slope"
    ),
    ELU: (
        "with ELU, a step too large can leave units whose inputs are far below 0 for every sample, where hardly any "
        "gradient is left"
    ),
    Sigmoid: "a step too large can drive units to where sigmoid is flat, and hardly any gradient is left",
    Tanh: "a step too large can drive units to where tanh is flat, and hardly any gradient is left",
}


def layers(study: dict[str, Any]) -> tuple[Layer, ...]:
    """Every layer of a study's model, those in branches as well; none where this version makes no such model."""
    try:
        table = TypeAdapter[Any](ModelTable).validate_python(study.get("model"))
        return tuple(layer for _, layer in table.make(1).walk())
    except (ValidationError, ValueError):
        return ()


def kinks(study: dict[str, Any]) -> str:
    """Where the network and its loss have no derivative, in words: ReLU at 0 and ties in max-pooling."""
    words = list(dict.fromkeys(kink for layer in layers(study) for kink in _kinks(layer)))
    if "hinge" in str(study.get("train", {}).get("loss", "")):
        words.append("the hinge at its margin")
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _kinks(layer: Layer) -> Iterator[str]:
    if isinstance(layer, ReLU):
        yield "ReLU at 0"
    if isinstance(layer, LeakyReLU) and layer.slope != 1:
        yield "leaky ReLU at 0"
    if isinstance(layer, ELU) and layer.alpha != 1:
        yield "ELU at 0"
    if type(layer) is MaxPool2d:  # which average pooling derives from
        yield "ties in max-pooling"


def dying(study: dict[str, Any]) -> str:
    """How a step that is too large ends the learning of units, by the network's first activation; empty without one."""
    return next((DEAD[type(layer)] for layer in layers(study) if type(layer) in DEAD), "")
