"""The conventions: what they are called, whose they are, and the files of their solutions."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from backhand.errors import BackhandError, closest
from backhand.exercises.source import Source


@dataclass(frozen=True)
class Convention:
    """How the layers of a course are written: `form` says how they are called, `axes` how their arrays lie."""

    name: str
    course: str
    form: str
    axes: str
    arrays: str = "NumPy"

    def sources(self) -> list[Source]:
        """The files of the solution, in order of their paths."""
        folder = files("backhand").joinpath("exercises", "conventions", self.name)
        return [Source.parse(path, file.read_text("utf-8")) for path, file in sorted(_walk(folder))]

    def layers(self) -> list[str]:
        """The names of all layers of this convention, in the order of its files."""
        return list(dict.fromkeys(section.layer for source in self.sources() for section in source.sections))


CONVENTIONS = (
    Convention(
        "cs231n",
        "Stanford CS231n, UCLA C147, TUM I2DL",
        "functions with a cache",
        "Samples are rows, images (N, C, H, W); w is (in, out), filters are (F, C, HH, WW). "
        "p of dropout is the probability to keep a value.",
    ),
    Convention(
        "co395-classes",
        "Imperial CO395 from 2019 on",
        "classes",
        "Samples are rows; W is (in, out), b is (1, out).",
    ),
    Convention(
        "deeplearning-ai",
        "deeplearning.ai on Coursera",
        "functions with a cache",
        "Samples are columns, images (m, rows, columns, channels); W is (out, in), b is (out, 1), "
        "filters are (f, f, in, out). linear_backward takes the mean over the samples.",
    ),
    Convention(
        "dlfs",
        "Deep Learning from Scratch (O'Reilly Japan)",
        "classes that are given their parameters",
        "Samples are rows, images (N, C, H, W); W is (in, out), filters are (FN, C, FH, FW). "
        "dropout_ratio is the probability to drop a value, and the test pass is scaled.",
    ),
)


def find_convention(name: str) -> Convention:
    """The convention of this name. Raises BackhandError for an unknown one."""
    conventions = {convention.name: convention for convention in CONVENTIONS}
    if name not in conventions:
        raise BackhandError(f'unknown convention "{name}"{closest(name, conventions)}')
    return conventions[name]


def _walk(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    """The Python files below a folder, with their paths in it."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".py"):
            yield prefix + entry.name, entry
