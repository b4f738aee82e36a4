"""A model for PyTorch as two files: its weights, and the Python that defines the module and loads them."""

import keyword
import sys

import numpy as np

from backhand.arrays import Array
from backhand.errors import BackhandError
from backhand.export.folding import folded
from backhand.export.pipeline import Exported, Pipeline
from backhand.export.refusals import as_float32
from backhand.export.torch.code import code
from backhand.model.sequential import Sequential
from backhand.weights.torch_names import STANDARDIZE, channels_first, torch_names

IMPORTED = frozenset({"torch", "safetensors", "numpy"}) | sys.stdlib_module_names


def torch_files(exported: Exported, stem: str, *, fold_batchnorm: bool = False) -> dict[str, bytes]:
    """The content of STEM.py and STEM_weights.safetensors, by their names.

    STEM.py has `load()`, which gives the module for inference, `scores(model, x)` and, for a classifier,
    `predict_proba(model, x)`, for a regression `predict(model, x)`; x are raw samples, as the predictor takes them.
    Raises ModelError, naming the layer, where PyTorch has no counterpart, and for weights that are not finite, and
    BackhandError for a name that Python cannot import.
    """
    import safetensors.numpy

    _refuse_no_module(stem)
    pipeline = Pipeline.of(exported)
    model = folded(pipeline.model) if fold_batchnorm else pipeline.model
    arrays = {name: np.ascontiguousarray(value) for name, value in _tensors(pipeline, model).items()}
    text = code(pipeline, model, _weights_name(stem))
    weights = safetensors.numpy.save(arrays, {"format": "pt"})
    return {f"{stem}.py": text.encode(), _weights_name(stem): weights}


def _refuse_no_module(stem: str) -> None:
    """Raise BackhandError for what is no name of a module, and for a module that the file would hide."""
    if not stem.isidentifier() or keyword.iskeyword(stem):
        raise BackhandError(
            f'Python cannot import a module from "{stem}.py"; name the file with letters, digits and underscores, such '
            f"as torch_model.py"
        )
    if stem in IMPORTED:
        raise BackhandError(f'"{stem}.py" would hide the module {stem}; name the file otherwise, as torch_model.py')


def _weights_name(stem: str) -> str:
    """Not STEM.safetensors, which is the name of a saved model."""
    return f"{stem}_weights.safetensors"


def _tensors(pipeline: Pipeline, model: Sequential) -> dict[str, Array]:
    """The state dict of the module."""
    arrays = model.arrays()
    tensors = {theirs: as_float32(ours, channels_first(arrays[ours])) for ours, theirs in torch_names(model).items()}
    if pipeline.standardizer is None:
        return tensors
    scaling = pipeline.standardizer.arrays()
    return {f"{STANDARDIZE}.{name}": value.astype(pipeline.precision) for name, value in scaling.items()} | tensors
