"""The value of an argument fitted to what the code does with it: a word that it knows, a dictionary, a tuple."""

import inspect
from typing import Any

from backhand.check.reading.roles import roles
from backhand.check.reading.setup import NEUTRAL, NOTHING, PADDINGS, Settings, Setup, UnresolvedError
from backhand.check.reading.usage import Usage

MOST_LAYERS = 8  # for which a list of numbers suffices
WORDS = ("activation", "init", "mode", "padding")  # settings that may be words
PAIRS = ("window", "stride", "padding", "dilation")  # settings that hold for height and width alike


def fitted(value: Any, parameter: inspect.Parameter, usage: Usage, setup: Setup) -> Any:
    """The value itself, or another form of it that the code can use; NOTHING stays for an argument left out."""
    own = roles(parameter.name)
    if value is NOTHING:
        return _instead_of_none(own, parameter, usage, setup)
    if usage.keys and not isinstance(value, dict):
        return Settings(setup, usage.keys)
    if isinstance(value, Settings):
        value.words = usage.keys
        return value
    value = _word_or_number(value, parameter, usage, setup)
    if usage.words and value != "cpu" and (not own or set(WORDS) & set(own)):
        value = setup.word(value, usage.words)
    if usage.is_called and not callable(value) and not isinstance(value, str):
        return next((other for role in own for other in NEUTRAL.get(role, ()) if callable(other)), value)
    if type(value) is int and isinstance(parameter.default, list):
        return [value, value]
    if type(value) is float and usage.is_sized:
        return [value] * MOST_LAYERS
    if type(value) is int and (usage.is_sized or isinstance(parameter.default, tuple)):
        return _sizes(value, own, setup)
    return value


def _instead_of_none(own: tuple[str, ...], parameter: inspect.Parameter, usage: Usage, setup: Setup) -> Any:
    """For an argument that may be left out: the shape of the input, or a word in place of None, tried second."""
    if own[:1] == ("shape",) and isinstance(parameter.default, tuple) and len(parameter.default) > 1:
        return shape_of_sample(setup) or NOTHING
    if parameter.default is not None or setup.variant == 0:
        return NOTHING
    if own[:1] == ("shape",):
        return shape_of_sample(setup) or NOTHING
    return setup.word(NOTHING, usage.words) if usage.words and "activation" in own else NOTHING


def _word_or_number(value: Any, parameter: inspect.Parameter, usage: Usage, setup: Setup) -> Any:
    """A number in place of a padding's word that the code does not know, or a word for code that knows words only.

    Raises UnresolvedError where no word stands for the number.
    """
    known = [word.lower() for word in usage.words]
    if isinstance(value, str) and value in PADDINGS and usage.is_of_types and value not in known:
        return setup.config.get("padding")
    if not usage.is_compared or not isinstance(value, int | tuple) or not isinstance(parameter.default, str):
        return value
    words = [word for role in roles(parameter.name) for word in setup.values(role) if isinstance(word, str)]
    if not words:
        raise UnresolvedError(f"it takes words only, and none stands for {value}")
    return min(words, key=lambda word: word not in usage.words)


def _sizes(value: int, own: tuple[str, ...], setup: Setup) -> Any:
    """A size as the tuple that the code goes through."""
    if set(PAIRS) & set(own[:1]):
        return (value, value)
    if set(own[:2]) & {"in", "shape"}:
        return shape_of_sample(setup) or (value,)
    return (value,)


def shape_of_sample(setup: Setup) -> tuple[int, ...]:
    """The shape of one sample of the input; empty where there is none."""
    shape = setup.kind.shape("x", setup.config, setup.layout)
    if shape is None or len(shape) < 2:
        return ()
    return tuple(shape[:-1] if setup.layout.get("samples") == "columns" else shape[1:])
