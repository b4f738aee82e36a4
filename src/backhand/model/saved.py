"""A model in one file: its layers as tables, its parameters and states as arrays, and nothing that could run.

`Sequential.save` writes it, `backhand.load_model` reads it: see `docs/formats.md`. What else the file of a predictor
holds is in `backhand.predictors`.
"""

from collections.abc import Mapping
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

import backhand
from backhand import checkpoint
from backhand.arrays import Array
from backhand.errors import CheckpointError, ModelError
from backhand.files.paths import PathLike
from backhand.layers import LAYERS
from backhand.model.sequential import Sequential
from backhand.model.tables import make_layers, origins, tables_of
from backhand.plugins import absent

VERSION = 1  # raised where an older reader would misread a newer file
PREFIX = "model."  # of the names of a model's arrays
KIND = "sequential"
Dtype = Literal["float16", "float32", "float64"]


class ModelFacts(BaseModel):
    """What a file says of a model besides its arrays.

    frozen: the names of the layers that are not trained.   plugins: the packages that the kinds of layers come from.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    layers: tuple[dict[str, Any], ...]
    input_shape: tuple[int, ...]
    dtype: Dtype = "float32"
    frozen: tuple[str, ...] = ()
    plugins: dict[str, str] = {}


def save(model: Sequential, path: PathLike) -> None:
    """Write the model to `path`, whole or not at all. Raises as `facts_of` does, and BackhandError as `checkpoint`."""
    checkpoint.save(path, arrays_of(model), head(KIND) | {"model": facts_of(model)})


def head(kind: str) -> dict[str, Any]:
    """The first facts of every file: the version of its form, the kind of what it holds, and who wrote it."""
    return {"version": VERSION, "kind": kind, "backhand": backhand.__version__}


def facts_of(model: Sequential) -> dict[str, Any]:
    """The facts of a model. Raises ModelError before `build`, and for a layer that a file cannot name."""
    if not model.output_shape:
        raise ModelError("the model must be built before it is saved; call model.build with the shape of a sample")
    dtype = model.parameters.values.dtype.name
    if dtype not in get_args(Dtype):
        raise ModelError(f"the model computes in {dtype}, which a file cannot hold; save model.copy(np.float64)")
    plugins = origins(model)
    return {
        "layers": tables_of(model),
        "input_shape": list(model.input_shape),
        "dtype": dtype,
        "frozen": [name for name, layer in model.walk() if layer.frozen],
        **({"plugins": plugins} if plugins else {}),
    }


def arrays_of(model: Sequential) -> dict[str, Array]:
    """The parameters and states as a file names them."""
    return {f"{PREFIX}{name}": value for name, value in model.arrays().items()}


def restored(facts: ModelFacts, arrays: Mapping[str, Array]) -> Sequential:
    """The model of these facts and arrays. Raises CheckpointError where they do not fit each other or this version."""
    saved = {name.removeprefix(PREFIX): value for name, value in arrays.items() if name.startswith(PREFIX)}
    try:
        layers = make_layers(facts.layers)
    except ValueError as error:
        packages = sorted({package for kind, package in facts.plugins.items() if kind not in LAYERS})
        if lacking := absent(", ".join(packages)):
            raise CheckpointError(f"its layers come from {lacking}") from error
        raise CheckpointError(
            f"{error}; a layer of your own must stand in backhand.layers.LAYERS, under the name that it had when the "
            f"model was saved, before the model is loaded"
        ) from error
    try:
        model = Sequential(*layers).build(facts.input_shape, dtype=facts.dtype)
        model.load(saved)
        return model.freeze(*facts.frozen) if facts.frozen else model
    except (ModelError, MemoryError) as error:
        raise CheckpointError(f"the layers do not fit each other: {error}; save the model again") from error
