"""What the tables of a study make: optimisers, schedules."""

from typing import Any

import pytest

from backhand.study import Study, load
from backhand.training import optimizers, schedules


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"kind": "sgd", "lr": 0.5, "nesterov": True}, optimizers.SGD(0.5, 0.9, nesterov=True)),
        ({"kind": "rmsprop", "momentum": 0.3, "rho": 0.9}, optimizers.RMSProp(1e-3, 0.3, rho=0.9)),
        ({"kind": "adam", "weight_decay": 0.1, "beta2": 0.99}, optimizers.Adam(1e-3, 0.9, 0.1, beta2=0.99)),
        ({"kind": "adamw", "eps": 1e-6}, optimizers.AdamW(1e-3, 0.9, 0.01, eps=1e-6)),
    ],
)
def test_optimisers_are_made_from_their_tables(
    base: str, table: dict[str, Any], expected: optimizers.Optimizer
) -> None:
    study = load(base).model_dump()
    study["train"]["optimizer"] = table
    made = Study.model_validate(study).train.optimizer.make()
    assert type(made) is type(expected)
    assert repr(made) == repr(expected)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"kind": "constant"}, schedules.Constant(0.1)),
        ({"kind": "step", "every": 2}, schedules.StepDecay(0.1, 20, 0.1)),
        ({"kind": "exponential", "every": 0.5}, schedules.ExponentialDecay(0.1, 5, 0.95)),
        ({"kind": "cosine", "floor": 0.01}, schedules.CosineDecay(0.1, 60, 0.01)),
        ({"kind": "cosine", "warmup": 1.5}, schedules.Warmup(0.1, 15, schedules.CosineDecay(0.1, 45))),
        ({"kind": "one_cycle", "rise": 0.4}, schedules.OneCycle(0.1, 60, 0.4)),
        ({"kind": "plateau", "patience": 3}, schedules.ReduceOnPlateau(0.1, 0.1, 3)),
        ({"kind": "linear", "end": 0.9}, schedules.LinearRamp(0.1, 60, 0.9)),
        ({"kind": "linear", "end": 0.9, "over": 2.5}, schedules.LinearRamp(0.1, 25, 0.9)),
        ({"kind": "step", "every": 0.001}, schedules.StepDecay(0.1, 1, 0.1)),
    ],
)
def test_schedules_count_epochs_in_the_study_and_steps_in_the_solver(
    base: str, table: dict[str, Any], expected: schedules.Schedule
) -> None:
    study = load(base).model_dump()
    study["train"]["schedule"] = table
    made = Study.model_validate(study).train.schedule.make(0.1, steps_per_epoch=10, epochs=6)
    assert type(made) is type(expected)
    assert made == expected
