"""The precision of a training's products: float32, or factors that are rounded to bfloat16.

In bfloat16, both factors of a product are rounded to 8 binary digits, and the products are added up in float32;
weights, activations, gradients and everything else stay float32. Only what runs with train=True is affected, and its
backward pass: a network predicts in float32.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from backhand.errors import BackhandError, closest

FLOAT32 = "float32"
BFLOAT16 = "bfloat16"
PRECISIONS = FLOAT32, BFLOAT16
_current = ContextVar("precision", default=FLOAT32)


def current() -> str:
    """The precision of products in training, of this thread."""
    return _current.get()


def check(precision: str) -> None:
    """Raise BackhandError for an unknown precision."""
    if precision not in PRECISIONS:
        raise BackhandError(f'there is no precision "{precision}"{closest(precision, PRECISIONS)}')


@contextmanager
def training_in(precision: str) -> Iterator[None]:
    """In this context, layers that run with train=True form their products in this precision.

    >>> import backhand as bh
    >>> with bh.training_in("bfloat16"):
    ...     scores = model.forward(x, train=True)

    Raises BackhandError for an unknown precision.
    """
    check(precision)
    token = _current.set(precision)
    try:
        yield
    finally:
        _current.reset(token)
