"""The table of kinds. To add one is to add its package here."""

from pathlib import Path

from backhand.experiments import comparison, ensemble, extension, questions, run, search, series
from backhand.experiments.kind import Kind

# The first whose mark is in a folder is its kind; kinds that share a command have it in the package of the last.
KINDS: tuple[Kind, ...] = (
    questions.KIND,
    comparison.KIND,
    extension.KIND,
    ensemble.KIND,
    series.KIND,
    search.KIND,
    run.KIND,
)


def kind_of(folder: Path) -> Kind | None:
    """What kind of experiment the folder holds, if any."""
    return next((kind for kind in KINDS if (folder / kind.mark).is_file()), None)
