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
        list[Path], typer.Argument(parser=as_path, metavar="FILE", help="Image files, or one table in CSV.")
    ],
    resize: ResizeOthers = False,
    out: Annotated[
        Path | None, typer.Option(parser=as_path, metavar="FILE", help="Write the answers to this .csv file.")
    ] = None,
) -> dict[str, Any]:
    """Classify images, or predict for the rows of a table.

    Each image or row has a line: its class, the probability, and the two classes that come next; of a regression its
    predicted targets.
    """
    from backhand.console.terminal import make_console
    from backhand.experiments.run.predict import load_model_or_run
    from backhand.files.atomic import write_output
    from backhand.predictors import Classifier, Predictor
    from backhand.predictors.answers import as_csv, as_records

    if out is not None:
        _refuse_output(out, files)
    predictor, console = load_model_or_run(run), make_console()
    if not isinstance(predictor, Predictor):
        raise BackhandError(
            f"{run} holds a bare model, which knows neither scaling nor classes; use it in Python: backhand.load_model"
        )
    names, samples = _samples(predictor, files, resize=resize)
    if out is not None:
        write_output(out, as_csv(names, predictor.answers(samples)))
        console.print(f"{len(names):,} answers: {out}")
    else:
        console.print(_table(predictor, names, samples))
    remarks = list(predictor.remarks)
    if isinstance(predictor, Classifier) and not predictor.loss.probabilistic:
        remarks.append(f"the probabilities are the {predictor.loss.confidence}")
    for remark in remarks:
        make_console(stderr=True).print(f"note: {remark}")
    return {"answers": as_records(names, predictor.answers(samples)), "remarks": remarks} if OUTPUT.json else {}


def _refuse_output(out: Path, files: list[Path]) -> None:
    """Raise BackhandError where the answers cannot go to this file, before anything is read."""
    from backhand.experiments.kinds import refuse_own_files
    from backhand.files.refusals import refuse_inside_data, refuse_unwritable
    from backhand.files.streams import is_stream

    if out.suffix.lower() != ".csv" and not is_stream(out):
        raise BackhandError(f"the answers are a table; name a .csv file to write them to, not {out}")
    refuse_unwritable(out)
    refuse_inside_data(out, files)
    refuse_own_files(out)


def _samples(predictor: "Predictor", files: list[Path], *, resize: bool) -> "tuple[list[str], Array]":
    """The samples in the files, with a name for each: image files, or the rows of one table."""
    import numpy as np

    if predictor.encoding is None:
        return [str(path) for path in files], np.stack([predictor.read(path, resize=resize) for path in files])
    if resize:
        raise BackhandError("--resize scales images, and this model was trained on a table; leave it out")
    if len(files) > 1:
        raise BackhandError(f"name one table at a time; {files[0]} is the first of {len(files)} files")
    rows = predictor.read_table(files[0])
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
