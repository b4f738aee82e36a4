"""Run folders of several kinds, made from real probabilities and real training curves of small networks."""

import json
from pathlib import Path

import numpy as np
import tomli_w
from sklearn.datasets import load_breast_cancer, load_digits

from backhand import checkpoint
from tests.experiments.trainedrun import splits, train

FILES = ("study.toml", "environment.json", "history.jsonl", "metrics.json", "evidence.safetensors")


def digits(folder, *, epochs=25, validation=True, classes=None):
    """Handwritten digits, 8x8 grey pictures, through one hidden layer."""
    bunch = load_digits()
    names = classes or [str(name) for name in range(10)]
    data = splits(bunch.data / 16.0, bunch.target, validation)
    run = train(data, hidden=(32,), epochs=epochs, names=names)
    picture = {split: (x.reshape(-1, 8, 8, 1) * 255).astype(np.uint8) for split, (x, _) in data.items()}
    run["evidence"] |= _pictures(picture, data, run)
    run["evidence"] |= _attributions(np.random.default_rng(6), picture["test"], run["evidence"])
    run["metrics"]["data"] |= {"name": "digits", "title": "Handwritten digits", "sample_shape": [8, 8, 1]}
    return save(folder, run)


def binary(folder):
    """A feature table with two classes and no pictures."""
    bunch = load_breast_cancer()
    x = (bunch.data - bunch.data.mean(0)) / bunch.data.std(0)
    run = train(splits(x, bunch.target, True), hidden=(16, 8), epochs=12, names=["malignant", "benign"])
    run["metrics"]["data"] |= {"name": "breast-cancer", "title": "Breast cancer", "sample_shape": [30]}
    for key in ("first_weights", "first_weights_initial"):
        del run["evidence"][key]
    losses = np.random.default_rng(6).normal(0.01, 0.02, size=(30, 10))
    run["evidence"] |= {"importance": losses.astype(np.float32), "importance_rows": np.array([114])}
    return save(folder, run)


