"""What a regression cannot do yet, in a sentence."""

from backhand.errors import StudyError
from backhand.study import Study


def refuse_regression(study: Study, purpose: str, remedy: str) -> None:
    """Raise StudyError for a study whose data have a target.

    purpose: what needs classes, such as "a series".   remedy: what to do instead.
    """
    if study.data.is_regression:
        raise StudyError(f"{study.name} predicts numbers, and {purpose} needs classes; {remedy}")
