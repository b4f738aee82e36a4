"""Words on the layers of a network: its kinks, and how its units may die."""

from backhand.experiments.run.record import Run
from backhand.page.numbers import listed

# The effect on units of a step that is too large, by the class of their activation.
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
    "SiLU": (
        "a step that is too large can move the inputs of SiLU units far below 0 for every sample, where hardly any "
        "gradient is left"
    ),
    "GELU": (
        "a step that is too large can move the inputs of GELU units far below 0 for every sample, where hardly any "
        "gradient is left"
    ),
    "Sigmoid": "a step that is too large can drive units to where sigmoid is flat and hardly any gradient is left",
    "Tanh": "a step that is too large can drive units to where tanh is flat and hardly any gradient is left",
}


def kinks(run: Run) -> str:
    """The kinks of the network and its loss in words, such as "ReLU at 0 and ties in max-pooling".

    Empty where there are none, and for a run of an earlier version, which did not save them.
    """
    if run.metrics.model.kinks is None:
        return ""
    points = [*run.metrics.model.kinks, *["the hinge at its margin"] * ("hinge" in run.study.train.loss)]
    return listed(points)


def dying(activation: str) -> str:
    """How a step that is too large stops units with this activation from learning; empty for other activations."""
    return DEAD.get(activation, "")
