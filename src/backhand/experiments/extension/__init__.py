"""Extensions: classes added to a trained network; what it learns of them, and what it forgets."""

from backhand.experiments.kind import Kind

FILE = "extend.json"
WAYS = WITH, WITHOUT, AFRESH = ("with-old", "without-old", "afresh")
KIND = Kind("an extension", package=__name__, command="extend", mark=FILE, first=tuple(f"{way}.toml" for way in WAYS))
