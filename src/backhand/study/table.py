"""The base of every table of a study: frozen, and closed to keys it does not know."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from backhand.errors import closest


class Table(BaseModel):
    """A table whose unknown keys are refused with the closest known one."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _only_known_keys(cls, data: Any) -> Any:
        for key in data if isinstance(data, dict) else ():
            if key not in cls.model_fields:
                hint = closest(str(key), cls.model_fields)
                raise PydanticCustomError("unknown_key", '"{key}" is no key here{hint}', {"key": key, "hint": hint})
        return data


def known(what: str, value: str, choices: Mapping[str, Any]) -> str:
    """The value, if it is one of the choices; else ValueError with the closest of them."""
    if value not in choices:
        raise ValueError(f'there is no {what} "{value}"{closest(value, choices)}')
    return value
