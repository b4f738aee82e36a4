"""A comparison's folder: begun once, and gone on with only by the same comparison."""

from pathlib import Path

from backhand.errors import BackhandError
from backhand.experiment import environment
from backhand.experiment.folder import write_json
from backhand.report.comparison.form import FILE, Comparison, read

GROWS = {"status", "results", "pairs"}


def begin(folder: Path, asked: Comparison) -> Comparison:
    """What the folder holds of this comparison, made where it is not there yet.

    Raises BackhandError for another comparison, or for a folder of something else.
    """
    if (folder / FILE).exists():
        return _same(folder, read(folder), asked)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        others = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError as error:
        raise BackhandError(f"cannot make the folder {folder}: {error.strerror}; choose another --out") from error
    if others:
        raise BackhandError(f"{folder} holds something else than a comparison ({others[0]}); choose another --out")
    save(folder, asked)
    write_json(folder / "environment.json", environment.describe(asked.seed))
    return asked


def save(folder: Path, found: Comparison) -> Comparison:
    """Write compare.json, whole or not at all."""
    write_json(folder / FILE, found.model_dump(mode="json"))
    return found


def _same(folder: Path, own: Comparison, asked: Comparison) -> Comparison:
    """The folder's own, if nothing but its results tells it from what is asked for."""
    for key in Comparison.model_fields.keys() - GROWS:
        if getattr(own, key) != getattr(asked, key):
            raise BackhandError(
                f"{folder} holds a comparison with other {key} than is asked for; "
                f"ask for the same to go on with it, or choose another --out"
            )
    return own