def hundred(folder):
    """A hundred classes of colour pictures, with a convolution first and probabilities that are partly right."""
    rng = np.random.default_rng(5)
    x = rng.uniform(size=(6000, 12))
    y = (np.argsort(np.argsort(x[:, 0] + 0.01 * rng.normal(size=6000))) // 60).astype(np.int64)
    names = [f"class number {k:02d}" for k in range(100)]
    data = splits(x, y, True)
    run = train(data, hidden=(64,), epochs=8, names=names)
    picture = {split: rng.integers(0, 256, (len(x), 32, 32, 3)).astype(np.uint8) for split, (x, _) in data.items()}
    run["evidence"] |= _pictures(picture, data, run)
    run["evidence"]["first_weights_initial"] = rng.normal(size=(5, 5, 3, 16)).astype(np.float32)
    run["evidence"]["first_weights"] = rng.normal(size=(5, 5, 3, 16)).astype(np.float32)
    run["evidence"] |= _feature_maps(rng, picture["test"], run["evidence"])
    run["evidence"] |= _attributions(rng, picture["test"], run["evidence"], layer="1")
    rows = [*_convolution(), *run["metrics"]["model"]["layers"]]
    run["metrics"]["model"]["layers"] = [row | {"name": str(place)} for place, row in enumerate(rows)]
    run["metrics"]["data"] |= {"name": "hundred", "title": "A hundred classes", "sample_shape": [32, 32, 3]}
    return save(folder, run)


def diverged(folder):
    """A training whose loss exploded: no test split, no evidence, a loss that is not a number."""
    bunch = load_digits()
    run = train(splits(bunch.data / 16.0, bunch.target, True), (32,), 4, [str(k) for k in range(10)])
    for line, loss in zip(run["history"], (2.4, 310.0, 8.1e9, float("nan")), strict=True):
        line |= {"train_loss": loss, "validation_loss": 2 * loss, "gradient_norm": 3 * loss}
    message = "the loss of step 127 (epoch 4) is not a finite number; try a smaller learning rate than 5.0"
    run["metrics"] |= {"status": "diverged", "message": message}
    run["metrics"]["training"] |= {"chosen_epoch": None, "chosen_by": "", "stopped": "diverged"}
    for key in ("test", "validation"):
        del run["metrics"][key]
    run["evidence"] = None
    return save(folder, run)


def _pictures(picture, data, run):
    probabilities, labels = run["evidence"]["probabilities"], run["evidence"]["labels"]
    wrong = np.flatnonzero(probabilities.argmax(1) != labels)
    wrong = wrong[np.argsort(-probabilities[wrong].max(1))][:24]
    first = [np.flatnonzero(data["train"][1] == k)[:3] for k in range(probabilities.shape[1])]
    sample = np.concatenate(first)
    return {
        "samples": picture["train"][sample],
        "sample_labels": data["train"][1][sample].astype(np.int64),
        "mistakes": picture["test"][wrong],
        "mistake_labels": labels[wrong],
        "mistake_predictions": probabilities[wrong].argmax(1).astype(np.int64),
        "mistake_confidence": probabilities[wrong].max(1),
        "mistake_index": wrong.astype(np.int64),
    }


def _convolution():
    conv = {"layer": "Conv2d(16, 5)", "parameters": 1216, "multiply_adds": 940_800}
    activation = {"layer": "ReLU()", "parameters": 0, "multiply_adds": 0}
    return [row | {"output": [28, 28, 16]} for row in (conv, activation)]


def _feature_maps(rng, pictures, evidence):
    """Three test pictures that were read rightly and one that was not, with eight channels of layer 1."""
    labels, predictions = evidence["labels"], evidence["probabilities"].argmax(1)
    right, wrong = np.flatnonzero(predictions == labels), np.flatnonzero(predictions != labels)
    shown = np.concatenate([right[:3], wrong[:1]])
    return {
        "map_images": pictures[shown],
        "map_index": shown,
        "map_labels": labels[shown],
        "map_predictions": predictions[shown].astype(np.int64),
        "maps.1": rng.integers(0, 256, (4, 28, 28, 8)).astype(np.uint8),
        "map_channels.1": rng.permutation(16)[:8],
        "map_ranges.1": np.stack([-rng.uniform(size=8), rng.uniform(size=8)], axis=1).astype(np.float32),
    }


def _attributions(rng, pictures, evidence, layer=""):
    """Two mistakes and three right answers, with Grad-CAM where there is a layer for it."""
    labels, predictions = evidence["labels"], evidence["probabilities"].argmax(1)
    right, wrong = np.flatnonzero(predictions == labels), np.flatnonzero(predictions != labels)
    shown = np.concatenate([wrong[:2], right[:3]])
    maps = rng.uniform(size=(3, 5, *pictures.shape[1:3])).astype(np.float32)
    maps[1, 0] = 0  # nothing speaks for the class
    cams = {f"grad_cam.{layer}": maps[1], f"grad_cam_true.{layer}": maps[2]} if layer else {}
    return cams | {
        "attribution_images": pictures[shown],
        "attribution_labels": labels[shown],
        "attribution_predictions": predictions[shown].astype(np.int64),
        "attribution_confidence": evidence["probabilities"][shown].max(1),
        "attribution_index": shown,
        "saliency": maps[0],
    }


def save(folder: Path, run) -> Path:
    """Write the files of a run; an evidence of None is left out."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(line) + "\n" for line in run["history"])
    (folder / "history.jsonl").write_text(lines, encoding="utf-8")
    (folder / "metrics.json").write_text(json.dumps(run["metrics"]), encoding="utf-8")
    (folder / "study.toml").write_text(tomli_w.dumps(STUDY), encoding="utf-8")
    (folder / "environment.json").write_text(json.dumps(ENVIRONMENT), encoding="utf-8")
    if run["evidence"] is not None:
        arrays = {name: np.ascontiguousarray(value) for name, value in run["evidence"].items()}
        checkpoint.save(folder / "evidence.safetensors", arrays)
    return folder


STUDY = {
    "name": "digits-mlp",
    "title": "A multilayer perceptron on handwritten digits",
    "seed": 7,
    "data": {"name": "digits", "validation": 0.15, "standardize": "feature"},
    "model": {"name": "mlp", "hidden": [32], "activation": "relu"},
    "train": {
        "epochs": 25,
        "batch_size": 32,
        "optimizer": {"kind": "sgd", "lr": 0.1, "momentum": 0.9},
        "schedule": {"kind": "exponential", "factor": 0.9},
        "l2": 0.0001,
    },
}
ENVIRONMENT = {
    "backhand": "0.1.0",
    "python": "3.12.1",
    "numpy": "2.1.0",
    "platform": "Linux x86_64",
    "cpu": "Example CPU @ 3.00 GHz",
    "cores": 8,
    "blas": "openblas 0.3.27",
    "threads": 8,
    "seed": 7,
    "started": "2026-01-05T10:00:00+00:00",
    "command": "backhand train study.toml --out runs/digits-mlp",
    "git": None,
}
