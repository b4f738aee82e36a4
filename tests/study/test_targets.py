"""A study of a regression and one of classes are told apart, and each refuses the keys of the other."""

import pytest

from backhand.study import load
from tests.study.test_errors import sentence

REGRESSIONS = [
    (
        ["train.loss=huber"],
        'train.loss = "huber" needs a target, and the data has classes',
    ),
    (
        ["data.name=diabetes", "train.loss=hinge"],
        'train.loss = "hinge" needs classes, and the data has a target; use "squared_error", "absolute_error", "huber"',
    ),
    (
        ["data.name=diabetes", "train.class_weights=sqrt"],
        "train: class_weights needs classes, and squared_error is a loss of regression",
    ),
    (["train.huber_delta=2"], "train: huber_delta needs the loss huber, not softmax_cross_entropy"),
    (["data.target=price"], 'data: target needs name = "npz", "shards" or "csv", not "digits"'),
    (
        ["data.name=csv"],
        "data: name the column to predict: label for classes, or target for numbers",
    ),
    (
        ["data.name=csv", "data.label=a", "data.target=b"],
        "data: name the column to predict: label for classes, or target for numbers",
    ),
    (["data.name=diabetes", "data.classes=['a','b']"], "data: classes needs classes, and a regression has none"),
    (["train.metrics=['f2']"], None),
    (
        ["train.unfreeze={1=['0']}"],
        'train.unfreeze: the keys are epochs, 2 or later, such as { 3 = [":4"] }, not "1"',
    ),
]


@pytest.mark.parametrize(("overrides", "expected"), REGRESSIONS, ids=[" ".join(o) for o, _ in REGRESSIONS])
def test_targets_and_classes_are_told_apart(base: str, overrides: list[str], expected: str | None) -> None:
    said = sentence(base, *overrides)
    if expected is None:
        assert said.startswith(f'{base}: train.metrics: unknown metric "f2"; ')
    else:
        assert said == f"{base}: {expected}"


def test_a_regression_has_the_squared_error_by_default(base: str) -> None:
    study = load(base, ["data.name=diabetes", "train.metrics=[]"])
    assert (study.train.loss, study.train.optimizer.kind) == ("squared_error", "sgd")  # which the base names
    assert load(base, ["data.name=diabetes", "train.loss=huber"]).train.loss == "huber"


def test_a_regression_is_trained_by_adam_by_default(tmp_path) -> None:
    (tmp_path / "s.toml").write_text('name = "s"\n[data]\nname = "diabetes"\n[model]\nname = "mlp"\n')
    study = load(tmp_path / "s.toml")
    assert (study.train.loss, study.train.optimizer.kind) == ("squared_error", "adam")
    assert load(tmp_path / "s.toml", ["train.optimizer.kind=sgd"]).train.optimizer.kind == "sgd"
    faster = load(tmp_path / "s.toml", ["train.optimizer.lr=0.01"]).train.optimizer
    assert (faster.kind, faster.lr) == ("adam", 0.01)
