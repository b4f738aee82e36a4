"""A person's layer made ready to run in one configuration: arrays in, arrays out, whatever its form.

Every pass gets fresh copies of everything and the same seeds, so that no pass sees what an earlier one has changed, and
an in-place change shows in the copies that were handed over.
"""

import random
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backhand.arrays import Array

SEED = 20240607
OF_CALLS = ("x", "scores", "prev_h", "prev_c")  # the roles of the differentiable arrays that every call is given


@dataclass(frozen=True)
class Gradients:
    """What one backward pass gave.

    values: by the names of the arrays, float64, in the shape that the code gave them; None where there is none.
    changed: the arrays that it changed in place, by name ("dy" and "the cache" included).   reshaped: the parameters
    that it gave another shape, and left as they were otherwise.   homes: where each gradient was found, in the person's
    words, such as `self.dW`.   dx_position: which of several returned values is the gradient of the input; None where
    it was not returned.
    """

    values: dict[str, Array | None]
    changed: tuple[str, ...] = ()
    homes: Mapping[str, str] = field(default_factory=dict)
    dx_position: int | None = None
    reshaped: tuple[str, ...] = ()


class Passage(ABC):
    """A forward pass that has run, and from which backward passes may start.

    outputs: its results, float64.   changed: the arrays that it changed in place.   written: what it wrote elsewhere,
    such as running statistics.
    """

    outputs: tuple[Array, ...]
    changed: tuple[str, ...] = ()
    written: Mapping[str, Array]

    @property
    def takes_upstream(self) -> bool:
        """Whether backward is given an upstream gradient."""
        return True

    @property
    def takes_steps(self) -> bool:
        """Whether backward is meant to update the parameters, too."""
        return False

    @property
    def y(self) -> Array:
        """The results as one array: the result itself, or several one after the other."""
        return joined(self.outputs)

    @abstractmethod
    def backward(self, dy: Array) -> Gradients:
        """Run backward from dy, which has the shape of `y`."""


class Specimen(ABC):
    """A layer in one configuration.

    arrays: what is differentiated, by the person's names, float64; passes use their present contents.   roles: the role
    of each.   constants, constant_roles: other arrays that the passes must not change, such as labels.   used: the
    roles of the settings that the code was given; a pass may ask for more.
    """

    used: set[str]
    arrays: dict[str, Array]
    roles: dict[str, str]
    constants: dict[str, Any]
    constant_roles: dict[str, str]

    @abstractmethod
    def forward(self, seed: int = SEED) -> Passage:
        """Run a forward pass on copies of the arrays, with this seed for whatever it draws."""

    @property
    def parameter_names(self) -> list[str]:
        """The arrays that are learnt: all but what a call is given, earlier states included."""
        return [name for name, role in self.roles.items() if role not in OF_CALLS]

    @property
    def by_role(self) -> dict[str, Array]:
        """The arrays and the constants by their roles."""
        constants = {self.constant_roles[name]: np.asarray(value) for name, value in self.constants.items()}
        return {**constants, **{self.roles[name]: array for name, array in self.arrays.items()}}


def joined(arrays: tuple[Array, ...]) -> Array:
    """One array as it is; several as one flat array."""
    return arrays[0] if len(arrays) == 1 else np.concatenate([array.ravel() for array in arrays])


def separated(dy: Array, outputs: tuple[Array, ...]) -> list[Array]:
    """An upstream gradient in the shape of `joined(outputs)`, taken apart."""
    if len(outputs) == 1:
        return [np.array(dy).reshape(outputs[0].shape)]
    ends = np.cumsum([array.size for array in outputs])[:-1]
    return [part.reshape(array.shape).copy() for part, array in zip(np.split(np.ravel(dy), ends), outputs, strict=True)]


def seed_everything(seed: int) -> None:
    """Give all global generators this seed; PyTorch's only where the person's code uses it."""
    np.random.seed(seed % 2**32)  # noqa: NPY002 - of the generator that the person's code draws from
    random.seed(seed)
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "default_generator"):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed queues a call for every device, too
