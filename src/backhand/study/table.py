"""The base of every table of a study: its values cannot be changed, and unknown keys are refused."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NewType

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from backhand.errors import closest
from backhand.files.paths import as_path
from backhand.weights import published


class Table(BaseModel):
    """A table of a study; an unknown key is refused with a suggestion."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_keys(cls, data: Any) -> Any:
        for key in data if isinstance(data, dict) else ():
            if key not in cls.model_fields:
                context = {"key": key, "siblings": list(cls.model_fields), "hint": closest(str(key), cls.model_fields)}
                raise PydanticCustomError("unknown_key", 'unknown key "{key}"{hint}', context)
        return data


def _absolute(path: Path) -> Path:
    path = as_path(path).resolve()
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise ValueError("the path has bytes that are not UTF-8, which a study cannot hold; rename the file") from None
    return path


def _absolute_or_name(path: Path) -> Path:
    if not published.is_name(path):
        return _absolute(path)
    published.check_name(str(path))
    return path


# A file or folder that a study names; absolute, so that it does not depend on the current folder.
Place = Annotated[Path, Field(strict=False), AfterValidator(_absolute)]
# The same, or the name of published weights.
WeightsPlace = Annotated[Path, Field(strict=False), AfterValidator(_absolute_or_name)]
# The address of a server or a database, which may hold a password.
Address = NewType("Address", str)


def check_choice(what: str, value: str, choices: Mapping[str, Any]) -> str:
    """The value, if it is one of the choices; else raise ValueError with the closest of them. what: such as "layer"."""
    if value not in choices:
        raise ValueError(f'unknown {what} "{value}"{closest(value, choices)}')
    return value
