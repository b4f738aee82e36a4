"""A predictor in one file that answers by itself, and what reads such files: see `docs/formats.md`."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field, ValidationError

import backhand
from backhand import checkpoint
from backhand.arrays import Array
from backhand.data.augment.evaluation import EvaluationAugment
from backhand.data.standardize import Standardizer
from backhand.errors import CheckpointError, ModelError, closest
from backhand.files.paths import PathLike, as_path
from backhand.model.saved import KIND, VERSION, ModelFacts, arrays_of, facts_of, head, restored
from backhand.predictors.classifier import Classifier
from backhand.predictors.facts import SampleFacts, Span
from backhand.predictors.predictor import Predictor
from backhand.predictors.provenance import Provenance
from backhand.predictors.regressor import Regressor
from backhand.training import losses

PREDICTORS: dict[str, type[Predictor]] = {kind.kind: kind for kind in (Classifier, Regressor)}
SCALING = "standardizer."  # the prefix of the arrays of the standardisation
REMEDY = "save the model again"


class Facts(SampleFacts):
    """What a file of a predictor says besides its arrays; what only its kind has is in `own`.

    Every option of a loss is a number, or one for each class or target.
    """

    model: ModelFacts
    loss: str
    loss_options: dict[str, float | tuple[float, ...]] = Field(default_factory=dict)
    range: Span
    test_flips: bool = False
    test_shift: int = Field(0, ge=0)
    remarks: tuple[str, ...] = ()
    provenance: Provenance = Provenance()
    own: dict[str, tuple[str | int | float, ...]] = Field(default_factory=dict)


def save(predictor: Predictor, path: PathLike) -> None:
    """Write the predictor to `path`, whole or not at all; see `Predictor.save`."""
    refuse_own_classes(predictor)
    scaling = {f"{SCALING}{name}": value for name, value in predictor.standardizer.arrays().items()}
    facts = Facts(
        model=ModelFacts.model_validate(facts_of(predictor.model)),
        loss=predictor.loss.op_name,
        loss_options=_options_of(predictor.loss),
        range=Span.model_validate(predictor.value_range.facts()),
        test_flips=predictor.evaluation_augment.flips,
        test_shift=predictor.evaluation_augment.shift,
        resize=None if predictor.resize is None else predictor.resize.how,
        remarks=predictor.remarks,
        provenance=predictor.provenance,
        columns=None if predictor.encoding is None else predictor.encoding.columns,
        own=predictor.own_facts(),
    )
    checkpoint.save(path, arrays_of(predictor.model) | scaling, head(predictor.kind) | facts.model_dump())


def refuse_own_classes(predictor: Predictor) -> None:
    """Raise ModelError, with the op of a loss, for a piece of a class of one's own, whose code no file can hold."""
    pieces = {
        "predictor": predictor,
        f"loss with the op {predictor.loss.op_name}": predictor.loss,
        "standardisation": predictor.standardizer,
        "augmentation at evaluation": predictor.evaluation_augment,
    }
    known = (*PREDICTORS.values(), *losses.LOSSES.values(), Standardizer, EvaluationAugment)
    for noun, piece in pieces.items():
        if type(piece) not in known:
            raise ModelError(
                f"the {noun} is of the class {type(piece).__name__}, which is not one of Backhand's; a file would lose "
                f"what it computes"
            )


def _options_of(loss: losses.Loss) -> dict[str, Any]:
    """The arguments with which `losses.loss` makes the loss again, as Python's own numbers and lists of them."""
    return {option.name: np.asarray(getattr(loss, option.name)).tolist() for option in fields(loss) if option.init}


def load_model(path: PathLike) -> Any:
    """What `save` wrote into a file: a `Classifier`, a `Regressor`, or a `Sequential`; its answers are equal.

    Raises CheckpointError when the file is missing, damaged, of a later version or no saved model, and for a layer of
    one's own whose class is not in `backhand.layers.LAYERS`.
    """
    path = as_path(path)
    if path.is_dir():
        raise CheckpointError(
            f"{path} is a folder, and a saved model is a file; backhand.load_classifier reads the folder of a run"
        )
    arrays, info = checkpoint.load(path)
    kind = _kind(path, info)
    try:
        if kind == KIND:
            return restored(ModelFacts.model_validate(info.get("model")), arrays)
        return _predictor(PREDICTORS[kind], Facts.model_validate(info), arrays)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise CheckpointError(f"{path} is damaged: {_reason(error)}; {REMEDY}") from None


def _kind(path: Path, info: Any) -> str:
    """The kind of what is in a file. Raises CheckpointError for another file of Backhand, and for a later version."""
    if not isinstance(info, dict) or "kind" not in info or "model" not in info:
        raise CheckpointError(
            f"{path} is no saved model; backhand.load_classifier reads the folder of a run, from which "
            f"Classifier.save writes one"
        )
    if (version := info.get("version")) != VERSION:
        if isinstance(version, int) and version > VERSION:
            side, remedy = "later", "update Backhand (pip install --upgrade backhand)"
        else:
            side, remedy = "earlier", "train the model again, and save it"
        raise CheckpointError(
            f"{path} has the form of version {version}, {side} than version {VERSION}, which Backhand "
            f"{backhand.__version__} reads; {remedy}"
        )
    kind, known = str(info["kind"]), (KIND, *PREDICTORS)
    if kind not in known:
        raise CheckpointError(f'{path} holds a model of the unknown kind "{kind}"{closest(kind, known)}')
    return kind


def _predictor(kind: type[Predictor], facts: Facts, arrays: Mapping[str, Array]) -> Predictor:
    model = restored(facts.model, arrays)
    shape = model.input_shape
    scaling = {name.removeprefix(SCALING): value for name, value in arrays.items() if name.startswith(SCALING)}
    shared = {
        "model": model,
        "loss": losses.loss(facts.loss, **facts.loss_options),
        "standardizer": Standardizer.from_arrays(scaling),
        "evaluation_augment": EvaluationAugment(facts.test_flips, facts.test_shift),
        "remarks": facts.remarks,
        "provenance": facts.provenance,
        **facts.reading(shape, facts.range),
    }
    _refuse_unfit(shared)
    return kind.from_own(shared, facts.own)


def _refuse_unfit(shared: Mapping[str, Any]) -> None:
    """Raise ValueError for a scaling, or views, that samples of the model's shape cannot have."""
    shape, scaling, views = shared["model"].input_shape, shared["standardizer"], shared["evaluation_augment"]
    for values in (scaling.mean, scaling.scale):
        if len(values.shape) > len(shape) or any(
            size not in (1, own) for size, own in zip(values.shape[::-1], shape[::-1], strict=False)
        ):
            raise ValueError(f"the standardisation is of the shape {values.shape}, and a sample of {shape}")
    if (views.flips or views.shift) and (len(shape) != 3 or views.shift >= min(shape[:2])):
        raise ValueError(f"samples of the shape {shape} have no views with flips and a shift of {views.shift}")


def _reason(error: Exception) -> str:
    """What is wrong, in a line."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"
    return f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
