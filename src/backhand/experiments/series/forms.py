"""The forms of the files that hold a series' results and its claims."""

from math import isfinite
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PrivateAttr, computed_field

from backhand.experiments.records import FileRecord, Record


def _finite(values: Any) -> Any:
    """Leave out figures that are not finite. Files of earlier versions hold null or NaN for them."""
    if not isinstance(values, dict):
        return values
    return {
        key: value
        for key, value in values.items()
        if value is not None and not (isinstance(value, float) and not isfinite(value))
    }


Figures = Annotated[dict[str, float], BeforeValidator(_finite)]


class Result(FileRecord):
    """The result of a run that has ended: its cell, its figures and its epochs.

    labels: its case on each axis.   status: "finished", or "diverged", which `message` explains.   data: the title of
    the data set and its copy.   failure: why a training that reached its last epoch counts as failed.
    Figures that are not finite are left out, of the run as of each epoch.
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
        """The folder of a run that is kept whole, beside the file from which this result was read."""
        assert self._file is not None
        return self._file.with_suffix("")


class Verdict(Record):
    """A claim with our figure.

    cell: the cases of the runs whose figure it is.   judged: whether the runs are those that the claim is about: False
    after changes on the command line.   met: None where the claim has no target, no figure yet, or is not judged.
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

    @computed_field  # type: ignore[prop-decorator]  # pydantic documents this order of decorators
    @property
    def met(self) -> bool | None:
        """Whether our figure is within the bounds of the claim."""
        if not self.judged or self.ours is None or (self.least is None and self.most is None):
            return None
        return (self.least is None or self.ours >= self.least) and (self.most is None or self.ours <= self.most)


class Claims(FileRecord):
    """Everything that claims.json holds, which is written anew after every part."""

    claims: tuple[Verdict, ...] = ()
