"""Questions: grids of trainings, in each of which something is measured that explains what happens."""

from backhand.experiments.kind import Kind
from backhand.files.names import STUDY

FILE = "question.json"
KIND = Kind("a question", package=__name__, command="ask", mark=FILE, first=(STUDY,))
