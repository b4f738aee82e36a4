"""The options that several commands take, each declared once: one name, one meaning, one help text."""

from pathlib import Path
from typing import Annotated

import typer

from backhand.files.paths import as_path

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", parser=as_path, metavar="FOLDER", help="The folder of data sets.", show_default="$BACKHAND_DATA"
    ),
]
DataPath = Annotated[
    Path | None,
    typer.Option("--path", parser=as_path, metavar="PATH", help="The file or folder to read, for data of your own."),
]
Skip = Annotated[bool, typer.Option("--skip-bad-images", help="Leave out files that are not images.")]
Resize = Annotated[bool, typer.Option("--resize", help="Scale images of another size.")]
OneSize = Annotated[bool, typer.Option("--resize", help="Bring images to one size, which suits them.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the study, as train.epochs=5; may be repeated."),
]
Seed = Annotated[int | None, typer.Option(min=0, help="The seed of all randomness.", show_default="that of the study")]
InitFrom = Annotated[
    Path | None,
    typer.Option("--init-from", parser=as_path, metavar="PATH", help="Start from the weights of a run or of a file."),
]
Backend = Annotated[
    str | None, typer.Option(help="cpu: generated kernels; reference: NumPy.", show_default="$BACKHAND_BACKEND or cpu")
]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads of the kernels.", show_default="all cores")]
Resume = Annotated[
    Path | None,
    typer.Option(parser=as_path, metavar="FOLDER", help="Go on with what is in this folder, with its options."),
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Processes that share the work and the threads.", show_default="1")
]
Out = Annotated[
    Path | None,
    typer.Option(parser=as_path, metavar="FOLDER", help="The folder of the results.", show_default="runs/NAME-TIME"),
]
