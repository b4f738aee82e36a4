"""The kinds of experiments, as their folders show them: by which file each is known, and all files that it writes."""

from dataclasses import dataclass
from pathlib import Path

from backhand.experiment.folder import ENVIRONMENT, SERIES, STUDY

REPORT = ("report.html", "report.md")


@dataclass(frozen=True)
class Kind:
    """A kind of experiment, as its folder shows it.

    name: with its article.   mark: the file by which the folder is known.   onward: how to go on in a folder that is
    there already.   first: files that it writes before it has any result.   later: all other files of its own.
    """

    name: str
    mark: str
    onward: str
    first: tuple[str, ...]
    later: tuple[str, ...] = ()

    @property
    def files(self) -> set[str]:
        """The names of all files that it writes into its folder itself."""
        return {self.mark, ENVIRONMENT, *self.first, *self.later, *REPORT}


RESUME, REPEAT = "go on with it by --resume {}", "the same command with --out {} goes on with it"
RUN = Kind(
    name="a run",  # or a search
    mark=STUDY,
    onward=RESUME,
    first=(STUDY, "metrics.json"),
    later=(
        *("history.jsonl", "best.safetensors", "state.safetensors", "state.safetensors.new"),
        *("evidence.safetensors", "search.json"),
    ),
)
SERIES_OF_RUNS = Kind(name="a series", mark=SERIES, onward=RESUME, first=(SERIES,), later=("claims.json",))
EXTENSION = Kind(
    name="an extension",
    mark="extend.json",
    onward=RESUME,
    first=("with-old.toml", "without-old.toml", "afresh.toml"),
)
COMPARISON = Kind(name="a comparison", mark="compare.json", onward=REPEAT, first=())
QUESTION = Kind(name="a question", mark="question.json", onward=REPEAT, first=(STUDY,))
KINDS = (QUESTION, COMPARISON, EXTENSION, SERIES_OF_RUNS, RUN)  # a question has a study as well


def kind_of(folder: Path) -> Kind | None:
    """What kind of experiment the folder holds, if any."""
    return next((kind for kind in KINDS if (folder / kind.mark).is_file()), None)
