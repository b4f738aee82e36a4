"""A study from its first line to the folder of results; killed at any moment, it goes on where it was."""

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from backhand.arrays import Array
from backhand.console.terminal import make_console
from backhand.data.value_range import Span
from backhand.errors import DivergenceError
from backhand.experiments import environment, folder, workspace
from backhand.experiments.build import (
    Material,
    build_early_stopping,
    build_solver,
    init_weights,
    load_material,
    model_for,
)
from backhand.experiments.course import course
from backhand.experiments.decide import decide
from backhand.experiments.kinds import RUN
from backhand.experiments.run.beginning import Start
from backhand.experiments.run.evidence import write_evidence
from backhand.experiments.run.facts import data_facts, model_facts, score_facts, test_facts, training_facts
from backhand.experiments.run.gradients import gradient_facts, rounding_facts
from backhand.experiments.run.interrupt import saved_first
from backhand.experiments.run.resume import refuse_to_train_on, restore
from backhand.experiments.run.split_accuracy import Watch
from backhand.files import jsontext
from backhand.files.paths import PathLike, as_path
from backhand.study import Study
from backhand.study.auto import AUTO
from backhand.training.callbacks import Checkpoint, DivergenceGuard
from backhand.training.evaluate import evaluate
from backhand.training.progress import ProgressBar
from backhand.training.range_test import FILE as RANGE
from backhand.training.range_test import RangeTest
from backhand.training.saving import has_state, remove_states
from backhand.training.solver import Solver


@dataclass(frozen=True)
class Run:
    """A study with its data, model, solver and folder, ready to train."""

    study: Study
    path: Path
    material: Material
    solver: Solver
    start: Start
    saving: Checkpoint
    progress: ProgressBar
    metrics: dict[str, Any]
    rates: RangeTest | None


def run(
    study: Study, path: PathLike, *, data_dir: PathLike | None = None, resume: bool = False, quiet: bool = False
) -> dict[str, Any]:
    """Train, choose, test, and write everything but the report into the folder `path`; returns its metrics.json.

    A fresh run makes the folder; a resumed one goes on from its newest readable state, bit for bit, with data sets from
    where they lay before unless `data_dir` says otherwise. One that is finished, and has no states any more, stays.
    Raises DivergenceError when the loss stops being finite, and BackhandError for anything else a user can mend.
    """
    path, console = as_path(path), make_console(quiet=quiet)
    data_dir = environment.data_dir(path, data_dir, resume=resume)
    with workspace.taken(path, RUN, resume=resume, data=[study.data.path]):
        if resume:
            study = folder.inherited(study, folder.read_study(path))
        finished = folder.finished(path) if resume and not has_state(path) else None
        begun = resume and (has_state(path) or finished is not None)
        made = _prepare(study, path, data_dir, console, begun=begun)
        origin = made.saving.origin
        if finished is not None:
            refuse_to_train_on(path, made.study, finished, origin)
        elif begun:
            console.print("\n".join(restore(path, made.study, made.solver, origin)))
        elif resume:
            console.print("no state has been saved yet; the training begins anew")
        workspace.begin(path, made.study, data_dir, resume=resume)
        if finished is not None:
            console.print("the run is finished; nothing is left to train")
            return finished
        if made.rates:
            folder.write_json(path / RANGE, made.rates.as_json())
        _write_metrics(made, {"status": "running", "message": ""})
        _fit(made)
        with console.status("testing, and checking the gradients"):
            return _finish(made)


def _prepare(study: Study, path: Path, data_dir: Path | None, console: Console, *, begun: bool) -> Run:
    """Everything that can be refused before anything is written. A run that has begun has its weights in its state."""
    material = load_material(study, data_dir)
    finding = console.status("finding a learning rate") if study.train.optimizer.lr == AUTO else nullcontext()
    with finding:
        study, rates = decide(study, material)
    model = model_for(study, material)
    transfer = None if begun else init_weights(study, model)
    solver, start = build_solver(study, model, material), Start.of(model, transfer)
    metrics = {"data": data_facts(study, material, model), "model": model_facts(model)}
    stopping, progress = build_early_stopping(study, material), ProgressBar(console)
    origin = {"study": folder.settings(study), "data": metrics["data"]["sha256"]}
    saving = Checkpoint(path, stopping, origin, *_for_predictions(study, material), study.train.save_every)
    solver.callbacks = [DivergenceGuard(), stopping, start, Watch(material.watched), progress, saving]
    console.print(f"folder: {path}")
    console.print(f"{study.title or study.name}: {len(material.train):,} training samples")
    console.print(model.summary())
    for key, value in metrics["data"]["notes"].items():
        console.print(f"{key}: {value}")
    if transfer:
        console.print(str(transfer))
    if rates:
        console.print(f"learning rate {study.train.optimizer.lr:g}, by a range test of {len(rates.lr)} steps")
    return Run(study, path, material, solver, start, saving, progress, metrics, rates)


def _fit(made: Run) -> None:
    try:
        with saved_first(made.saving):
            made.solver.fit(made.material.train, made.material.validation, epochs=made.study.train.passes)
    except DivergenceError as error:
        made.solver.stopped = "the training diverged"
        _write_metrics(made, {"status": "diverged", "message": str(error)} | _training(made))
        raise


def _for_predictions(study: Study, material: Material) -> tuple[dict[str, Array], dict[str, Any]]:
    """What `predict` needs besides the weights: the scaling as arrays; as facts the classes, and what samples are like.

    Those of the whole training part, to which an extension that trains on new data alone belongs with its old ones.
    """
    samples = material.splits.train.x
    scaling = {f"standardizer.{name}": value for name, value in material.train.standardizer.arrays().items()}
    facts = {"classes": material.splits.classes, "sample_shape": samples.shape[1:], "span": Span.of(samples).facts()}
    how = None if study.data.resize is None else study.data.resize.how
    return scaling, facts | {"resize": how}


def _finish(made: Run) -> dict[str, Any]:
    """Judge the chosen weights: validation, test (touched once), gradients, and what the report needs."""
    solver, material, views = made.solver, made.material, made.study.train.views
    seen = {"test_flips": views.flips, "test_shift": views.shift}
    result = evaluate(solver.model, solver.loss, material.test, views)
    choice = made.saving.early_stopping
    failure = course(made.study, solver, choice, material, result).sentence()
    figures: dict[str, Any] = {"training": training_facts(solver, choice, failure)}
    if material.validation is not None:
        held = evaluate(solver.model, solver.loss, material.validation, views)
        figures["validation"] = score_facts(held, "validation") | seen
    figures["test"] = test_facts(result, solver.loss, material.splits.classes) | seen
    figures["gradient_check"] = gradient_facts(solver, material.train)
    figures["rounding"] = rounding_facts(solver, material.train)
    write_evidence(made.path, material, solver, result, made.start.first_weights)
    if failure:
        made.progress.console.print(f"warning: the training failed. {failure}")
    for remark in (figures[split]["remark"] for split in ("validation", "test") if split in figures):
        if remark:
            made.progress.console.print(f"warning: {remark}")
    metrics = _write_metrics(made, {"status": "finished", "message": ""} | figures)
    if not made.study.train.keep_states:
        remove_states(made.path)
    return metrics


def _training(made: Run) -> dict[str, Any]:
    return {"training": training_facts(made.solver, made.saving.early_stopping)}


def _write_metrics(made: Run, more: dict[str, Any]) -> dict[str, Any]:
    metrics: dict[str, Any] = jsontext.finite(more | made.metrics | {"init_from": made.start.init_from})
    folder.write_json(made.path / "metrics.json", metrics)
    return metrics
