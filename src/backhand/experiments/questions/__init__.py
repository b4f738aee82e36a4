"""Questions: a grid of trainings that shows why something happens, each looked at more closely."""

from backhand.experiments.kind import Kind
from backhand.files.names import STUDY

FILE = "question.json"
KIND = Kind("a question", package=__name__, command="ask", mark=FILE, first=(STUDY,))
