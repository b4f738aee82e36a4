"""Mistakes in what an estimator is given, as the exceptions and in the words that scikit-learn's users know."""

from collections.abc import Iterator
from contextlib import contextmanager

from backhand.errors import BackhandError, DivergenceError

# What messages call by its name in a study, as parameters of an estimator.
NAMES = {
    "train.optimizer.lr": "learning_rate_init",
    "train.batch_size": "batch_size",
    "train.clip_norm": "clip_norm",
    "data.standardize": "standardize",
    "data.augment": "augment",
    "_architecture: ": "",
    " from the study": "",
}


@contextmanager
def value_errors() -> Iterator[None]:
    """Raise what the block refuses as ValueError; DivergenceError stays. Messages name the estimator's parameters."""
    try:
        yield
    except BackhandError as error:
        kind = DivergenceError if isinstance(error, DivergenceError) else ValueError
        raise kind(_in_parameters(str(error))) from None


def _in_parameters(message: str) -> str:
    for key, parameter in NAMES.items():
        message = message.replace(key, parameter)
    return message
