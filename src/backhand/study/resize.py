"""The `data.resize` table: the size that images are brought to, and how."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from backhand.data.formats.resize import Resize, ResizeMethod
from backhand.study.auto import AUTO, Auto, is_auto
from backhand.study.table import Table

MOST = 1024  # pixels a side: more is a slip


def _possible(value: Any) -> Any:
    sides = value if isinstance(value, list | tuple) and len(value) == 2 else [value]
    if not is_auto(value) and not all(type(side) is int and 1 <= side <= MOST for side in sides):
        raise ValueError(
            f'must be "{AUTO}", a side such as 64, or a height and a width such as [48, 64], '
            f"of 1 to {MOST} pixels, not {value!r}"
        )
    return value


def _spelt_out(value: Any) -> Any:
    return {"size": value} if isinstance(value, int | float | str | list | tuple) else value


Sides = Annotated[tuple[int, int], Field(strict=False)]
Size = Annotated[int | Sides | Auto, BeforeValidator(_possible)]


class ResizeTable(Table):
    """A side of a square, or height and width; "auto" looks at the pictures."""

    size: Size = AUTO
    how: ResizeMethod = "crop"

    def make(self) -> Resize:
        """As the loaders take it."""
        if isinstance(self.size, int):
            return Resize((self.size, self.size), self.how)
        return Resize(self.size if isinstance(self.size, tuple) else None, self.how)


ResizeEntry = Annotated[ResizeTable, BeforeValidator(_spelt_out)]  # `resize = 64` is short for a table
