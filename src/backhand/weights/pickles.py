"""Pickles read without Python's pickle: the opcodes that torch.save writes, interpreted on a stack of plain values.

A pickle is a program, and Python's own reader calls any function that it names. This reader knows numbers, text, lists,
tuples and dicts, and calls only the functions that its caller allows.
"""

import pickletools
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

ARGUMENTS = {"BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE"}  # opcodes whose argument is a value
FRESH: dict[str, Callable[[], Any]] = {
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
}
# Opcodes without an effect here: a persistent id stays on the stack as a tuple.
IDLE = {"PROTO", "BINPERSID", "STOP"}
# The errors that a damaged pickle may raise.
DAMAGE = (ValueError, TypeError, IndexError, OverflowError)


@dataclass(frozen=True)
class Name:
    """The name of a class or function in the pickle, such as `torch FloatStorage`, as mere text."""

    text: str


def read(data: bytes, calls: Mapping[str, Callable[..., Any] | None]) -> Any:
    """The value that the pickle describes.

    calls: the names that the pickle may contain, each with the function that it may call by that name, or None.
    Raises ValueError for any other name and for opcodes that torch.save does not write; one of `DAMAGE` for other data.
    """
    machine = _Machine(calls)
    with warnings.catch_warnings(action="ignore"):  # of unusual escapes in damaged text
        for opcode, argument, _ in pickletools.genops(data):
            machine.step(opcode.name, argument)
    (value,) = machine.stack
    return value


class _Machine:
    def __init__(self, calls: Mapping[str, Callable[..., Any] | None]) -> None:
        self.calls = calls
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []  # the stacks below each mark
        self.memo: dict[int, Any] = {}

    def step(self, opcode: str, argument: Any) -> None:
        if opcode in ARGUMENTS:
            self.stack.append(argument)
        elif opcode in FRESH:
            self.stack.append(FRESH[opcode]())
        elif opcode in _STEPS:
            _STEPS[opcode](self, argument)
        elif opcode not in IDLE:
            raise ValueError(f"the pickle has the opcode {opcode}, which files of weights do not need")

    def mark(self, _: Any) -> None:
        self.below.append(self.stack)
        self.stack = []

    def since_mark(self) -> list[Any]:
        items, self.stack = self.stack, self.below.pop()
        return items

    def take(self, count: int) -> list[Any]:
        return [self.stack.pop() for _ in range(count)][::-1]

    def pack(self, items: list[Any]) -> None:
        self.stack.append(tuple(items))

    def put(self, index: int) -> None:
        self.memo[index] = self.stack[-1]

    def get(self, index: int) -> None:
        if index not in self.memo:
            raise ValueError("the pickle reads a memo entry that it has not written")
        self.stack.append(self.memo[index])

    def extend(self, items: list[Any]) -> None:
        if not isinstance(self.stack[-1], list):
            raise ValueError("the pickle appends to a value that is not a list")
        self.stack[-1].extend(items)

    def update(self, items: list[Any]) -> None:
        if not isinstance(self.stack[-1], dict):
            raise ValueError("the pickle sets keys of a value that is not a dict")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, str | int | float | None):  # hashing deeply nested tuples may take for ever
                raise ValueError("the pickle has a dict with keys that are neither text nor numbers")
            self.stack[-1][key] = value

    def name(self, text: str) -> None:
        if text not in self.calls:
            raise ValueError(f"the pickle names {text.replace(' ', '.')}, which files of weights do not need")
        self.stack.append(Name(text))

    def call(self, _: Any) -> None:
        callee, arguments = self.take(2)
        function = self.calls[callee.text] if isinstance(callee, Name) else None
        if function is None or not isinstance(arguments, tuple):
            raise ValueError("the pickle calls a function that files of weights do not need")
        self.stack.append(function(*arguments))

    def build(self, _: Any) -> None:
        """Ignore the attributes of an object, such as a state dict's `_metadata`."""
        self.take(1)


_STEPS: dict[str, Callable[[_Machine, Any], None]] = {
    "MARK": _Machine.mark,
    "TUPLE": lambda machine, _: machine.pack(machine.since_mark()),
    "TUPLE1": lambda machine, _: machine.pack(machine.take(1)),
    "TUPLE2": lambda machine, _: machine.pack(machine.take(2)),
    "TUPLE3": lambda machine, _: machine.pack(machine.take(3)),
    "APPEND": lambda machine, _: machine.extend(machine.take(1)),
    "APPENDS": lambda machine, _: machine.extend(machine.since_mark()),
    "SETITEM": lambda machine, _: machine.update(machine.take(2)),
    "SETITEMS": lambda machine, _: machine.update(machine.since_mark()),
    "BINPUT": _Machine.put,
    "LONG_BINPUT": _Machine.put,
    "BINGET": _Machine.get,
    "LONG_BINGET": _Machine.get,
    "GLOBAL": _Machine.name,
    "REDUCE": _Machine.call,
    "BUILD": _Machine.build,
}
