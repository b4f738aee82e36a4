"""`backhand ensemble`: average the predictions of several finished runs."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from backhand.console.completion import folders
from backhand.console.options import Out, Resume
from backhand.experiments.command import Launch, carry_out, refuse_another_kind
from backhand.files.paths import as_path


def ensemble(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(parser=as_path, metavar="RUN...", help="Folders of finished runs.", autocompletion=folders),
    ] = None,
    out: Out = None,
    resume: Resume = None,
) -> dict[str, Any]:
    """Average the predictions of several finished runs.

    The mean of their class probabilities, or predicted numbers, is tested beside each run alone.
    """
    from backhand.experiments.ensemble import work

    if resume is not None:
        refuse_another_kind(resume, "ensemble")
    return carry_out("ensemble", work.resume if resume else partial(work.run, runs or ()), Launch(out, resume))
