"""The status of a run, which decides whether its weights are of use: the first keys of its metrics.json.

The rest of that file is in `experiments/run/metrics.py`, whose form extends this one.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from backhand.files import jsontext
from backhand.files.names import METRICS


class RunStatus(BaseModel):
    """How far a run has come.   message: why its training diverged, or an empty text."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    status: Literal["finished", "running", "diverged"]
    message: str = ""


def read_status(folder: Path) -> RunStatus | None:
    """The status of the run in a folder; None where it holds no run, or its metrics.json cannot be read."""
    try:
        return RunStatus.model_validate(jsontext.loads((folder / METRICS).read_text("utf-8")))
    except (OSError, ValueError):  # a ValidationError is a ValueError
        return None


def has_status(folder: Path, *statuses: str) -> bool:
    """Whether the folder holds a run with one of these statuses."""
    run = read_status(folder)
    return run is not None and run.status in statuses
