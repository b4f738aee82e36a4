"""What a regression cannot do yet, in a sentence."""

from backhand.errors import StudyError
from backhand.study import Study


def refuse_regression(study: Study, purpose: str) -> None:
    """Raise StudyError for a study whose data have a target. purpose: what needs classes, such as "a comparison"."""
    if study.data.is_regression:
        raise StudyError(f"{study.name} predicts a number, and {purpose} needs classes; train it with `backhand run`")
