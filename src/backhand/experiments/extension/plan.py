"""The plan of an extension, and the studies that follow from it: one for each way of training."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backhand.errors import BackhandError, CheckpointError
from backhand.experiments import environment
from backhand.experiments.build import build_model, check_batches, load_feeds
from backhand.experiments.extension import AFRESH, WAYS, WITHOUT
from backhand.experiments.extension.record import Extension, RunFigures, run_figures
from backhand.experiments.regressions import refuse_regression
from backhand.experiments.settings import read_study
from backhand.experiments.splits import load_study_splits
from backhand.files.names import BEST
from backhand.study import Study, changed
from backhand.study.extend import ExtendTable
from backhand.study.models import SequentialTable
from backhand.training.losses import CLASSIFICATION
from backhand.weights.source import refuse_diverged, without_weights


@dataclass(frozen=True)
class Plan:
    """How to extend a run by new classes.

    new: the run, and the data of the new classes.   ways: how to train; see WAYS.   epochs, lr: None for those of the
    study of the run.   freeze: layers that keep their weights.   tree: whether to grow a decision tree for comparison.
    lr and freeze are for the network that goes on; one that starts afresh has the learning rate of the study of the
    run, and no frozen layers.
    """

    new: ExtendTable
    ways: tuple[str, ...] = WAYS
    epochs: int | None = None
    lr: float | None = None
    freeze: tuple[str, ...] = ()
    tree: bool = True
    seed: int = 0


def prepare(plan: Plan, data_dir: Path | None) -> tuple[Extension, dict[str, Study]]:
    """The extension before its first training, and the study of each way.

    Raises BackhandError for a run, data or layers with which it cannot be done.
    """
    run = plan.new.run
    refuse_diverged(run)
    if not (run / BEST).is_file():
        raise CheckpointError(without_weights(run))
    base = read_study(run)
    refuse_regression(base, "an extension", "train it anew on the old and the new data together")
    old = run_figures(run)
    if CLASSIFICATION[base.train.loss].binary:
        raise BackhandError(
            f"{run} was trained with the loss {base.train.loss}, which tells 2 classes apart and has no "
            f"place for more; train it with softmax_cross_entropy or hinge first"
        )
    if load_feeds(base, environment.data_dir_with(base.data.name, run, data_dir)).fingerprint() != old.sha256:
        raise BackhandError(f"{run} was trained on other data than is there now; put back the data, or train it anew")
    studies = _studies(base, plan, data_dir)
    ways = {way: RunFigures() for way in studies}
    title = base.title or base.name
    return Extension(run=str(run), title=title, old=old, ways=ways, with_tree=plan.tree), studies


def _studies(base: Study, plan: Plan, data_dir: Path | None) -> dict[str, Study]:
    """The study of each way. Raises BackhandError where the new data, their number or the layers do not fit."""
    studies = {way: _study(base, plan, way) for way in plan.ways}
    splits = load_study_splits(studies[plan.ways[0]], data_dir).splits
    K = len(splits.classes)
    studies = {way: changed(study, _output_changes(study, K)) for way, study in studies.items()}
    for study in studies.values():
        model = build_model(study, splits.train.x.shape[1:], K)
        if model.min_batch_size > 1:
            check_batches(study, model, len(load_study_splits(study, data_dir).train))
    return studies


def _study(base: Study, plan: Plan, way: str) -> Study:
    """The study of the run with the new classes, for one way of training."""
    table = plan.new.model_copy(update={"old_data": way != WITHOUT, "afresh": way == AFRESH})
    values: dict[str, Any] = {
        "name": f"{base.name}-{way}",
        "title": f"{base.title or base.name}: new classes, {way.replace('-', ' ')}{' data' * (way != AFRESH)}",
        "seed": plan.seed,
        "train.init_from": None,
        "extend": table.model_dump(mode="json", exclude_none=True),
    }
    options: dict[str, Any] = {} if plan.seed == 0 else {"seed": plan.seed}
    if plan.epochs is not None:
        options["train.epochs"] = plan.epochs
    # Weights of the old classes alone are too few; without the old data, there are classes without training samples.
    if way == WITHOUT or isinstance(base.train.class_weights, tuple):
        values["train.class_weights"] = None
    if way == AFRESH:
        values["train.freeze"] = []
    elif plan.freeze:
        options["train.freeze"] = list(plan.freeze)
    if plan.lr is not None and way != AFRESH:
        options["train.optimizer.lr"] = plan.lr
    return changed(base, values | options | {"changes": base.changes | options})


def _output_changes(study: Study, K: int) -> dict[str, Any]:
    """The changes of the study that give its network K outputs.

    A named architecture needs none. In a list of layers, the last layer with the key `outputs` is changed.
    """
    layers = list(study.model.layers) if isinstance(study.model, SequentialTable) else []
    indices = [i for i, layer in enumerate(layers) if "outputs" in layer]
    if not indices:
        return {}
    head = indices[-1]
    layers[head] = layers[head] | {"outputs": K}
    return {"model.layers": layers}
