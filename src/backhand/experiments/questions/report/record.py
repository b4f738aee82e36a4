"""question.json as a report takes it."""

from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

from backhand.errors import CheckpointError
from backhand.files import jsontext
from backhand.page import settings, style
from backhand.page.blocks import Section
from backhand.page.heading import subtitle
from backhand.page.numbers import count, counted, duration

FILE = "question.json"
# Colour, line and marker together: lines are told apart in grey, and by those who see no colours.
LINES: tuple[dict[str, Any], ...] = (
    {"color": style.BLUE, "linestyle": "-", "marker": "o", "markersize": 4},
    {"color": style.ORANGE, "linestyle": (0, (5, 1.6)), "marker": "s", "markersize": 4},
    {"color": style.INK, "linestyle": ":", "marker": "^", "markersize": 4.5},
    {"color": style.SKY, "linestyle": "-.", "marker": "D", "markersize": 4},
    {"color": style.FAINT, "linestyle": (0, (1, 1)), "marker": "v", "markersize": 4.5},
)


@dataclass(frozen=True)
class Cell:
    """One training: its values by the last word of their key, such as `lr`, and what was found."""

    values: dict[str, Any]
    seconds: float
    found: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """All cells of a question, and what they were trained on."""

    question: str
    study: dict[str, Any]
    environment: dict[str, Any]
    data: dict[str, Any]
    cells: tuple[Cell, ...]

    @property
    def title(self) -> str:
        """The question."""
        return str(self.study.get("title") or self.question)

    @property
    def subtitle(self) -> str:
        """On what data, how long it took, and what was changed."""
        counts = self.data["counts"]
        data = (
            f"{self.data['title']}: {count(counts['train'])} training and {count(counts['validation'])} validation "
            f"samples; {counted(len(self.cells), 'cell')} in {duration(sum(cell.seconds for cell in self.cells))}"
        )
        return subtitle(data, self.environment, self.study.get("changes", {}))

    def better_than_chance(self, accuracy: float) -> bool:
        """Whether it is above that of always giving the same answer, by more than two standard errors."""
        chance = self.data["baseline"]
        return accuracy > chance + 2 * sqrt(chance * (1 - chance) / self.data["counts"]["validation"])

    def axis(self, key: str) -> list[Any]:
        """The values of a key, each once, in their order in the grid."""
        found: list[Any] = []
        for cell in self.cells:
            if cell.values[key] not in found:
                found.append(cell.values[key])
        return found

    def where(self, **values: Any) -> list[Cell]:
        """The cells that have these values."""
        return [cell for cell in self.cells if all(cell.values[key] == value for key, value in values.items())]


def read(folder: Path) -> Answer:
    """Raises CheckpointError where the file is missing, damaged, or holds only a part of the cells."""
    path = folder / FILE
    try:
        record = jsontext.loads(path.read_text("utf-8"))
        cells = tuple(
            Cell({key.rpartition(".")[2]: each for key, each in cell["values"].items()}, cell["seconds"], cell["found"])
            for cell in record["cells"]
        )
        answer = Answer(record["question"], record["study"], record["environment"], record["data"], cells)
        planned = record["planned"]
    except FileNotFoundError:
        raise CheckpointError(f"{folder} is not the folder of a question: it has no {FILE}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CheckpointError(f"{path} is damaged; remove it to begin anew") from None
    if len(cells) < planned:
        raise CheckpointError(f"{folder} holds {len(cells)} of {planned} cells; ask the question to its end first")
    return answer


def chapter(answer: Answer) -> Section:
    """The last chapter: every setting, the machine, and how to do it again."""
    study = settings.table("Every setting (study.toml).", answer.study)
    return settings.chapter("answer", [study], answer.environment)
