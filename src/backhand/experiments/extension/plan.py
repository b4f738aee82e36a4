"""What is trained: one study for each way to learn the new classes, in files that a killed extension goes on from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backhand.errors import BackhandError, CheckpointError
from backhand.experiments import environment
from backhand.experiments.build import build_model, check_batches, load_feeds
from backhand.experiments.extension import AFRESH, WAYS, WITHOUT
from backhand.experiments.extension.record import Extension, Trained, trained
from backhand.experiments.settings import read_study
from backhand.experiments.splits import load_study_splits
from backhand.files.names import BEST
from backhand.study import Study, changed
from backhand.study.extend import ExtendTable
from backhand.study.models import SequentialTable
from backhand.training.losses import LOSSES
from backhand.weights.source import refuse_diverged, without_weights


@dataclass(frozen=True)
class Plan:
    """What a person wants of an extension; None keeps what the run's own study says.

    lr and freeze are for the network that goes on; one that starts afresh keeps the study's rate and freezes nothing.
    """

    new: ExtendTable
    ways: tuple[str, ...] = WAYS
    epochs: int | None = None
    lr: float | None = None
    freeze: tuple[str, ...] = ()
    tree: bool = True
    seed: int = 0


def planned(asked: Plan, data_dir: Path | None) -> tuple[Extension, dict[str, Study]]:
    """The record before the first training, and the study of each way.

    Raises BackhandError for a run, data or layers with which it cannot be done.
    """
    run = asked.new.run
    refuse_diverged(run)
    if not (run / BEST).is_file():
        raise CheckpointError(without_weights(run))
    base, old = read_study(run), trained(run)
    if LOSSES[base.train.loss].binary:
        raise BackhandError(
            f"{run} was trained with the loss {base.train.loss}, which tells 2 classes apart and has no "
            f"place for more; train it with softmax_cross_entropy or hinge first"
        )
    if load_feeds(base, environment.having(base.data.name, run, data_dir)).fingerprint() != old.sha256:
        raise BackhandError(f"{run} was trained on other data than is there now; put back the data, or train it anew")
    studies = _studies(base, asked, data_dir)
    ways = {way: Trained() for way in studies}
    title = base.title or base.name
    return Extension(run=str(run), title=title, old=old, ways=ways, with_tree=asked.tree), studies


def _studies(base: Study, asked: Plan, data_dir: Path | None) -> dict[str, Study]:
    """The study of each way. Raises BackhandError where the new data, their number or the layers do not fit."""
    studies = {way: _study(base, asked, way) for way in asked.ways}
    splits = load_study_splits(studies[asked.ways[0]], data_dir).splits
    K = len(splits.classes)
    studies = {way: changed(study, _outputs(study, K)) for way, study in studies.items()}
    for study in studies.values():
        model = build_model(study, splits.train.x.shape[1:], K)
        if model.min_batch_size > 1:
            check_batches(study, model, len(load_study_splits(study, data_dir).train))
    return studies


def _study(base: Study, asked: Plan, way: str) -> Study:
    """The run's study with the new classes, for one way to learn them."""
    table = asked.new.model_copy(update={"old_data": way != WITHOUT, "afresh": way == AFRESH})
    values: dict[str, Any] = {
        "name": f"{base.name}-{way}",
        "title": f"{base.title or base.name}: new classes, {way.replace('-', ' ')}{' data' * (way != AFRESH)}",
        "seed": asked.seed,
        "train.init_from": None,
        "extend": table.model_dump(mode="json", exclude_none=True),
    }
    given: dict[str, Any] = {} if asked.seed == 0 else {"seed": asked.seed}
    if asked.epochs is not None:
        given["train.epochs"] = asked.epochs
    if way == WITHOUT or isinstance(base.train.class_weights, tuple):
        values["train.class_weights"] = None  # of classes that are not trained on, or of too few
    if way == AFRESH:
        values["train.freeze"] = []
    elif asked.freeze:
        given["train.freeze"] = list(asked.freeze)
    if asked.lr is not None and way != AFRESH:
        given["train.optimizer.lr"] = asked.lr
    return changed(base, values | given | {"changes": base.changes | given})


def _outputs(study: Study, K: int) -> dict[str, Any]:
    """What gives the network K outputs: nothing, or where the layers are listed one by one, the last that has any."""
    layers = list(study.model.layers) if isinstance(study.model, SequentialTable) else []
    heads = [i for i, layer in enumerate(layers) if "outputs" in layer]
    if not heads:
        return {}
    layers[heads[-1]] = layers[heads[-1]] | {"outputs": K}
    return {"model.layers": layers}
