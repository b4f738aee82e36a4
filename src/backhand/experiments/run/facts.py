"""What a run leaves for its report in metrics.json."""

from typing import Any

import numpy as np

from backhand.data.batches import left_out
from backhand.experiments.build import Material, class_weights
from backhand.experiments.course import typical_loss
from backhand.model.sequential import Sequential
from backhand.study import Study
from backhand.training.callbacks import EarlyStopping
from backhand.training.evaluate import Evaluation
from backhand.training.losses import Loss
from backhand.training.metrics import words
from backhand.training.solver import Solver

NAMED = 20  # samples whose scores are not finite, of which metrics.json holds the places
ALL_DONE = "all epochs done"  # why a training ended that nothing stopped


def data_facts(study: Study, material: Material, model: Sequential) -> dict[str, Any]:
    """What the data is, how many samples of each class each part holds, and what the model's batches leave out."""
    splits = material.splits
    return {
        "name": splits.name,
        "title": splits.title,
        "source": splits.source,
        "notes": splits.notes | batch_notes(study, material, model),
        "classes": list(splits.classes),
        "sample_shape": list(material.train.data.x.shape[1:]),
        "counts": {name: counts.tolist() for name, counts in material.counts().items()},
        "class_weights": list(class_weights(study, material)),
        "standardize": study.data.standardize,
        "augment": study.data.augment.model_dump(exclude_defaults=True),
        "sha256": material.fingerprint(),
    }


def batch_notes(study: Study, material: Material, model: Sequential) -> dict[str, str]:
    """Which samples each epoch leaves out; nothing where it sees all."""
    count, fewest = len(material.train), model.fewest_samples
    if not (rest := left_out(count, study.train.batch_size, fewest)):
        return {}
    why = f"batch normalisation needs {fewest} in a batch, and the last one would have {rest}"
    return {"left out of each epoch": f"{rest} training sample, another one each time; {why}"}


def model_facts(model: Sequential) -> dict[str, Any]:
    """The layer table with its totals."""
    rows = model.rows()
    return {"layers": rows} | {key: sum(row[key] for row in rows) for key in ("parameters", "trained", "multiply_adds")}


def training_facts(solver: Solver, choice: EarlyStopping, failure: str = "") -> dict[str, Any]:
    """How long it trained, which epoch's weights were kept why, and why the training counts as one that failed."""
    how = "evaluated after the epoch" if solver.evaluate_train else "running average over the epoch, in training mode"
    best = f"{choice.metric.superlative} {words(choice.monitor)}"
    return {
        "epochs": solver.epoch,
        "steps": solver.step,
        "seconds": solver.elapsed,
        "saving_seconds": solver.saving_seconds,
        "chosen_epoch": (choice.best_epoch or None) if choice.restore_best else solver.epoch,
        "chosen_by": best if choice.restore_best else "the last epoch",
        "stopped": solver.stopped or ALL_DONE,
        "failure": failure,
        "train_metrics": how,
    }


def score_facts(result: Evaluation, split: str) -> dict[str, Any]:
    """Loss, accuracy, error, count; how many samples have scores that are not finite, the first of them, a remark."""
    lost = result.not_finite
    facts = {"count": len(result.labels), "not_finite": len(lost), "remark": result.remark(split)}
    return result.figures() | facts | {"not_finite_samples": lost[:NAMED].tolist()}


def test_facts(result: Evaluation, loss: Loss, classes: tuple[str, ...]) -> dict[str, Any]:
    """The scores, the accuracy's interval, the confusion matrix (rows: true class), precision and recall per class.

    Samples whose scores are not finite are in no column of the confusion matrix; they count in the support.
    """
    from scipy.stats import binomtest

    K, count = len(classes), len(result.labels)
    confusion, named = np.zeros((K, K), np.int64), result.predictions >= 0
    np.add.at(confusion, (result.labels[named], result.predictions[named]), 1)
    right, support, predicted = confusion.diagonal(), np.bincount(result.labels, minlength=K), confusion.sum(0)
    per_class: list[dict[str, Any]] = [
        {
            "name": classes[k],
            "precision": _ratio(right[k], predicted[k]),
            "recall": _ratio(right[k], support[k]),
            "f1": _ratio(2 * right[k], support[k] + predicted[k]),
            "support": int(support[k]),
        }
        for k in range(K)
    ]
    interval = binomtest(int(right.sum()), count).proportion_ci(0.95, method="wilson")
    return score_facts(result, "test") | {
        "correct": int(right.sum()),
        "interval": [float(interval.low), float(interval.high)],
        "interval_kind": "95% Wilson score",
        "typical_loss": typical_loss(result, loss),
        "confidence": loss.confidence,
        "confusion": confusion.tolist(),
        "per_class": per_class,
        "macro": {key: _mean([row[key] for row in per_class]) for key in ("precision", "recall", "f1")},
    }


def _ratio(part: int, whole: int) -> float | None:
    """None where there is nothing to divide: a class never predicted has no precision."""
    return float(part / whole) if whole else None


def _mean(values: list[float | None]) -> float:
    """The macro average; an undefined value counts as 0, as is usual."""
    return float(np.mean([value or 0.0 for value in values]))
