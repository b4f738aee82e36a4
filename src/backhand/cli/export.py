"""`backhand export`: writes a trained model for other programs."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from backhand.console.options import Force, TrainedRun
from backhand.errors import BackhandError
from backhand.files.paths import as_path


class FormName(StrEnum):
    """The forms of an export."""

    ONNX = "onnx"
    TORCH = "torch"
    MODEL = "model"
    CARD = "card"


def export(
    run: TrainedRun,
    out: Annotated[
        Path | None,
        typer.Argument(
            parser=as_path,
            metavar="OUT",
            help="A file: .onnx, .py (PyTorch), .safetensors (Backhand), .md (the model card); or a folder, for all.",
        ),
    ] = None,
    to: Annotated[
        list[FormName] | None, typer.Option("--to", help="Write this form; may be repeated.", show_default="all")
    ] = None,
    fold_batchnorm: Annotated[
        bool, typer.Option("--fold-batchnorm", help="Join batch normalisation with the layer before it.")
    ] = False,
    force: Force = False,
    push: Annotated[
        str | None, typer.Option(metavar="OWNER/NAME", help="Upload to this repository on the Hugging Face Hub.")
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="Create that repository as a private one.")] = False,
) -> dict[str, Any]:
    """Write a trained model for ONNX, PyTorch or the Hugging Face Hub.

    The suffix of OUT chooses the form; a folder gets all of them, and a model card. An ONNX file is compared with the
    model on random samples before it is written.
    """
    from backhand.console.terminal import make_console
    from backhand.experiments.kinds import refuse_own_files
    from backhand.experiments.run.predict import load_model_or_run
    from backhand.export import export_model, push_to_hub
    from backhand.export.files import FORMS
    from backhand.export.hub import refuse_push

    if out is None and push is None:
        raise BackhandError("name a file or a folder to write to, or a repository with --push OWNER/NAME")
    if out is not None:
        refuse_own_files(out)
    if push is not None:
        refuse_push(push)
    exported, console = load_model_or_run(run), make_console()
    forms = tuple(str(form) for form in to or ())
    written = [] if out is None else export_model(exported, out, to=forms, fold_batchnorm=fold_batchnorm, force=force)
    for path in written:
        agrees = "; ONNX Runtime computes the same" if path.suffix == ".onnx" else ""
        console.print(f"written: {path} ({path.stat().st_size:,} bytes{agrees})", soft_wrap=True)
    url = None
    if push is not None:
        url = push_to_hub(exported, push, to=forms or tuple(FORMS), fold_batchnorm=fold_batchnorm, private=private)
        console.print(f"pushed: {url}", soft_wrap=True)
    for remark in getattr(exported, "remarks", ()):
        make_console(stderr=True).print(f"note: {remark}", soft_wrap=True)
    sizes = {str(path): path.stat().st_size for path in written}
    return {"written": list(sizes), "bytes": sizes, "pushed": url, "remarks": list(getattr(exported, "remarks", ()))}
