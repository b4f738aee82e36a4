"""Runs of a series: trained, their best weights tested once, and kept as figures or as whole runs."""

from math import isfinite
from pathlib import Path
from statistics import mean
from typing import Any

from backhand.errors import DivergenceError
from backhand.experiments import folder, search
from backhand.experiments.build import Material
from backhand.experiments.course import course
from backhand.experiments.run import work
from backhand.experiments.series.figures import Result
from backhand.experiments.trainer import Training
from backhand.files import jsontext
from backhand.files.paths import PathLike
from backhand.study import Study
from backhand.training.evaluate import evaluate


def tested(training: Training, material: Material, labels: dict[str, str]) -> Result:
    """Figures alone. A training that diverged is a result, too."""
    study, solver, stopping = training.study, training.solver, training.stopping
    figures: dict[str, float] = {"parameters": solver.model.parameters.values.size}
    figures |= {f"{part}_count": len(feed) for part, feed in material.parts.items()}
    message = failure = ""
    if training.error is None:
        result = evaluate(solver.model, solver.loss, material.test, study.train.views)
        chosen = stopping.best_epoch if stopping.restore_best else solver.epoch
        tests = {f"test_{key}": value for key, value in result.figures().items()}
        figures |= _numbers(solver.history[chosen - 1] | tests)
        message = result.remark("test")
        failure = course(study, solver, stopping, material, result).sentence()
    status, message = ("finished", message) if training.error is None else ("diverged", str(training.error))
    figures |= {"epochs": len(solver.history), "seconds": training.seconds}
    history = [_numbers(record) for record in solver.history]
    title = material.splits.title
    return Result(labels, study.seed, status, message, figures, history, folder.settings(study), title, failure)


def whole(
    study: Study, place: Path, labels: dict[str, str], data_dir: PathLike | None, *, quiet: bool = False
) -> Result:
    """A run in a folder of its own, which goes on where it was."""
    begun = (place / "study.toml").exists()
    try:
        metrics = work.run(study, place, data_dir=data_dir, resume=begun, quiet=quiet)
        status, message = "finished", metrics["test"]["remark"]
    except DivergenceError as error:
        metrics, status, message = jsontext.loads((place / "metrics.json").read_text("utf-8")), "diverged", str(error)
    history = [_numbers(jsontext.loads(each)) for each in (place / "history.jsonl").read_text("utf-8").splitlines()]
    training = metrics.get("training", {})
    figures: dict[str, float] = {"parameters": metrics["model"]["trained"], "seconds": training.get("seconds", 0.0)}
    if status == "finished":
        figures |= history[training["chosen_epoch"] - 1]
        for part in ("validation", "test"):
            figures |= {f"{part}_{key}": value for key, value in _numbers(metrics.get(part, {})).items()}
        figures |= _exactness(metrics)
    figures |= {f"{part}_count": sum(counts) for part, counts in metrics["data"]["counts"].items()}
    figures |= {"epochs": len(history), "seconds": training.get("seconds", 0.0)}
    title, failure = metrics["data"]["title"], training.get("failure", "")
    return Result(labels, study.seed, status, message, figures, history, folder.settings(study), title, failure)


def searched(
    study: Study, place: Path, labels: dict[str, str], data_dir: PathLike | None, *, quiet: bool = False
) -> Result:
    """A search in a folder of its own: the figures are means over the seeds that its best values were trained with."""
    record = search.run(study, place, data_dir=data_dir, resume=(place / "study.toml").exists(), quiet=quiet)
    best = next(trial for trial in record["trials"] if trial["number"] == record["best"])
    runs = [run for run in record["runs"] if "test" in run]
    figures = {f"{part}_accuracy": mean(run[part] for run in runs) for part in ("validation", "test") if runs}
    figures |= {"trials": len(record["trials"]), "parameters": best["parameters"]}
    figures["seconds"] = sum(each["seconds"] for each in (*record["trials"], *runs))
    columns = best["curve"]
    history = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    history = [{"epoch": epoch} | _numbers(each) for epoch, each in enumerate(history, start=1)]
    tested = [folder.finished(place / run["folder"]) or {} for run in runs[:1]]
    title = tested[0]["data"]["title"] if tested else ""
    failure = next((run["failure"] for run in runs if run.get("failure")), "")
    return Result(labels, study.seed, "finished", "", figures, history, folder.settings(study), title, failure)


def _exactness(metrics: dict[str, Any]) -> dict[str, float]:
    """The worst relative error of a gradient, and what float64 loses of scores and loss."""
    errors = [row["worst"] for row in metrics["gradient_check"] if row["worst"] is not None]
    rounding = {f"{key}_rounding": value for key, value in (metrics["rounding"] or {}).items()}
    return ({"gradient_difference": max(errors)} if errors else {}) | rounding


def _numbers(record: dict[str, Any]) -> dict[str, float]:
    return {key: value for key, value in record.items() if isinstance(value, int | float) and isfinite(value)}
