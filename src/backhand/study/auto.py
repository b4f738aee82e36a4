"""Values that a study may leave to the data: "auto", until a run decides."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, PositiveFloat, PositiveInt, Tag

AUTO = "auto"
Auto = Literal["auto"]


def _form(value: Any) -> str:
    """Which of two forms a value has: a text can only be the word."""
    return "word" if isinstance(value, str) else "number"


def _word(number: str) -> BeforeValidator:
    """Refuses every other text, with words that say what may stand there."""

    def check(value: str) -> str:
        if value != AUTO:
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
