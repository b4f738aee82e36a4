"""A saved series, read from its folder: what there is of it so far."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from backhand.errors import CheckpointError
from backhand.files import jsontext
from backhand.study import Series, load_series
from backhand.study.series import Part

SERIES = "series.toml"
NUMERIC = (*"0123456789[",)  # what a case begins with that says little by itself


@dataclass(frozen=True)
class Cell:
    """The runs of one combination of cases, one a seed. place: the folder of one that is kept whole."""

    labels: dict[str, str]
    runs: tuple[dict[str, Any], ...]

    @property
    def name(self) -> str:
        """Its cases in words."""
        return ", ".join(self.labels.values()) or "the run"

    @property
    def told(self) -> str:
        """The same in a sentence, where a number needs the name of its axis: learning rate 0.1."""
        named = (f"{axis} {case}" if case[:1] in NUMERIC else case for axis, case in self.labels.items())
        return ", ".join(named) or "the run"

    @property
    def diverged(self) -> int:
        """How many of its runs did."""
        return sum(run["status"] != "finished" for run in self.runs)

    @property
    def failures(self) -> list[str]:
        """Why trainings of its runs failed that came to their end."""
        return [run["failure"] for run in self.runs if run.get("failure")]

    def values(self, key: str) -> list[float]:
        """A figure of each run that has it."""
        return [run["figures"][key] for run in self.runs if key in run["figures"]]

    def mean(self, key: str) -> float | None:
        """Over the seeds; None where a run has no such figure."""
        found = self.values(key)
        return mean(found) if found and len(found) == len(self.runs) else None


@dataclass(frozen=True)
class Saved:
    """A series, the cells of each part, and the claims."""

    folder: Path
    series: Series
    cells: dict[str, tuple[Cell, ...]]
    claims: tuple[dict[str, Any], ...]
    environment: dict[str, Any]

    @property
    def runs(self) -> tuple[dict[str, Any], ...]:
        """Of all parts, in order."""
        return tuple(run for cells in self.cells.values() for cell in cells for run in cell.runs)

    @property
    def data(self) -> str:
        """The titles of the data sets, which say what copies they were."""
        return ", ".join(dict.fromkeys(run["data"] for run in self.runs if run.get("data")))

    def parts(self) -> Iterator[tuple[Part, tuple[Cell, ...]]]:
        """Those that have begun."""
        return ((part, self.cells[part.name]) for part in self.series.parts if self.cells[part.name])


def read(folder: Path) -> Saved:
    """Read the folder of a series. Raises CheckpointError, naming the file, for a piece that is missing or damaged."""
    if not (folder / SERIES).is_file():
        raise CheckpointError(f"{folder} is not the folder of a series: it has no {SERIES}")
    series = load_series(str(folder / SERIES))
    cells = {part.name: tuple(_cells(folder / part.name)) for part in series.parts}
    claims = _json(folder / "claims.json") if (folder / "claims.json").exists() else []
    return Saved(folder, series, cells, tuple(claims), _json(folder / "environment.json"))


def _cells(folder: Path) -> Iterator[Cell]:
    runs: dict[tuple[tuple[str, str], ...], list[dict[str, Any]]] = {}
    for path in sorted(folder.glob("*-seed-*.json")):
        run = _json(path)
        run |= {"figures": jsontext.known(run["figures"]), "history": list(map(jsontext.known, run["history"]))}
        run["place"] = path.with_suffix("")
        runs.setdefault(tuple(run["labels"].items()), []).append(run)
    return (Cell(dict(labels), tuple(found)) for labels, found in runs.items())


def _json(path: Path) -> Any:
    try:
        return jsontext.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing; a report needs the whole folder of a series") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged ({error}); restore it, or remove it and resume the series") from None
