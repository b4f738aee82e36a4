"""The `data.resize` table: the size to which images are scaled, and how."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from backhand.data.formats.resize import Resize, ResizeMethod
from backhand.study.auto import AUTO, Auto, is_auto
from backhand.study.table import Table

MOST = 1024  # pixels per side; a larger number is taken for a mistake


def _possible(value: Any) -> Any:
    sides = value if isinstance(value, list | tuple) and len(value) == 2 else [value]
    if not is_auto(value) and not all(type(side) is int and 1 <= side <= MOST for side in sides):
        raise ValueError(
            f'must be "{AUTO}", a side such as 64, or a height and a width such as [48, 64], '
            f"of 1 to {MOST} pixels, not {value!r}"
        )
    return value


def _as_table(value: Any) -> Any:
    return {"size": value} if isinstance(value, int | float | str | list | tuple) else value


Sides = Annotated[tuple[int, int], Field(strict=False)]
Size = Annotated[int | Sides | Auto, BeforeValidator(_possible)]


class ResizeTable(Table):
    """The side of a square, or a height and a width; "auto" chooses by the sizes of the pictures."""

    size: Size = AUTO
    how: ResizeMethod = "crop"

    def make(self) -> Resize:
        """The size and the method, as the loaders of data sets take them; "auto" is a size of None."""
        if isinstance(self.size, int):
            return Resize((self.size, self.size), self.how)
        return Resize(self.size if isinstance(self.size, tuple) else None, self.how)


ResizeEntry = Annotated[ResizeTable, BeforeValidator(_as_table)]  # `resize = 64` is short for a table
