"""Reading and writing what lies in an experiment's folder: in its form, or with a sentence that names the file."""

import math
import tomllib
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from backhand.errors import CheckpointError
from backhand.files import jsontext
from backhand.files.atomic import write_atomic

# A training that diverged may have saved a number that is not one, as NaN or as null.
Number = Annotated[float, BeforeValidator(lambda value: math.nan if value is None else value)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Form = TypeVar("Form", bound="Record")
REMEDY = "restore it or repeat the run"


class Record(BaseModel):
    """A frozen value; keys that this version does not know are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    def as_json(self) -> dict[str, Any]:
        """For a file: numbers that are not finite are null."""
        return jsontext.finite(self.model_dump(mode="json"))

    def as_text(self) -> str:
        """The text of a file of it."""
        return jsontext.dumps(self.as_json(), indent=2) + "\n"


def write_json(path: Path, value: Any) -> None:
    """Indented JSON, whole or not at all; a number that is not finite is null."""
    write_atomic(path, jsontext.dumps(value, indent=2) + "\n")


def write_record(path: Path, record: Record) -> None:
    """A record as JSON, whole or not at all."""
    write_atomic(path, record.as_text())


def read_record(form: type[Form], path: Path, remedy: str = REMEDY) -> Form:
    """A JSON file in its form. Raises CheckpointError, naming it, where it is missing, damaged or of another form."""
    return valid(form, parsed(read_text(path), path, remedy), path)


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file's tables. Raises CheckpointError, naming the file, where it is missing or damaged."""
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise CheckpointError(f"{path} is not valid TOML ({error}); {REMEDY}") from None


def read_mapping(path: Path) -> dict[str, Any]:
    """A JSON file of names and values. Raises CheckpointError, naming it, where it is none."""
    value = parsed(read_text(path), path)
    if not isinstance(value, dict):
        raise CheckpointError(f"{path} should hold names and values; {REMEDY}")
    return value


def read_text(path: Path) -> str:
    """A file's text. Raises CheckpointError, naming it, where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing; a report needs the whole folder of a run") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path} cannot be read ({error}); restore the file or repeat the run") from None


def parsed(text: str, where: Path | str, remedy: str = REMEDY) -> Any:
    """JSON. Raises CheckpointError, which names where it stands, for what is none."""
    try:
        return jsontext.loads(text)
    except ValueError as error:
        raise CheckpointError(f"{where} is damaged ({error}); {remedy}") from None


def valid(form: type[Form], value: Any, where: Path | str) -> Form:
    """The value in its form. Raises CheckpointError, which names where it stands and the key that is wrong."""
    try:
        return form.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        reason = first["msg"].removeprefix("Value error, ")
        at = f" at {key}" if key else ""
        raise CheckpointError(f"{where}{at}: {reason}; restore the file or repeat the run") from None
