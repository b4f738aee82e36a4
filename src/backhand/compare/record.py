"""A comparison's folder: begun once, and gone on with only by the same comparison."""

from pathlib import Path

from backhand.errors import BackhandError
from backhand.experiment import environment
from backhand.experiment.folder import write_json
from backhand.report.comparison.form import FILE, Comparison, read

RESULTS = {"status", "results", "pairs"}


def begin(folder: Path, asked: Comparison, data_dir: Path | None) -> None:
    """Put the comparison into the folder, unless it is there already. Raises BackhandError where another is there."""
    if (folder / FILE).exists():
        _refuse_another(folder, read(folder), asked)
        environment.note(folder, asked.seed, data_dir)
    else:
        environment.note(folder, asked.seed, data_dir, anew=True)
        save(folder, asked)


def save(folder: Path, found: Comparison) -> Comparison:
    """Write compare.json, whole or not at all."""
    write_json(folder / FILE, found.model_dump(mode="json"))
    return found


def _refuse_another(folder: Path, own: Comparison, asked: Comparison) -> None:
    """Nothing but its results may tell the folder's own from what is asked for.

    The notes on the data follow from the data, and an earlier version kept none.
    """
    own = own.model_copy(update={"data": own.data.model_copy(update={"notes": asked.data.notes})})
    for key in Comparison.model_fields:
        if key not in RESULTS and getattr(own, key) != getattr(asked, key):
            raise BackhandError(
                f"{folder} holds a comparison with other {key} than is asked for; "
                f"ask for the same to go on with it, or choose another --out"
            )
