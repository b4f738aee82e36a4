"""What a run leaves for its report: metrics.json and evidence.safetensors."""

from pathlib import Path
from typing import Any

import numpy as np

from backhand import checkpoint
from backhand.arrays import Array, Labels
from backhand.callbacks import EarlyStopping
from backhand.data.feed import Feed
from backhand.evaluate import Evaluation
from backhand.experiment.build import Material, build_model, class_weights
from backhand.layers import Linear
from backhand.losses import Loss
from backhand.model import Sequential
from backhand.solver import Solver
from backhand.study import Study

SAMPLES, MISTAKES = 80, 24  # pictures in a report
AUGMENTED, DRAWS = 6, 7  # pictures whose augmentation a report shows, and draws of each


def data_facts(study: Study, material: Material) -> dict[str, Any]:
    """What the data is, and how many samples of each class each part holds."""
    splits = material.splits
    return {
        "name": splits.name,
        "title": splits.title,
        "source": splits.source,
        "notes": splits.notes,
        "classes": list(splits.classes),
        "sample_shape": list(material.train.data.x.shape[1:]),
        "counts": {name: counts.tolist() for name, counts in material.counts().items()},
        "class_weights": list(class_weights(study, material)),
        "standardize": study.data.standardize,
        "augment": study.data.augment.model_dump(exclude_defaults=True),
        "sha256": material.fingerprint(),
    }


def model_facts(model: Sequential) -> dict[str, Any]:
    """The layer table with its totals."""
    rows = model.rows()
    return {"layers": rows} | {key: sum(row[key] for row in rows) for key in ("parameters", "multiply_adds")}


def training_facts(solver: Solver, choice: EarlyStopping) -> dict[str, Any]:
    """How long it trained, and which epoch's weights were kept why."""
    how = "evaluated after the epoch" if solver.evaluate_train else "running average over the epoch, in training mode"
    better = "highest" if choice.monitor.endswith("accuracy") else "lowest"
    best = f"{better} {choice.monitor.replace('_', ' ')}"
    return {
        "epochs": solver.epoch,
        "steps": solver.step,
        "seconds": solver.elapsed,
        "chosen_epoch": choice.best_epoch if choice.restore_best else solver.epoch,
        "chosen_by": best if choice.restore_best else "the last epoch",
        "stopped": solver.stopped or "all epochs done",
        "train_metrics": how,
    }


def test_facts(result: Evaluation, loss: Loss, classes: tuple[str, ...]) -> dict[str, Any]:
    """Loss, accuracy with its interval, confusion matrix (rows: true class), precision and recall per class."""
    from scipy.stats import binomtest

    K, count = len(classes), len(result.labels)
    confusion = np.zeros((K, K), np.int64)
    np.add.at(confusion, (result.labels, result.predictions), 1)
    right, support, predicted = confusion.diagonal(), confusion.sum(1), confusion.sum(0)
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
    return result.figures() | {
        "count": count,
        "correct": int(right.sum()),
        "interval": [float(interval.low), float(interval.high)],
        "interval_kind": "95% Wilson score",
        "confidence": loss.confidence,
        "confusion": confusion.tolist(),
        "per_class": per_class,
        "macro": {key: _mean([row[key] for row in per_class]) for key in ("precision", "recall", "f1")},
    }


def write_evidence(folder: Path, study: Study, material: Material, solver: Solver, result: Evaluation) -> None:
    """The arrays behind the report's pictures: samples, confident mistakes, first weights, test probabilities."""
    probabilities = solver.loss.predict_proba(result.scores).astype(np.float32)
    arrays: dict[str, Array] = {"probabilities": probabilities, "labels": result.labels}
    train, test = material.train.data, material.test.data
    wrong = np.flatnonzero(result.predictions != result.labels)
    confidence = probabilities[wrong, result.predictions[wrong]]
    order = np.argsort(-confidence, kind="stable")[:MISTAKES]
    wrong = wrong[order]
    arrays |= {"mistake_index": wrong, "mistake_confidence": confidence[order]}
    arrays |= {"mistake_labels": result.labels[wrong], "mistake_predictions": result.predictions[wrong]}
    if train.is_image:
        shown = _per_class(train.y, SAMPLES)
        arrays |= {"samples": train.x[shown], "sample_labels": train.y[shown], "mistakes": test.x[wrong]}
        arrays |= _augmented(material.train, len(material.splits.classes))
        first = next((layer for layer in solver.model.layers if layer.params), None)
        if isinstance(first, Linear):
            initial = build_model(study, train.x.shape[1:], len(material.splits.classes))
            at = solver.model.layers.index(first)
            arrays |= {"first_weights": first.params["weight"]}
            arrays |= {"first_weights_initial": initial.layers[at].params["weight"]}
    checkpoint.save(folder / "evidence.safetensors", arrays)


def _augmented(train: Feed, K: int) -> dict[str, Array]:
    """Some training images, each followed by draws as training sees them, with their targets; always the same draws.

    augmented (A, 1 + DRAWS, H, W, C) uint8, augmented_targets (A, 1 + DRAWS, K); nothing without augmentation.
    """
    if train.augment is None:
        return {}
    shown, rng = _per_class(train.data.y, AUGMENTED), np.random.default_rng(0)
    x, labels = train.data.x[shown], train.data.y[shown]
    hot = np.eye(K, dtype=np.float32)
    pictures: list[Array] = [x]
    targets: list[Array] = [hot[labels]]
    for _ in range(DRAWS):
        drawn, mixed = train.augment(x, labels, rng)
        pictures.append(np.rint(drawn).astype(np.uint8))
        targets.append(mixed if mixed.ndim == 2 else hot[mixed])
    return {"augmented": np.stack(pictures, axis=1), "augmented_targets": np.stack(targets, axis=1)}


def _per_class(labels: Labels, limit: int) -> Labels:
    """The first few samples of each class, about `limit` in all, class by class."""
    classes = np.unique(labels)
    each = max(limit // len(classes), 1)
    return np.concatenate([np.flatnonzero(labels == k)[:each] for k in classes[:limit]])


def _ratio(part: int, whole: int) -> float | None:
    """None where there is nothing to divide: a class never predicted has no precision."""
    return float(part / whole) if whole else None


def _mean(values: list[float | None]) -> float:
    """The macro average; an undefined value counts as 0, as is usual."""
    return float(np.mean([value or 0.0 for value in values]))
