"""The arguments and options that several commands take, each declared once: one name, one meaning, one help text."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from backhand.console.completion import folders
from backhand.files.paths import as_path


class BackendName(StrEnum):
    """The backends that a command can be told to use."""

    CPU = "cpu"
    REFERENCE = "reference"


class Names(tuple[str, ...]):
    """Names that a person writes as one word with commas in between, such as `two_layer,mnist_cnn`."""

    @classmethod
    def parse(cls, text: str) -> "Names":
        """The names in the text, without spaces around them and without empty ones."""
        return cls(filter(None, (name.strip() for name in text.split(","))))


TrainedRun = Annotated[
    Path,
    typer.Argument(
        parser=as_path,
        metavar="RUN",
        help="The folder of a trained run, or a saved model.",
        autocompletion=folders,
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        parser=as_path,
        metavar="FOLDER",
        help="Look for data sets in this folder.",
        show_default="$BACKHAND_DATA, else your user data folder",
    ),
]
DataPath = Annotated[
    Path | None,
    typer.Option("--path", parser=as_path, metavar="PATH", help="Read your own data from this file or folder."),
]
Label = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="Of a table: the column that names the class of each row.")
]
Targets = Annotated[
    Names | None,
    typer.Option(
        "--target",
        parser=Names.parse,
        metavar="NAME,...",
        help="Predict numbers: the columns of a table, or the names of the targets of arrays.",
    ),
]
SkipBadImages = Annotated[bool, typer.Option("--skip-bad-images", help="Leave out files that are not images.")]
ResizeOthers = Annotated[bool, typer.Option("--resize", help="Scale images of another size to that of the training.")]
ResizeAll = Annotated[bool, typer.Option("--resize", help="Scale all images to one size, which is chosen from theirs.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the study, as train.epochs=5; may be repeated."),
]
Seed = Annotated[
    int | None,
    typer.Option(min=0, metavar="N", help="Set the seed of all randomness.", show_default="the seed of the study"),
]
InitFrom = Annotated[
    Path | None,
    typer.Option(
        "--init-from",
        parser=as_path,
        metavar="PATH",
        help="Start from the weights of this run or file, or of a name such as torchvision:resnet18.",
    ),
]
Backend = Annotated[
    BackendName | None,
    typer.Option(
        help="Compute with generated kernels (cpu) or with NumPy (reference).",
        show_default="$BACKHAND_BACKEND, else cpu",
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Run the kernels on this number of threads.", show_default="all cores"),
]
Resume = Annotated[
    Path | None,
    typer.Option(
        parser=as_path,
        metavar="FOLDER",
        autocompletion=folders,
        help="Continue the experiment in this folder, with the options that it began with.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace files that are there.")]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1, metavar="N", help="Share the work and the threads among this number of processes.", show_default="1"
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="ADDRESS",
        help="Share the work among the workers of a Dask scheduler, tcp://host:8786, or the processes of mpiexec, mpi.",
        show_default="none",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        parser=as_path, metavar="FOLDER", help="Write the results to this folder.", show_default="runs/NAME-TIME"
    ),
]
