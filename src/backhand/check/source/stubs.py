"""What stands in for a module that is not installed, or that a check has no use for, such as plots."""

from collections.abc import Iterator
from types import FunctionType
from typing import Any, NoReturn

BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lshift", "rshift")
COMPARISONS = ("lt", "le", "gt", "ge")
UNARY = ("neg", "pos", "abs", "invert")


class MissingModuleError(ImportError):
    """Code that is being checked uses a module that is not installed."""


class Leniency:
    """Whether stand-ins of missing modules let themselves be used, as they do while files are loaded."""

    def __init__(self) -> None:
        self.granted = True


class Stub:
    """A module, or anything in it: it has every attribute and can be called, inherited from, iterated and so on.

    Used as a decorator it returns the function unchanged; iterated it is empty; as a condition it is false. Where
    `leniency` is given and not granted, all use but naming attributes raises MissingModuleError instead, so that no
    gradient is computed with a stand-in.
    """

    __all__ = ()  # what `from module import *` brings
    __array_ufunc__ = None  # so that an array leaves arithmetic with a stub to the stub
    __version__ = "0.0.0"
    __name__ = "stub"

    def __init__(self, stub_name: str, stub_leniency: Leniency | None = None) -> None:
        self._stub_name = stub_name
        self._stub_leniency = stub_leniency

    def _stub_used(self) -> None:
        if self._stub_leniency is not None and not self._stub_leniency.granted:
            module = self._stub_name.partition(".")[0]
            raise MissingModuleError(
                f"it needs {self._stub_name} of the module {module}, which is not here", name=module
            )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)  # NumPy and others ask objects what they are by such names
        attribute = Stub(f"{self._stub_name}.{name}", self._stub_leniency)
        self.__dict__[name] = attribute
        return attribute

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Give back a single function or class, as a decorator would, and else the stub itself."""
        self._stub_used()
        if len(arguments) == 1 and not keywords and isinstance(arguments[0], FunctionType | type):
            return arguments[0]
        return self

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        base = self.__dict__.get("_stub_base")
        if base is None:
            base = type(self._stub_name.rpartition(".")[2], (MissingBase,), {"_stub_name": self._stub_name})
            self._stub_base = base
        return (base,)

    def __instancecheck__(self, instance: object) -> bool:
        return False

    def __subclasscheck__(self, subclass: type) -> bool:
        return False

    def __getitem__(self, index: object) -> "Stub":
        self._stub_used()
        return self

    def __setitem__(self, index: object, value: object) -> None:
        self._stub_used()

    def __iter__(self) -> Iterator[Any]:
        self._stub_used()
        return iter(())

    def __contains__(self, item: object) -> bool:
        return False

    def __len__(self) -> int:
        self._stub_used()
        return 0

    def __bool__(self) -> bool:
        return False

    def __enter__(self) -> "Stub":
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def __repr__(self) -> str:
        return f"<stand-in for {self._stub_name}>"


class MissingBase:
    """The base class of a class that inherits from a missing module's."""

    _stub_name = ""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        """Take whatever the missing class takes."""

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Take whatever the missing class takes."""

    def __getattr__(self, name: str) -> NoReturn:
        where = f"; {self._stub_name}, from which it inherits, is not here"
        raise AttributeError(f"{type(self).__name__} has no attribute {name}{where}", name=name, obj=self)


class Progress:
    """What stands in for tqdm: it passes its iterable through, and every method does nothing."""

    def __init__(self, iterable: Any = (), *arguments: Any, **keywords: Any) -> None:
        self.iterable = iterable

    def __iter__(self) -> Iterator[Any]:
        return iter(self.iterable)

    def __len__(self) -> int:
        return len(self.iterable)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _nothing


def progress_stub(name: str) -> Stub:
    """The stand-in for the module tqdm or one of its submodules."""
    stub: Any = Stub(name)
    for each in ("tqdm", "tqdm_notebook"):
        setattr(stub, each, Progress)
    stub.trange = _progress_range
    for submodule in ("auto", "notebook", "autonotebook", "std"):
        inner = Stub(f"{name}.{submodule}")
        inner.__dict__.update({key: stub.__dict__[key] for key in ("tqdm", "trange")})
        setattr(stub, submodule, inner)
    return stub


def _nothing(*_arguments: Any, **_keywords: Any) -> None:
    """Take any arguments and do nothing."""


def _progress_range(*bounds: int, **_keywords: Any) -> Progress:
    return Progress(range(*bounds))


def _operate(self: Stub, *_others: object) -> Stub:
    """Every arithmetic operation, whose result is the stub again."""
    self._stub_used()
    return self


def _compare(self: Stub, _other: object) -> bool:
    """Every comparison by size, which is false."""
    self._stub_used()
    return False


for _name in (*BINARY, *(f"r{each}" for each in BINARY), *UNARY):
    setattr(Stub, f"__{_name}__", _operate)
for _name in COMPARISONS:
    setattr(Stub, f"__{_name}__", _compare)
