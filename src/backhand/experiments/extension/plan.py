"""What is trained: one study for each way to learn the new classes, in files that a killed extension goes on from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backhand.errors import BackhandError, CheckpointError
from backhand.experiments import environment
from backhand.experiments.build import build_model, check_batches, load_feeds
from backhand.experiments.folder import read_study, write_json
from backhand.experiments.kinds import EXTENSION
from backhand.experiments.splits import load_parts
from backhand.experiments.workspace import taken
from backhand.files import jsontext
from backhand.files.atomic import write_atomic
from backhand.files.paths import PathLike, as_path
from backhand.study import Study, changed, load, to_toml
from backhand.study.extend import Extend
from backhand.study.models import Layers
from backhand.training.losses import LOSSES
from backhand.weights.source import BEST, refuse_diverged, without_weights

RECORD = "extend.json"
WITH, WITHOUT, AFRESH = WAYS = ("with-old", "without-old", "afresh")


@dataclass(frozen=True)
class Asked:
    """What a person wants of an extension; None keeps what the run's own study says.

    lr and freeze are for the network that goes on; one that starts afresh keeps the study's rate and freezes nothing.
    """

    new: Extend
    ways: tuple[str, ...] = WAYS
    epochs: int | None = None
    lr: float | None = None
    freeze: tuple[str, ...] = ()
    tree: bool = True
    seed: int = 0


def begin(asked: Asked, path: PathLike, *, data_dir: PathLike | None = None) -> None:
    """Put the studies into the folder `path`, which is made.

    data_dir: a data set that is not there is looked for where data sets lay for the run.
    Raises BackhandError, having written nothing, for a run, data or layers with which it cannot be done.
    """
    path, data_dir = as_path(path), as_path(data_dir)
    with taken(path, EXTENSION, resume=False, data=[asked.new.path]):
        record, studies = _planned(asked, data_dir)
        environment.note(path, asked.seed, data_dir, anew=True)
        for way, study in studies.items():
            write_atomic(path / f"{way}.toml", to_toml(study))
        write_json(path / RECORD, record)


def _planned(asked: Asked, data_dir: Path | None) -> tuple[dict[str, Any], dict[str, Study]]:
    """The record before the first training, and the study of each way."""
    refuse_diverged(asked.new.run)
    if not (asked.new.run / BEST).is_file():
        raise CheckpointError(without_weights(asked.new.run))
    base = read_study(asked.new.run)
    metrics = finished(asked.new.run)
    if LOSSES[base.train.loss].binary:
        raise BackhandError(
            f"{asked.new.run} was trained with the loss {base.train.loss}, which tells 2 classes apart and has no "
            f"place for more; train it with softmax_cross_entropy or hinge first"
        )
    run = asked.new.run
    if load_feeds(base, environment.having(base.data.name, run, data_dir)).fingerprint() != metrics["sha256"]:
        raise BackhandError(f"{run} was trained on other data than is there now; put back the data, or train it anew")
    studies = _studies(base, asked, data_dir)
    record = {"run": str(asked.new.run), "title": base.title or base.name, "old": metrics}
    record |= {"ways": {way: {} for way in studies}}
    return record | ({"tree": None} if asked.tree else {}), studies  # None: to be grown


def opened(path: Path) -> tuple[dict[str, Any], dict[str, Study]]:
    """The record of an extension that has begun, and its studies by their way. Raises BackhandError where none is."""
    try:
        record = jsontext.loads((path / RECORD).read_text("utf-8"))
        return record, {way: load(str(path / f"{way}.toml")) for way in record["ways"]}
    except FileNotFoundError as error:
        raise BackhandError(f"{path} is no folder of an extension: it has no {RECORD}") from error
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise BackhandError(f"{path / RECORD} is damaged ({error}); begin the extension anew") from error


def finished(run: Path) -> dict[str, Any]:
    """What a finished run knew: its classes, how many test samples of each it has and gets right, its data's sha256.

    Raises BackhandError for a run that is not at its end, or whose figures cannot be read.
    """
    try:
        metrics = jsontext.loads((run / "metrics.json").read_text("utf-8"))
        if metrics["status"] != "finished":
            raise BackhandError(f"{run} is not finished but {metrics['status']}; bring it to its end, then extend it")
        data, test = metrics["data"], metrics["test"]
        figures = {"right": [row[k] for k, row in enumerate(test["confusion"])]}
        figures["counts"] = [row["support"] for row in test["per_class"]]
        return {"classes": data["classes"], "sha256": data["sha256"], "remark": _remark(metrics), **figures}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise BackhandError(f"{run} has no metrics.json that can be read; finish the run first") from error


def _remark(metrics: dict[str, Any]) -> str:
    """What must be said of a finished run's figures."""
    failure = metrics.get("training", {}).get("failure")
    return " ".join(filter(None, (f"The training failed. {failure}" if failure else "", metrics["test"].get("remark"))))


def _studies(base: Study, asked: Asked, data_dir: Path | None) -> dict[str, Study]:
    """The study of each way. Raises BackhandError where the new data, their number or the layers do not fit."""
    studies = {way: _study(base, asked, way) for way in asked.ways}
    splits = load_parts(studies[asked.ways[0]], data_dir).splits
    K = len(splits.classes)
    studies = {way: changed(study, _outputs(study, K)) for way, study in studies.items()}
    for study in studies.values():
        model = build_model(study, splits.train.x.shape[1:], K)
        if model.fewest_samples > 1:
            check_batches(study, model, len(load_parts(study, data_dir).train))
    return studies


def _study(base: Study, asked: Asked, way: str) -> Study:
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
    layers = list(study.model.layers) if isinstance(study.model, Layers) else []
    heads = [i for i, layer in enumerate(layers) if "outputs" in layer]
    if not heads:
        return {}
    layers[heads[-1]] = layers[heads[-1]] | {"outputs": K}
    return {"model.layers": layers}
