"""Answers to questions, with figures that a test chooses."""

from typing import Any

from backhand.experiments.environment import Environment
from backhand.experiments.questions.record import Answer, QuestionRecord
from backhand.study import Study

DATA = {
    "title": "Digits",
    "source": "",
    "classes": 10,
    "counts": {"train": 100, "validation": 100},
    "baseline": 0.1,
    "sha256": "",
}


def answer(question: str, cells: list[tuple[dict[str, Any], dict[str, Any]]]) -> Answer:
    """The answer to a question: the values and the figures of each of its trainings."""
    study = Study(name="why", title=f"Why {question}?", data={"name": "digits"}, model={"name": "mlp"})
    trained = [{"values": values, "seconds": 1.0, "found": figures} for values, figures in cells]
    record = {"question": question, "data": DATA, "planned": len(trained), "cells": trained}
    return Answer(QuestionRecord.model_validate(record), study, Environment(command="backhand ask"))


def layers(activation: str, depth: int, first: float, accuracy: float, sign: float | None = 1.0) -> tuple[dict, dict]:
    """A network of the question about sigmoids: the norm of its first gradient, its accuracy, its share of one sign."""
    values = {"activation": activation, "hidden": [8] * depth}
    norms = [first * (1 / first) ** (i / depth) for i in range(depth + 1)]
    figures = {
        "norms": norms,
        "norms_after": norms,
        "one_sign": [0.0] + [sign] * depth,
        "agreement": [0.6] + [0.9] * depth,
        "train_loss": [1.0, 0.5],
        "validation_accuracy": [0.1, accuracy],
    }
    return values, figures


def uses(p: float, right: list[float], forgotten: float, twice: float, accuracy: float) -> tuple[dict, dict]:
    """A network of the question about dropout: the gaps of either right use, then the last gap of either wrong use."""

    def use(gap: list[float], loss: float, score: float) -> dict[str, Any]:
        return {"loss": loss, "accuracy": score, "gap": gap}

    right_use = use(right, 0.1, 0.9)
    figures = {
        "masks": [1, 1024],
        "inverted": {"inverted": right_use, "classic": use([1.0, twice], 0.2, 0.9)},
        "classic": {"classic": right_use, "inverted": use([1.0, forgotten], 0.3, accuracy)},
    }
    return {"hidden": [16], "dropout": p}, figures


def training(size: int, lr: float, accuracy: float | None, lowest: float = 0.5) -> tuple[dict, dict]:
    """A training of the question about divergence; without an accuracy, one that diverged."""
    figures = {
        "message": "" if accuracy is not None else f"the training diverged. Try {lr / 10:g}",
        "steps": 3,
        "first": 2.0,
        "lowest": lowest,
        "curve": [[1, 2.0], [2, lowest], [3, 9.0]],
        "validation_accuracy": [] if accuracy is None else [0.1, accuracy],
    }
    return {"batch_size": size, "lr": lr}, figures
