"""The kinds of experiments, as their folders show them: by which file each is known, and all files that it writes."""

from dataclasses import dataclass
from pathlib import Path

from backhand.experiments.folder import ENVIRONMENT, SERIES, STUDY
from backhand.files.paths import command
from backhand.training.range_test import FILE as RANGE

REPORT = ("report.html", "report.md")


@dataclass(frozen=True)
class Kind:
    """A kind of experiment, as its folder shows it.

    name: with its article.   mark: the file by which the folder is known.   first: files that it writes before it has
    any result.   later: all other files of its own.   resume: the words that go on with it, before the folder; None:
    the command that began it.
    """

    name: str
    mark: str
    first: tuple[str, ...]
    later: tuple[str, ...] = ()
    resume: tuple[str, str] | None = None

    @property
    def files(self) -> set[str]:
        """The names of the files that it writes whole or not at all, so that a killed process may leave half of one."""
        return {self.mark, ENVIRONMENT, *self.first, *self.later, *REPORT}

    def onward(self, folder: Path) -> str:
        """How to go on with the one in this folder, in words that can be pasted."""
        if self.resume is None:
            return f"the same command with `{command(['--out', folder])}` goes on with it"
        return f"go on with it by `{command(['backhand', *self.resume, folder])}`"


RESUME = ("run", "--resume")
RUN = Kind(
    name="a run",  # or a search
    mark=STUDY,
    first=(STUDY, "metrics.json"),
    later=(
        *("history.jsonl", "best.safetensors", "state.safetensors", "state.safetensors.new"),
        *("evidence.safetensors", "search.json", RANGE),
    ),
    resume=RESUME,
)
SERIES_OF_RUNS = Kind(name="a series", mark=SERIES, first=(SERIES,), later=("claims.json",), resume=RESUME)
EXTENSION = Kind(
    name="an extension",
    mark="extend.json",
    first=("with-old.toml", "without-old.toml", "afresh.toml"),
    resume=("extend", "--resume"),
)
COMPARISON = Kind(name="a comparison", mark="compare.json", first=())
QUESTION = Kind(name="a question", mark="question.json", first=(STUDY,))
KINDS = (QUESTION, COMPARISON, EXTENSION, SERIES_OF_RUNS, RUN)  # a question has a study as well


def kind_of(folder: Path) -> Kind | None:
    """What kind of experiment the folder holds, if any."""
    return next((kind for kind in KINDS if (folder / kind.mark).is_file()), None)
