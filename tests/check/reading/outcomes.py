"""What a reading comes to, in few words."""

from backhand.check.reading.reader import Reading, Unread
from backhand.check.verdicts.trial import run_trial


def told(found: Reading | Unread) -> str:
    """The name of the kind that it computes, "its own" for no known kind, or why it was not read."""
    if isinstance(found, Unread):
        return f"unread: {found.reason}"
    return found.kind.name if found.match is not None else "its own"


def is_right(found: Reading | Unread) -> bool:
    """Whether the unit was read, and the gradient of every array was found and agrees with differences."""
    if isinstance(found, Unread):
        return False
    trial = run_trial(found, found.kind.configs()[0])
    return trial.passed and trial.refused is None and all(v is not None for v in trial.gradients.values.values())
