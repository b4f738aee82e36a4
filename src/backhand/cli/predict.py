"""`backhand predict`: classifies image files with a trained run."""

from pathlib import Path
from typing import Annotated

import typer

from backhand.console.completion import folders
from backhand.console.options import ResizeOthers
from backhand.errors import BackhandError
from backhand.files.paths import as_path


def predict(
    run: Annotated[
        Path,
        typer.Argument(
            parser=as_path,
            metavar="RUN",
            help="The folder of a trained run, or a saved model.",
            autocompletion=folders,
        ),
    ],
    images: Annotated[list[Path], typer.Argument(parser=as_path, metavar="IMAGE", help="The image files to classify.")],
    resize: ResizeOthers = False,
) -> None:
    """Classify image files with a trained run.

    Each image has a row: its class, the probability, and the two classes that come next.
    """
    import numpy as np
    from rich.table import Table

    from backhand.console.terminal import make_console
    from backhand.experiments.run.predict import load_model_or_run
    from backhand.predictors import Classifier

    classifier, console = load_model_or_run(run), make_console()
    if not isinstance(classifier, Classifier):
        raise BackhandError(
            f"{run} holds a bare model, which knows neither scaling nor classes; use it in Python: backhand.load_model"
        )
    samples = np.stack([classifier.read(path, resize=resize) for path in images])
    table = Table("image", "class", "probability", "next", box=None, header_style="bold", pad_edge=False)
    table.columns[2].justify = "right"
    for path, row in zip(images, classifier.predict_proba(samples), strict=True):
        first, *others = np.argsort(-row, kind="stable")[:3]
        runners_up = ", ".join(f"{classifier.classes[k]} {row[k]:.1%}" for k in others)
        table.add_row(str(path), classifier.classes[first], f"{row[first]:.1%}", runners_up)
    console.print(table)
    for remark in classifier.remarks:
        make_console(stderr=True).print(f"note: {remark}")
    if "hinge" in classifier.loss.op_name:
        console.print(f"probability: {classifier.loss.confidence}")
