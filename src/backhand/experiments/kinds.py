"""The table of kinds. To add one is to add its package here."""

from pathlib import Path

from backhand.experiments import comparison, ensemble, extension, questions, run, search, series
from backhand.experiments.folders import OccupiedError
from backhand.experiments.kind import Kind
from backhand.plugins import Group

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
COMMANDS = frozenset(kind.command for kind in KINDS)


def _is_kind(name: str, value: object) -> bool:
    return isinstance(value, Kind) and value.command == name and (value.result or value.mark).endswith(".json")


# Of plugins, by their commands. They are asked before the others, since their folders may hold the marks of those, too.
ADDED: Group[Kind] = Group(
    "backhand.kinds",
    "kind of experiment",
    "a backhand.experiments.kind.Kind whose command is the name of the entry point and whose result, or else whose "
    "mark, is a JSON file",
    _is_kind,
    COMMANDS,
)


def kind_of(folder: Path) -> Kind | None:
    """What kind of experiment the folder holds, if any."""
    kinds = (*ADDED.usable().values(), *KINDS)
    return next((kind for kind in kinds if (folder / kind.mark).is_file()), None)


def refuse_own_files(path: Path) -> None:
    """Raise OccupiedError where a path that a person names for output is the folder or a file of an experiment."""
    folder = path.resolve()
    if (kind := kind_of(folder)) is not None:
        raise OccupiedError(f"{path} is the folder of {kind.name}; choose another one")
    if (kind := kind_of(folder.parent)) is not None and folder.name in kind.files:
        raise OccupiedError(f"{path} is one of the files of {kind.name}; choose another name")
