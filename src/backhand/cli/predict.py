"""`backhand predict`: classifies image files or the rows of tables with a trained run, or predicts their targets."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backhand.console.options import ResizeOthers, TrainedRun
from backhand.console.output import OUTPUT
from backhand.errors import BackhandError
from backhand.files.paths import as_path

if TYPE_CHECKING:
    from rich.table import Table

    from backhand.arrays import Array
    from backhand.predictors import Predictor


def predict(
    run: TrainedRun,
    files: Annotated[
        list[Path], typer.Argument(parser=as_path, metavar="FILE", help="Image files, or a table as .csv.")
    ],
    resize: ResizeOthers = False,
    out: Annotated[
        Path | None, typer.Option(parser=as_path, metavar="FILE", help="Write the answers to this .csv file.")
    ] = None,
) -> list[dict[str, Any]]:
    """Classify images, or predict for the rows of a table.

    Each image or row has a line: its class, the probability, and the two classes that come next; of a regression its
    predicted targets.
    """
    from backhand.console.terminal import make_console
    from backhand.experiments.run.predict import load_model_or_run
    from backhand.files.atomic import write_output
    from backhand.predictors import Classifier, Predictor
    from backhand.predictors.answers import as_csv, as_records

    predictor, console = load_model_or_run(run), make_console()
    if not isinstance(predictor, Predictor):
        raise BackhandError(
            f"{run} holds a bare model, which knows neither scaling nor classes; use it in Python: backhand.load_model"
        )
    names, samples = _samples(predictor, files, resize=resize)
    if out is not None:
        write_output(out, as_csv(predictor, names, samples))
        console.print(f"{len(names):,} answers: {out}")
    else:
        console.print(_table(predictor, names, samples))
    for remark in predictor.remarks:
        make_console(stderr=True).print(f"note: {remark}")
    if isinstance(predictor, Classifier) and "hinge" in predictor.loss.op_name:
        console.print(f"probability: {predictor.loss.confidence}")
    return as_records(predictor, names, samples) if OUTPUT.json else []


def _samples(predictor: "Predictor", files: list[Path], *, resize: bool) -> "tuple[list[str], Array]":
    """The samples in the files, with a name for each: image files, or the rows of one table."""
    import numpy as np

    tables = [path for path in files if ".csv" in path.suffixes[-2:]]
    if not tables:
        return [str(path) for path in files], np.stack([predictor.read(path, resize=resize) for path in files])
    if len(files) > 1:
        raise BackhandError(f"name one table at a time; {tables[0]} is a table, and there are {len(files)} files")
    rows = predictor.read_table(tables[0])
    return [f"row {number}" for number in range(1, len(rows) + 1)], rows


def _table(predictor: "Predictor", names: list[str], samples: "Array") -> "Table":
    """The answers as a table for the terminal."""
    import numpy as np
    from rich.table import Table

    from backhand.predictors import Classifier, Regressor

    if isinstance(predictor, Regressor):
        table = Table("sample", *predictor.targets, box=None, header_style="bold", pad_edge=False)
        for name, row in zip(names, predictor.predict(samples), strict=True):
            table.add_row(name, *(f"{value:.5g}" for value in row))
        return table
    assert isinstance(predictor, Classifier)
    table = Table("sample", "class", "probability", "next", box=None, header_style="bold", pad_edge=False)
    table.columns[2].justify = "right"
    for name, row in zip(names, predictor.predict_proba(samples), strict=True):
        first, *others = np.argsort(-row, kind="stable")[:3]
        runners_up = ", ".join(f"{predictor.classes[k]} {row[k]:.1%}" for k in others)
        table.add_row(name, predictor.classes[first], f"{row[first]:.1%}", runners_up)
    return table
