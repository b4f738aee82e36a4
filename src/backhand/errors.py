"""The errors a user can cause and mend; the command line prints their sentence and exits with status 2."""

import difflib
from collections.abc import Iterable


class BackhandError(Exception):
    """Something a user can put right: the message says what was wrong, where, and what to do."""


class DataError(BackhandError):
    """A data set that is missing, damaged or not of the form it claims."""


class StudyError(BackhandError):
    """A study with an unknown key, a wrong type or an impossible value."""


class ModelError(BackhandError):
    """A model whose layers do not fit each other or their input."""


class CheckpointError(BackhandError):
    """A saved file that is missing, damaged or belongs to something else."""


class DivergenceError(BackhandError):
    """A training whose loss stopped being finite, or exploded."""


class KernelError(BackhandError):
    """A kernel that cannot be compiled here; the references compute the same."""


class BackhandWarning(UserWarning):
    """Something that a person should know and that stops nothing; the command line prints its sentence."""


def closest(word: str, choices: Iterable[str]) -> str:
    """' (did you mean "x"?)' for the choice nearest to a misspelt word, or the choices when none is near."""
    known = sorted(choices)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else f"; known: {', '.join(known)}"
