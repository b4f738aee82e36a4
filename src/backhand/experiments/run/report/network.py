"""What a network is made of, so that words about it are about it: its kinks, and how its units may die."""

from backhand.experiments.run.record import Run
from backhand.page.numbers import listed

# What a step that is too large does to a unit, by its activation.
DEAD = {
    "ReLU": (
        "a step that is too large can make the inputs of ReLU units negative for every sample, which stops their "
        "gradient for good"
    ),
    "LeakyReLU": (
        "a step that is too large can make the inputs of leaky ReLU units negative for every sample, where the "
        "gradient has only the small slope"
    ),
    "ELU": (
        "a step that is too large can move the inputs of ELU units far below 0 for every sample, where hardly any "
        "gradient is left"
    ),
    "Sigmoid": "a step that is too large can drive units to where sigmoid is flat and hardly any gradient is left",
    "Tanh": "a step that is too large can drive units to where tanh is flat and hardly any gradient is left",
}


def kinks(run: Run) -> str:
    """Where the network and its loss have no derivative, in words: ReLU at 0 and ties in max-pooling.

    Empty where there is no such point, and for a run of an earlier version, which did not keep it.
    """
    if run.metrics.model.kinks is None:
        return ""
    words = [*run.metrics.model.kinks, *["the hinge at its margin"] * ("hinge" in run.study.train.loss)]
    return listed(words)


def dying(activation: str) -> str:
    """How a step that is too large ends the learning of units with this activation; empty where it is not known."""
    return DEAD.get(activation, "")
