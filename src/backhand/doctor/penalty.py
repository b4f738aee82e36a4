"""The penalty on the weights, which has no business with biases, scales and shifts."""

import re

from backhand.doctor.records import Collected, Measured
from backhand.doctor.subject import NotMeasuredError, Subject
from backhand.doctor.words import listed

SHIFTS = re.compile(r"b\d*|bias(es)?\d*|gammas?\d*|betas?\d*|scales?\d*|shifts?\d*|intercept\d*|b_?[a-z0-9]{1,2}", re.I)


def is_shift(name: str, dimensions: int) -> bool:
    """Whether a parameter of this name, such as `0.bias`, is a bias, or the scale or the shift of a normalisation."""
    last = re.split(r"[.\[\]'\"]+", name.strip(".[]'\""))[-1]
    if last.isdigit():  # as in `biases[0]`
        last = next((part for part in reversed(re.split(r"[.\[\]'\"]+", name)) if part and not part.isdigit()), last)
    return dimensions < 2 or bool(SHIFTS.fullmatch(last))


def examine(subject: Subject) -> Measured:
    """Find the parameters at which the penalty pulls."""
    network, found = subject.needs_network(), Collected()
    pulled = network.penalised()
    shapes = {name: value.ndim for name, value in network.parameters().items()}
    if not any(pulled.values()):
        raise NotMeasuredError("there is no penalty and no weight decay")
    wrong = [name for name, dimensions in shapes.items() if pulled.get(name) and is_shift(name, dimensions)]
    if wrong:
        found.wrong(
            "penalty on biases",
            f"the penalty acts on {listed(wrong)}",
            evidence="the penalty alone gives these parameters a gradient",
            why="Biases, scales and shifts do not make a network more complex, and one that is pulled to 0 cannot fit "
            "the level of its data",
            remedy="Leave biases and the parameters of normalisations out of the penalty",
        )
    weights = sum(pulled.values()) - len(wrong)
    return found.measured(f"it acts on {weights} weights and {len(wrong)} biases, scales or shifts")
