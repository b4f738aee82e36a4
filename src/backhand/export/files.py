"""Exports as files: which forms there are, what their files are called, and all of them written or none."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from backhand.errors import BackhandError, closest
from backhand.export.card import model_card
from backhand.export.onnx import onnx_file
from backhand.export.pipeline import Exported, Pipeline
from backhand.export.torch import torch_files
from backhand.files.atomic import write_outputs
from backhand.files.paths import PathLike, as_path
from backhand.files.refusals import refuse_unwritable
from backhand.predictors import Fitted, predictor_in


@dataclass(frozen=True)
class Form:
    """A form of export.   suffix: by which a path chooses it.   stem: the name of its files in a folder.

    suffixes: of all its files.
    """

    suffix: str
    stem: str
    suffixes: tuple[str, ...]
    content: Callable[[Exported, str, bool], dict[str, bytes]]


def _onnx(exported: Exported, stem: str, fold: bool) -> dict[str, bytes]:
    return {f"{stem}.onnx": onnx_file(exported, fold_batchnorm=fold)}


def _torch(exported: Exported, stem: str, fold: bool) -> dict[str, bytes]:
    return torch_files(exported, stem, fold_batchnorm=fold)


def _model(exported: Exported, stem: str, _: bool) -> dict[str, bytes]:
    name = f"{stem}.safetensors"
    with TemporaryDirectory() as folder:
        exported.save(Path(folder) / name)
        return {name: (Path(folder) / name).read_bytes()}


FORMS = {
    "onnx": Form(".onnx", "model", (".onnx",), _onnx),
    "torch": Form(".py", "torch_model", (".py", "_weights.safetensors"), _torch),
    "model": Form(".safetensors", "model", (".safetensors",), _model),
}
CARD, CARD_SUFFIX, CARD_FILE = "card", ".md", "README.md"
NAMES = (*FORMS, CARD)


def export_model(
    exported: Exported | Fitted,
    path: PathLike,
    *,
    to: str | Collection[str] = (),
    fold_batchnorm: bool = False,
    force: bool = False,
) -> list[Path]:
    """Write a predictor or a model for other programs; returns the files, all of which are written, or none.

    exported: a predictor, a fitted estimator, or a model that is built.
    path: a file, whose suffix chooses the form: .onnx (verified with ONNX Runtime first), .py (PyTorch, with a file of
    weights beside it), .safetensors (one file, which `load_model` reads), .md (the model card alone); or a folder,
    which gets every form and a model card, README.md. A path with another suffix is a folder where there is one, or
    where `to` names several forms.
    to: the forms, "onnx", "torch", "model" or "card".
    fold_batchnorm: whether batch normalisation becomes part of the layer before it, in ONNX and PyTorch.
    force: whether files that are there may be replaced.
    Raises BackhandError for a suffix that is not known, for a file that is there, for a layer that a form has no
    counterpart for, where ONNX Runtime differs beyond rounding, and where an extra is not installed.
    """
    path, forms = as_path(path), known_forms(to)
    folder, stem, forms = _resolved(path, forms)
    targets = [folder / name for name in _names(forms, stem)]
    for target in targets:
        refuse_unwritable(target)
        if target.exists() and not force:
            raise BackhandError(f"{target} is there already; name another path, or pass --force to replace it")
    contents = contents_of(exported, forms, stem, fold_batchnorm=fold_batchnorm)
    write_outputs({folder / name: content for name, content in contents.items()})
    return targets


def contents_of(
    exported: Exported | Fitted,
    forms: Sequence[str],
    stem: str | None,
    *,
    fold_batchnorm: bool = False,
    repo_id: str = "",
) -> dict[str, bytes]:
    """The content of all files by their names.

    stem: the name of all files, without their suffixes; None for the names that they have in a folder.
    repo_id: the repository on the Hugging Face Hub that they are for, which the card then names.
    """
    inner: Exported = predictor_in(exported)
    pipeline, contents = Pipeline.of(inner), dict[str, bytes]()
    for form in (FORMS[name] for name in forms if name != CARD):
        contents |= form.content(inner, stem or form.stem, fold_batchnorm)
    if CARD in forms:
        card = model_card(pipeline, [name for name in forms if name != CARD], repo_id)
        contents[_card_name(stem)] = card.encode()
    return contents


def known_forms(to: str | Collection[str]) -> tuple[str, ...]:
    """The names of one form or of several. Raises BackhandError for a form that there is not."""
    forms = (to,) if isinstance(to, str) else tuple(dict.fromkeys(to))
    for form in forms:
        if form not in NAMES:
            raise BackhandError(f'unknown form "{form}" of an export{closest(form, NAMES)}')
    return forms


def _resolved(path: Path, forms: tuple[str, ...]) -> tuple[Path, str | None, tuple[str, ...]]:
    """The folder of the files, their name or None, and their forms. Raises BackhandError for what does not fit."""
    by_suffix = {form.suffix: name for name, form in FORMS.items()} | {CARD_SUFFIX: CARD}
    if not path.is_dir() and path.suffix in by_suffix:
        chosen = by_suffix[path.suffix]
        if forms and forms != (chosen,):
            raise BackhandError(f"{path} is for the form {chosen}, not {', '.join(forms)}; name a folder for several")
        return path.parent, path.stem, (chosen,)
    if not path.is_dir() and path.suffix and len(forms) < 2:
        known = ", ".join(f"{suffix} ({name})" for suffix, name in by_suffix.items())
        raise BackhandError(
            f'an export has no form for the suffix "{path.suffix}"; name a file in {known}, or a folder that is there '
            f"or has no dot in its name"
        )
    return path, None, tuple(dict.fromkeys((*(forms or FORMS), CARD)))


def _names(forms: Sequence[str], stem: str | None) -> list[str]:
    """The names of all files, as `contents_of` gives them."""
    chosen = [FORMS[name] for name in forms if name != CARD]
    names = [f"{stem or form.stem}{suffix}" for form in chosen for suffix in form.suffixes]
    return [*names, _card_name(stem)] if CARD in forms else names


def _card_name(stem: str | None) -> str:
    return CARD_FILE if stem is None else f"{stem}{CARD_SUFFIX}"
