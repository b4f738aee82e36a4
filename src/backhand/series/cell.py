"""One run of a series: trained, its best weights tested once, and kept as figures or as a whole run."""

import json
import time
from pathlib import Path
from typing import Any

from backhand import experiment
from backhand.callbacks import DivergenceGuard
from backhand.errors import DivergenceError
from backhand.evaluate import evaluate
from backhand.experiment import folder
from backhand.experiment.build import (
    Material,
    build_early_stopping,
    build_model,
    build_solver,
    init_weights,
)
from backhand.series.figures import Result
from backhand.solver import Callback
from backhand.study import Study


def train(study: Study, material: Material, labels: dict[str, str], watch: Callback) -> Result:
    """Figures alone. A training that diverges is a result, too."""
    begin = time.perf_counter()
    model = build_model(study, material.train.data.x.shape[1:], len(material.splits.classes))
    init_weights(study, model)
    solver, stopping = build_solver(study, model, material), build_early_stopping(study, material)
    solver.callbacks = [DivergenceGuard(), stopping, watch]
    status, message = "finished", ""
    figures: dict[str, float] = {"parameters": model.parameters.values.size}
    try:
        solver.fit(material.train, material.validation, epochs=study.train.epochs)
        result = evaluate(model, solver.loss, material.test, flips=study.train.test_flips)
        chosen = stopping.best_epoch if stopping.restore_best else solver.epoch
        figures |= _numbers(solver.history[chosen - 1]) | {f"test_{k}": v for k, v in result.figures().items()}
    except DivergenceError as error:
        status, message = "diverged", str(error)
    figures |= {"epochs": len(solver.history), "seconds": time.perf_counter() - begin}
    history = [_numbers(record) for record in solver.history]
    return Result(labels, study.seed, status, message, figures, history, folder.settings(study))


def whole(study: Study, place: Path, labels: dict[str, str], data_dir: Path | None) -> Result:
    """A run in a folder of its own, which goes on where it was."""
    begun = (place / "study.toml").exists()
    try:
        metrics = experiment.run(study, place, data_dir=data_dir, resume=begun)
        status, message = "finished", ""
    except DivergenceError as error:
        metrics, status, message = json.loads((place / "metrics.json").read_text("utf-8")), "diverged", str(error)
    history = [_numbers(json.loads(each)) for each in (place / "history.jsonl").read_text("utf-8").splitlines()]
    training = metrics.get("training", {})
    figures: dict[str, float] = {"parameters": metrics["model"]["trained"], "seconds": training.get("seconds", 0.0)}
    if status == "finished":
        figures |= history[training["chosen_epoch"] - 1]
        for part in ("validation", "test"):
            figures |= {f"{part}_{key}": value for key, value in _numbers(metrics.get(part, {})).items()}
    figures |= {"epochs": len(history), "seconds": training.get("seconds", 0.0)}
    return Result(labels, study.seed, status, message, figures, history, folder.settings(study))


def _numbers(record: dict[str, Any]) -> dict[str, float]:
    return {key: value for key, value in record.items() if isinstance(value, int | float)}
