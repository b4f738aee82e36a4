"""A comparison's folder: begun once, and gone on with only by the same comparison."""

from pathlib import Path

from backhand.errors import BackhandError
from backhand.experiments import environment
from backhand.experiments.comparison.form import FILE, Comparison, Learner, read
from backhand.experiments.folder import completed, difference, settings, write_json
from backhand.study import Study

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

    The notes on the data follow from the data, and an earlier version kept none; it knew fewer keys of a study, too.
    """
    onward = "ask for the same to go on with it, or choose another --out"
    learners = {each.name: each for each in own.learners}
    for each in asked.learners:
        before = learners.get(each.name)
        if before is not None and before.study and each.study:
            if (differs := _difference(before, each)) is not None:
                raise BackhandError(
                    f"{folder} holds a comparison with another network {each.name}: {differs}; {onward}"
                )
            learners[each.name] = each
    data = own.data.model_copy(update={"notes": asked.data.notes})
    own = own.model_copy(update={"data": data, "learners": tuple(learners.values())})
    for key in Comparison.model_fields:
        if key not in RESULTS and getattr(own, key) != getattr(asked, key):
            raise BackhandError(f"{folder} holds a comparison with other {key} than is asked for; {onward}")


def _difference(own: Learner, asked: Learner) -> str | None:
    """The first setting in which two networks of one name differ, in words."""
    study = Study.model_validate(asked.study)
    return difference(completed(own.study, study), settings(study), decided=False)
