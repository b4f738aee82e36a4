"""Sums that are kept in registers while a loop adds to them."""

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from numba.core import cgutils

from backhand.kernels.simd.bfloat16 import dot
from backhand.kernels.simd.emitter import VECTOR, Emitter, Value, constant

# What a sum starts from (nothing: zero) and ends with; the total of these flags is a `mode`.
BIAS, ACCUMULATE, RELU = 1, 2, 4
ZERO = constant(0, VECTOR)
Key = TypeVar("Key")


class Sums(Generic[Key]):
    """A sum for each key, which is a vector. To LLVM they are local variables, which it keeps in registers."""

    def __init__(self, emitter: Emitter, initial: dict[Key, Value]) -> None:
        self.emitter = emitter
        self._variables = {key: cgutils.alloca_once_value(emitter.builder, value) for key, value in initial.items()}

    def __getitem__(self, key: Key) -> Value:
        return self.emitter.builder.load(self._variables[key])

    def __setitem__(self, key: Key, value: Value) -> None:
        self.emitter.builder.store(value, self._variables[key])

    def items(self) -> Iterator[tuple[Key, Value]]:
        """Every key with its sum as it is by now."""
        return ((key, self[key]) for key in self._variables)

    def fill(self, value: Callable[[Key], Value]) -> None:
        """Set every sum to the value of its key."""
        for key in self._variables:
            self[key] = value(key)

    def multiply_add(self, key: Key, a: Value, b: Value) -> None:
        """Add a b to a sum, in one instruction."""
        self[key] = self.emitter.fused_multiply_add(a, b, self[key])

    def add_products(self, key: Key, a: Value, b: Value) -> None:
        """Add to a sum the two products of the words in each lane; see `bfloat16.dot`."""
        self[key] = dot(self.emitter, a, b, self[key])

    def add_if(self, condition: Value, addend: Callable[[Key], Value]) -> None:
        """Where the condition holds, add to every sum the addend of its key."""
        with self.emitter.when(condition):
            self.fill(lambda key: self.emitter.add(self[key], addend(key)))

    def relu_if(self, condition: Value) -> None:
        """Where the condition holds, values below 0 become 0."""
        with self.emitter.when(condition):
            self.fill(lambda key: self.emitter.relu(self[key]))


def zeros(keys: Iterable[Key]) -> dict[Key, Value]:
    """The initial values of sums that begin at 0."""
    return dict.fromkeys(keys, ZERO)
