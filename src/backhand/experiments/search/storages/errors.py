"""What is wrong with a storage, in a sentence each."""

from backhand.errors import BackhandError


class NoAnswerError(BackhandError):
    """A storage that does not answer now, and may do so later."""


def no_answer(shown: str, reason: str) -> NoAnswerError:
    """The error of a storage that does not answer.   shown: its address.   reason: what its library says."""
    return NoAnswerError(
        f"the storage {shown} does not answer ({reason}); see that it runs and that this machine reaches it, and then "
        f"go on with --resume"
    )


def unusable(shown: str, reason: str, remedy: str = "mend it or name another") -> BackhandError:
    """The error of a storage that answers, and cannot be used."""
    return BackhandError(f"the storage {shown} cannot be used: {reason}; {remedy}")
