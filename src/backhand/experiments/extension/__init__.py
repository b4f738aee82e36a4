"""Extensions: new classes for a trained network, which learns them and may forget the old ones."""

from backhand.experiments.kind import Kind

FILE = "extend.json"
WAYS = WITH, WITHOUT, AFRESH = ("with-old", "without-old", "afresh")


def study_name(way: str) -> str:
    """The name of the file that holds the study of one way of training."""
    return f"{way}.toml"


KIND = Kind("an extension", package=__name__, command="extend", mark=FILE, first=tuple(map(study_name, WAYS)))
