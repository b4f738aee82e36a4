"""Extensions: classes added to a trained network; what it learns of them, and what it forgets."""

from backhand.experiments.kind import Kind

FILE = "extend.json"
WAYS = WITH, WITHOUT, AFRESH = ("with-old", "without-old", "afresh")


def study_name(way: str) -> str:
    """The name of the file that holds the study of a way."""
    return f"{way}.toml"


KIND = Kind("an extension", package=__name__, command="extend", mark=FILE, first=tuple(map(study_name, WAYS)))
