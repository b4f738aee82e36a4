"""A comparison's folder: begun once, and gone on with only by the same comparison."""

from pathlib import Path

from backhand.errors import BackhandError
from backhand.experiment import environment
from backhand.experiment.folder import write_json
from backhand.report.comparison.form import FILE, Comparison, read

ENVIRONMENT = "environment.json"
RESULTS = {"status", "results", "pairs"}


def begin(folder: Path, asked: Comparison) -> None:
    """Make the folder, unless it holds this comparison already.

    Raises BackhandError for another comparison, or for a folder of something else.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    except OSError as error:
        raise BackhandError(f"cannot make the folder {folder}: {error.strerror}; choose another --out") from error
    if FILE in files:
        _refuse_another(folder, read(folder), asked)
    elif files:
        raise BackhandError(f"{folder} holds something else than a comparison ({min(files)}); choose another --out")
    else:
        save(folder, asked)
    if ENVIRONMENT not in files:
        write_json(folder / ENVIRONMENT, environment.describe(asked.seed))


def save(folder: Path, found: Comparison) -> Comparison:
    """Write compare.json, whole or not at all."""
    write_json(folder / FILE, found.model_dump(mode="json"))
    return found


def _refuse_another(folder: Path, own: Comparison, asked: Comparison) -> None:
    """Nothing but its results may tell the folder's own from what is asked for."""
    for key in Comparison.model_fields:
        if key not in RESULTS and getattr(own, key) != getattr(asked, key):
            raise BackhandError(
                f"{folder} holds a comparison with other {key} than is asked for; "
                f"ask for the same to go on with it, or choose another --out"
            )
