"""The forms of the files in an experiment's folder, and how a file is read in its form and written in it.

Whoever reads a file gets an object of its form, or one sentence that names the file, what is wrong with it, and what
to do. `docs/formats.md` describes every file.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

import backhand
from backhand.errors import CheckpointError
from backhand.files import jsontext
from backhand.files.atomic import write_atomic

# A training that diverged may have saved a number that is not one, as NaN or as null.
Number = Annotated[float, BeforeValidator(lambda value: math.nan if value is None else value)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Form = TypeVar("Form", bound="Record")
REMEDY = "restore it or repeat the run"
KINDS = {list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number", type(None): "null"}


class NewerVersionError(CheckpointError):
    """A file whose form is of a later version than this program knows."""


class Record(BaseModel):
    """A frozen value in a file; keys that this version does not know are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    def as_json(self) -> dict[str, Any]:
        """The value as a file holds it, in which numbers that are not finite are null."""
        return jsontext.finite(self.model_dump(mode="json"))


class FileRecord(Record):
    """Everything that a file holds. version: of its form, raised where an older reader would misread a newer file."""

    version: int = Field(1, ge=1)

    def as_text(self) -> str:
        """The text of the file in this form."""
        return jsontext.dumps(self.as_json(), indent=2) + "\n"


def write_record(path: Path, record: FileRecord) -> None:
    """Write the file as JSON, whole or not at all."""
    write_atomic(path, record.as_text())


def read_record(form: type[Form], path: Path, remedy: str = REMEDY) -> Form:
    """A JSON file in its form. Raises CheckpointError, naming it, where it is missing, damaged or of another form."""
    return valid(form, parsed(read_text(path, remedy), path, remedy), path, remedy)


def read_text(path: Path, remedy: str = REMEDY) -> str:
    """A file's text. Raises CheckpointError, naming it, where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing; a report needs the whole folder of an experiment") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path} cannot be read ({error}); {remedy}") from None


def parsed(text: str, where: Path | str, remedy: str = REMEDY) -> Any:
    """The value of a JSON text. Raises CheckpointError, which names where it stands, for a text that is not JSON."""
    if not text.strip():
        raise CheckpointError(f"{where} is empty; {remedy}")
    try:
        return jsontext.loads(text)
    except ValueError as error:
        raise CheckpointError(f"{where} is damaged ({error}); {remedy}") from None


def valid(form: type[Form], value: Any, where: Path | str, remedy: str = REMEDY) -> Form:
    """The value in its form. Raises CheckpointError, which names where it stands and the key that is wrong.

    Raises NewerVersionError for a file of a later version than its form.
    """
    if not isinstance(value, dict):
        raise CheckpointError(f"{where} should hold names and values, not {KINDS[type(value)]}; {remedy}")
    _refuse_newer(form, value, where)
    try:
        return form.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        at = f" at {_dotted(first['loc'])}" if first["loc"] else ""
        raise CheckpointError(f"{where}{at}: {_reason(first['msg'])}; {remedy}") from None


def finite_numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """The finite numbers among some values, by name."""
    return {key: value for key, value in values.items() if isinstance(value, int | float) and math.isfinite(value)}


def _refuse_newer(form: type[Form], value: dict[str, Any], where: Path | str) -> None:
    if not issubclass(form, FileRecord):
        return
    version, known = value.get("version"), form.model_fields["version"].default
    if isinstance(version, int) and version > known:
        raise NewerVersionError(
            f"{where} is of version {version}, and Backhand {backhand.__version__} reads versions up to {known}; "
            f"update Backhand (pip install --upgrade backhand)"
        )


def _dotted(location: Sequence[int | str]) -> str:
    return ".".join(map(str, location))


def _reason(message: str) -> str:
    """What pydantic says is wrong, without the names of our classes."""
    return message.removeprefix("Value error, ").partition(" or instance of ")[0]
