"""Values that a study may leave open, mostly to the data: they are "auto" until a run decides them."""

from typing import Annotated, Any, Literal, TypeGuard

from pydantic import BeforeValidator, Discriminator, PositiveFloat, PositiveInt, Tag

Auto = Literal["auto"]
AUTO: Auto = "auto"
# The keys that a study may leave open until a run decides them.
OPEN = ("data.resize.size", "train.epochs", "train.optimizer.lr", "train.precision")


def is_auto(value: object) -> TypeGuard[Auto]:
    """Whether a study leaves this value to the data."""
    return isinstance(value, str) and value == AUTO


def _form(value: Any) -> str:
    """The form of a value: text can only be the word "auto"."""
    return "word" if isinstance(value, str) else "number"


def _word(number: str) -> BeforeValidator:
    """A validator that refuses any other text; `number` names the alternative in its message."""

    def check(value: str) -> str:
        if not is_auto(value):
            raise ValueError(f'must be {number} or "{AUTO}", not {value!r}')
        return value

    return BeforeValidator(check)


_Number = Tag("number")
Rate = Annotated[
    Annotated[PositiveFloat, _Number] | Annotated[Auto, _word("a number"), Tag("word")], Discriminator(_form)
]
Count = Annotated[
    Annotated[PositiveInt, _Number] | Annotated[Auto, _word("a whole number"), Tag("word")], Discriminator(_form)
]
