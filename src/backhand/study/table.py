"""The base of every table of a study: frozen, and closed to keys it does not know."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from backhand.errors import closest
from backhand.files.paths import as_path


class Table(BaseModel):
    """A table whose unknown keys are refused with the closest known one."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _only_known_keys(cls, data: Any) -> Any:
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
        raise ValueError("the name has bytes that are not UTF-8, which no study can hold; rename it") from None
    return path


# A file or folder that a study names: absolute, so that it means the same wherever the study is read from.
Location = Annotated[Path, Field(strict=False), AfterValidator(_absolute)]


def known(what: str, value: str, choices: Mapping[str, Any]) -> str:
    """The value, if it is one of the choices; else ValueError with the closest of them."""
    if value not in choices:
        raise ValueError(f'there is no {what} "{value}"{closest(value, choices)}')
    return value
