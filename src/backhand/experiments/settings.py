"""The study in an experiment's folder, and whether the study that is to go on is the same."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from typing import Any

from backhand.errors import CheckpointError, StudyError
from backhand.experiments import environment
from backhand.experiments.records import REMEDY
from backhand.files.names import SERIES, STUDY
from backhand.study import Study, load, to_toml
from backhand.study.auto import OPEN, is_auto
from backhand.study.text import read_tables

EPOCHS = "train.epochs"  # a single run may change them, too, and train on; a series would then mix two lengths
NO_SETTING = {"changes", "log"}  # tables that do not affect the results
# The keys that a resumed experiment may change. The data are recognised by their fingerprint, wherever they lie.
CHANGEABLE = (
    *("title", "train.save_every", "train.keep_states", "data.path", "data.test"),
    *("search.trials", "search.minutes", "search.workers", "search.together", "search.seeds"),
)


def read_study(folder: Path) -> Study:
    """The study of a run. Raises CheckpointError when the folder holds none, or a damaged one."""
    if not (folder / STUDY).is_file():
        raise CheckpointError(f"{folder} is not the folder of a run: it has no {STUDY}")
    return study_in(folder / STUDY)


def study_in(path: Path) -> Study:
    """The study in a file of an experiment's folder. Raises CheckpointError where it is damaged."""
    try:
        return load(str(path))
    except StudyError as error:
        raise CheckpointError(environment.lacking(path.parent) or f"{error}; {REMEDY}") from None


def study_name(folder: Path) -> str:
    """The name of the series or the study in a folder, however damaged the rest of it is; empty where there is none."""
    for file in (SERIES, STUDY):
        with suppress(StudyError, KeyError):
            return str(read_tables(str(folder / file))[0]["name"])
    return ""


def study_file(study: Study) -> dict[str, str]:
    """The file that `read_study` reads, by its name, for `Workspace.begin` to write."""
    return {STUDY: to_toml(study)}


def reopen(folder: Path, ask: Callable[[], Study]) -> Study:
    """The study of the run to resume, as `ask` gives it anew; only what may change may differ from the run's own.

    Raises CheckpointError when the folder is no run, StudyError when another study is asked for.
    """
    saved = read_study(folder)
    wanted = ask()
    refuse_another_study(folder, saved, wanted)
    return inherited(wanted, saved)


def inherited(study: Study, saved: Study) -> Study:
    """The study with the values of the run's own wherever it says "auto": the run has decided them."""
    wanted, decided = settings(study), settings(saved)
    for key in OPEN:
        if is_auto(wanted.get(key)) and key in decided:
            study = _with_value(study, key.split("."), attrgetter(key)(saved))
    return study


def _with_value(table: Any, path: Sequence[str], value: Any) -> Any:
    """The table with another value at the end of a path."""
    key, *rest = path
    new = _with_value(getattr(table, key), rest, value) if rest else value
    return table.model_copy(update={key: new})


def settings(study: Study) -> dict[str, Any]:
    """The values of a study by dotted path, without the keys that a resumed experiment may change."""
    flat = _flat(study.model_dump(mode="json", exclude=NO_SETTING))
    return {key: value for key, value in flat.items() if key not in CHANGEABLE}


def completed(saved: dict[str, Any], study: Study) -> dict[str, Any]:
    """Settings as an earlier version saved them, with the defaults of the study's keys that it did not know.

    The epochs, which some versions left out, are those of the study. A whole study may be given for its settings.
    """
    chosen = _flat(study.model_dump(mode="json", exclude_defaults=True, exclude=NO_SETTING))
    saved = {
        key: value
        for key, value in _flat(saved).items()
        if key not in CHANGEABLE and key.partition(".")[0] not in NO_SETTING
    }
    wanted = settings(study)
    defaults = {key: value for key, value in wanted.items() if key not in chosen}
    return defaults | {EPOCHS: wanted[EPOCHS]} | saved


def difference(saved: dict[str, Any], wanted: dict[str, Any], *, decided: bool = True) -> str | None:
    """The first key in which two studies' settings differ, in words; None where there is none.

    decided: whether what is wanted as "auto" was decided by the run, so that whatever it has is right.
    """
    for key in {**saved, **wanted}:
        left_open = decided and key in OPEN and is_auto(wanted.get(key))
        if saved.get(key) != wanted.get(key) and not left_open:
            return f"its {key} is {saved.get(key)!r}, and {wanted.get(key)!r} is asked for"
    return None


def refuse_another_study(folder: Path, saved: Study, wanted: Study) -> None:
    """Raises StudyError unless one goes on with the other; a single run, which is no search, may train on."""
    before = settings(saved) | ({EPOCHS: wanted.train.epochs} if saved.search is None else {})
    refuse_another(folder, before, settings(wanted))


def refuse_another(folder: Path, saved: dict[str, Any], wanted: dict[str, Any], *, decided: bool = True) -> None:
    """Raises StudyError, naming the first key, unless both settings are the same; decided: as in `difference`."""
    if (differs := difference(saved, wanted, decided=decided)) is not None:
        raise StudyError(f"{folder} belongs to another study: {differs}; resume it without that, or start a new run")


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """The values by dotted path; the tables of a list have their places as names."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, list) and value and all(isinstance(table, dict) for table in value):
            value = dict(enumerate(value))
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat
