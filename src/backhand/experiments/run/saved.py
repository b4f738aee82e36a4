"""A saved run, read from its folder and checked, so that what follows meets no surprise."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from backhand.errors import CheckpointError
from backhand.experiments.run.forms import Epoch, Metrics
from backhand.experiments.run.report.evidence import Arrays, arrays
from backhand.files import jsontext
from backhand.files.atomic import folders_with
from backhand.page.heading import subtitle
from backhand.training.range_test import FILE, RangeTest

FILES = ("study.toml", "environment.json", "metrics.json")
Form = TypeVar("Form", bound=BaseModel)


@dataclass(frozen=True)
class Run:
    """All that a report is made from."""

    folder: Path
    study: dict[str, Any]
    environment: dict[str, Any]
    history: tuple[Epoch, ...]
    metrics: Metrics
    evidence: Arrays
    rates: RangeTest | None = None  # where the learning rate came from, if a range test found it

    @property
    def title(self) -> str:
        """The study's own title, or its name, or the folder's."""
        return str(self.study.get("title") or self.study.get("name") or self.folder.name)

    @property
    def subtitle(self) -> str:
        """What was learnt, when, and with which version."""
        data = self.metrics.data
        return subtitle(data.title or data.name, self.environment, self.study.get("changes", {}))

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of their labels."""
        return self.metrics.data.classes

    @property
    def chosen(self) -> Epoch | None:
        """The line of the history whose weights were kept and tested; None before the run is finished."""
        if self.metrics.status != "finished":
            return None
        return next((e for e in self.history if e.epoch == self.metrics.training.chosen_epoch), None)

    def series(self, key: str) -> NDArray[np.float64]:
        """One column of the history, NaN where there is no finite value."""
        values = np.array([getattr(epoch, key) for epoch in self.history], dtype=np.float64)
        return np.where(np.isfinite(values), values, np.nan)


def read(folder: Path) -> Run:
    """Read a run folder. Raises CheckpointError, naming the file, for a piece that is missing or damaged."""
    if not folder.is_dir():
        raise CheckpointError(f"{folder} is not a folder; give the folder of a saved run")
    if not any((folder / name).exists() for name in FILES):
        raise CheckpointError(f"{folder} is not the folder of an experiment{_inside(folder)}")
    metrics = valid_json(Metrics, folder / "metrics.json")
    return Run(
        folder=folder,
        study=read_toml(folder / "study.toml"),
        environment=read_mapping(folder / "environment.json"),
        history=_history(folder / "history.jsonl", metrics),
        metrics=metrics,
        evidence=_evidence(folder / "evidence.safetensors", metrics),
        rates=read_rates(folder / FILE),
    )


def _inside(folder: Path) -> str:
    """The runs below a folder that is none itself."""
    runs = folders_with("metrics.json", folder)
    return f"; name those in it, such as {runs[0]}" if runs else ": it has no study.toml"


def read_rates(path: Path) -> RangeTest | None:
    """A range test, or None where none was made. Raises CheckpointError, naming the file, where it is damaged."""
    if not path.exists():
        return None
    try:
        return RangeTest(**{key: np.array(values, np.float64) for key, values in read_mapping(path).items()})
    except (TypeError, ValueError):
        raise CheckpointError(f"{path} holds no range test; restore it or repeat the run") from None


def valid_json(form: type[Form], path: Path) -> Form:
    """A JSON file in its form. Raises CheckpointError, naming it, where it is missing, damaged or of another form."""
    return _valid(form, _json(_text(path), path.name, path.parent), path)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing; a report needs the whole folder of a run") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path} cannot be read ({error}); restore the file or repeat the run") from None


def _json(text: str, where: str, folder: Path) -> Any:
    try:
        return jsontext.loads(text)
    except ValueError as error:
        raise CheckpointError(f"{folder / where} is damaged ({error}); restore it or repeat the run") from None


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file's tables. Raises CheckpointError, naming the file, where it is missing or damaged."""
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise CheckpointError(f"{path} is not valid TOML ({error}); restore it or repeat the run") from None


def read_mapping(path: Path) -> dict[str, Any]:
    """A JSON file of names and values. Raises CheckpointError, naming it, where it is none."""
    value = _json(_text(path), path.name, path.parent)
    if not isinstance(value, dict):
        raise CheckpointError(f"{path} should hold names and values; restore it or repeat the run")
    return value


def _valid(form: type[Form], value: Any, where: Path | str) -> Form:
    try:
        return form.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        reason = first["msg"].removeprefix("Value error, ")
        at = f" at {key}" if key else ""
        raise CheckpointError(f"{where}{at}: {reason}; restore the file or repeat the run") from None


def _history(path: Path, metrics: Metrics) -> tuple[Epoch, ...]:
    if not path.exists() and metrics.status != "finished":
        return ()  # stopped before its first epoch ended
    lines = _lines(_text(path), finished=metrics.status == "finished")
    return tuple(
        _valid(Epoch, _json(line, f"{path.name} line {number}", path.parent), f"{path} line {number}")
        for number, line in enumerate(lines, start=1)
        if line.strip()
    )


def _lines(text: str, *, finished: bool) -> list[str]:
    """Without a last line that a killed process, or one that is just writing it, has not brought to its end."""
    whole, _, rest = text.rpartition("\n")
    try:
        jsontext.loads(rest or "null")
    except ValueError:
        return text.splitlines() if finished else whole.splitlines()
    return text.splitlines()


def _evidence(path: Path, metrics: Metrics) -> Arrays:
    if not path.exists() and metrics.status != "finished":
        return {}  # pictures and probabilities are saved when a run ends
    try:
        return arrays(path.read_bytes(), len(metrics.data.classes))
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing; a report needs the whole folder of a run") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged ({error}); restore it or repeat the run") from None
