"""The forms of the files that hold a series' results and its claims."""

from math import isfinite
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PrivateAttr, computed_field

from backhand.experiments.records import FileRecord, Record


def _finite(values: Any) -> Any:
    """The figures without those that are not finite, for which earlier versions have null or NaN."""
    if not isinstance(values, dict):
        return values
    lost = {key for key, value in values.items() if value is None or (isinstance(value, float) and not isfinite(value))}
    return {key: value for key, value in values.items() if key not in lost}


Figures = Annotated[dict[str, float], BeforeValidator(_finite)]


class Result(FileRecord):
    """A run that has ended: its cell, its figures, its epochs.

    labels: its case on each axis.   status: "finished" or "diverged", as `message` says.   data: the title of the data
    set, with the copy that it was.   failure: why a training that came to its end counts as one that failed.
    A figure that is not finite is left out, of the figures as of an epoch.
    """

    labels: dict[str, str] = Field(default_factory=dict)
    seed: int = 0
    status: str = "finished"
    message: str = ""
    figures: Figures = Field(default_factory=dict)
    history: tuple[Figures, ...] = ()
    settings: dict[str, Any] = Field(default_factory=dict)
    data: str = ""
    failure: str = ""
    _file: Path | None = PrivateAttr(None)

    @property
    def folder(self) -> Path:
        """The folder of a run that is kept whole, beside the file that this was read from."""
        assert self._file is not None
        return self._file.with_suffix("")


class Verdict(Record):
    """A claim with our figure. cell: the cases it is of; judged: whether the runs are those that the claim is about.

    met: None where the claim asks for nothing, is not judged, or has no figure yet.
    """

    part: str
    what: str
    metric: str
    cell: dict[str, str] = Field(default_factory=dict)
    reported: float | None = None
    ours: float | None = None
    least: float | None = None
    most: float | None = None
    judged: bool = True

    @computed_field  # type: ignore[prop-decorator]  # as pydantic says that it should be written
    @property
    def met(self) -> bool | None:
        """Whether our figure is within the bounds of the claim."""
        if not self.judged or self.ours is None or (self.least is None and self.most is None):
            return None
        return (self.least is None or self.ours >= self.least) and (self.most is None or self.ours <= self.most)


class Claims(FileRecord):
    """All of claims.json, which is written anew as the series goes on."""

    claims: tuple[Verdict, ...] = ()
