"""Trainings in step: what each of them is alone, to rounding; how they end; what they may not differ in."""

from dataclasses import dataclass

import numpy as np
import pytest

from backhand.architectures import mlp
from backhand.data.dataset import Dataset
from backhand.errors import DivergenceError, ModelError
from backhand.layers import BatchNorm, Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU, Tanh
from backhand.model.sequential import Sequential
from backhand.model.stack import PerModel, Stack
from backhand.training.callbacks import Callback, DivergenceGuard, EarlyStopping, Limit
from backhand.training.lockstep import fit_together
from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.optimizers import SGD, Adam
from backhand.training.penalty import L2
from backhand.training.schedules import CosineDecay, ReduceOnPlateau
from backhand.training.solver import Solver

SAMPLES, CLASSES = 45, 3


def images(seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    return Dataset(rng.standard_normal((SAMPLES, 6, 6, 2)), rng.integers(0, CLASSES, SAMPLES))


def layers_of(kind: str) -> list:
    convolutional = [Conv2d(4, 3), ReLU(), MaxPool2d(), Flatten(), Dropout(0.3), Linear(5), BatchNorm(), Tanh()]
    return {
        "linear": [Flatten(), Linear(CLASSES)],
        "two layers": [Flatten(), Linear(7), ReLU(), Linear(CLASSES)],
        "dropout and batch-norm": [Flatten(), Linear(7), BatchNorm(), ReLU(), Dropout(0.4), Linear(CLASSES)],
        "convolutional": [*convolutional, Linear(CLASSES)],
    }[kind]


KINDS = ["linear", "two layers", "dropout and batch-norm", "convolutional"]


@dataclass
class Settings:
    """What the members of a group differ in."""

    lr: float
    l2: float
    seed: int = 0
    clip: float | None = None


MEMBERS = [Settings(0.01, 0.0), Settings(0.05, 1e-2), Settings(0.1, 1e-3, seed=4), Settings(0.02, 0.1, clip=0.5)]


def solver(kind: str, own: Settings, dtype: type = np.float64) -> Solver:
    model = Sequential(*layers_of(kind)).build((6, 6, 2), seed=own.seed, dtype=dtype)
    optimizer, schedule = SGD(own.lr, 0.9), CosineDecay(own.lr, 12)
    found = Solver(model, SoftmaxCrossEntropy(), optimizer, 16, L2(own.l2), schedule, clip_norm=own.clip, seed=0)
    found.callbacks = [DivergenceGuard(), EarlyStopping(monitor="train_loss")]
    return found


def timeless(history: list[dict[str, float]]) -> list[dict[str, float]]:
    return [{key: value for key, value in record.items() if key not in ("seconds", "elapsed")} for record in history]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("dtype", "close"), [(np.float64, 1e-10), (np.float32, 2e-4)])
def test_each_is_what_it_would_be_alone(exact, kind, dtype, close) -> None:
    data, held = images(), images(1)
    feeds = [exact(Dataset(split.x.astype(dtype), split.y)) for split in (data, held)]
    alone = [solver(kind, own, dtype) for own in MEMBERS]
    together = [solver(kind, own, dtype) for own in MEMBERS]
    for each in alone:
        each.fit(*feeds, epochs=3)
    assert fit_together(together, *feeds, epochs=3) == [None] * len(MEMBERS)
    for found, wanted in zip(together, alone, strict=True):
        for name, value in found.model.arrays().items():
            np.testing.assert_allclose(value, wanted.model.arrays()[name], rtol=close, atol=close, err_msg=name)
        for mine, right in zip(timeless(found.history), timeless(wanted.history), strict=True):
            assert mine == pytest.approx(right, rel=close, abs=close)
    assert len({each.history[-1]["train_loss"] for each in together}) == len(MEMBERS)


def test_batches_are_drawn_and_augmented_once_for_all(exact) -> None:
    class Counted(exact):
        def draw(self, index, rng):
            drawn.append(len(index))
            return super().draw(index, rng)

    drawn: list[int] = []
    fit_together([solver("two layers", own) for own in MEMBERS], Counted(images()), epochs=2)
    assert drawn == [16, 16, 13] * 2


def test_one_that_diverges_is_lost_alone(exact) -> None:
    settings = [MEMBERS[0], Settings(1e6, 0.0), MEMBERS[1]]
    together = [solver("two layers", own) for own in settings]
    errors = fit_together(together, exact(images()), exact(images(1)), epochs=3)
    assert [type(error) for error in errors] == [type(None), DivergenceError, type(None)]
    assert "diverged at step" in str(errors[1])
    assert [len(each.history) for each in together] == [3, 0, 3]
    alone = solver("two layers", MEMBERS[1])
    alone.fit(exact(images()), exact(images(1)), epochs=3)
    np.testing.assert_allclose(together[2].model.parameters.values, alone.model.parameters.values, rtol=1e-10)


def test_when_all_diverge_the_fit_ends(exact) -> None:
    together = [solver("two layers", Settings(1e6, 0.0)), solver("two layers", Settings(1e7, 0.0))]
    errors = fit_together(together, exact(images()), epochs=50)
    assert all(isinstance(error, DivergenceError) for error in errors)


def test_one_that_stops_early_leaves_the_others_at_work(exact) -> None:
    together = [solver("two layers", own) for own in MEMBERS[:3]]
    together[1].callbacks = [EarlyStopping(patience=0, monitor="train_loss", restore_best=False)]
    together[1].optimizer.lr = together[1].schedule.value = 0.0  # never better than at first
    fit_together(together, exact(images()), exact(images(1)), epochs=4)
    assert [len(each.history) for each in together] == [4, 2, 4]
    assert together[1].stopped


def test_seconds_are_shared_out(exact) -> None:
    together = [solver("two layers", own) for own in MEMBERS]
    fit_together(together, exact(images()), epochs=1)
    assert len({each.history[0]["seconds"] for each in together}) == 1


def test_measured_training_figures_are_those_of_each(exact) -> None:
    together = [solver("dropout and batch-norm", own) for own in MEMBERS[:2]]
    for each in together:
        each.evaluate_train = True
    fit_together(together, exact(images()), exact(images()), epochs=2)
    for each in together:
        assert each.history[-1]["train_loss"] == each.history[-1]["validation_loss"]


def test_what_does_not_go_together_is_refused(exact) -> None:
    small, wide = mlp(CLASSES, (4,)).build((6, 6, 2)), mlp(CLASSES, (5,)).build((6, 6, 2))
    solvers = [Solver(model, SoftmaxCrossEntropy(), Adam(0.01)) for model in (small, wide)]
    with pytest.raises(ModelError, match="same layers and shapes"):
        fit_together(solvers, exact(images()), epochs=1)
    solvers = [Solver(small.copy(), SoftmaxCrossEntropy(), Adam(0.01), size) for size in (10, 20)]
    with pytest.raises(ValueError, match="agree in batch_size"):
        fit_together(solvers, exact(images()), epochs=1)


def test_layers_run_once_for_all_where_their_ops_can() -> None:
    models = [Sequential(*layers_of("dropout and batch-norm")).build((6, 6, 2), seed=seed) for seed in range(3)]
    stack = Stack(models, [np.random.default_rng(0)] * 3)
    assert [type(layer) for layer in stack.layers] == [Flatten, Linear, PerModel, ReLU, PerModel, Linear]
    assert stack.layers[1].params["weight"].shape == (3, 72, 7)
    for row, model in zip(stack.values, models, strict=True):
        assert np.shares_memory(row, model.parameters.values)
        assert np.shares_memory(row, model.layers[1].params["weight"])


def test_a_frozen_layer_stays_as_it_was(exact) -> None:
    together = [solver("two layers", own) for own in MEMBERS[:2]]
    before = [each.model.freeze("1").layers[1].params["weight"].copy() for each in together]
    fit_together(together, exact(images()), epochs=1)
    for each, weight in zip(together, before, strict=True):
        np.testing.assert_array_equal(each.model.layers[1].params["weight"], weight)
        assert each.history[0]["gradient_norm"] > 0


def test_trainings_go_on_in_step_and_alone_from_where_they_were(exact) -> None:
    class Breaks(Callback):
        def on_step_end(self, solver: Solver) -> None:
            if solver.step == 5:  # amid the second epoch
                raise KeyboardInterrupt

    alone = [solver("two layers", own) for own in MEMBERS[:3]]
    together = [solver("two layers", own) for own in MEMBERS[:3]]
    for each in alone:
        each.fit(exact(images()), epochs=4)
    together[2].callbacks = [Breaks()]
    with pytest.raises(KeyboardInterrupt):
        fit_together(together, exact(images()), epochs=3)
    assert fit_together(together, exact(images()), epochs=3) == [None] * 3
    for each in together:
        each.fit(exact(images()), epochs=4)
    for found, wanted in zip(together, alone, strict=True):
        for mine, right in zip(timeless(found.history), timeless(wanted.history), strict=True):
            assert mine == pytest.approx(right, rel=1e-9, abs=1e-9)


def test_one_that_is_stopped_takes_no_more_steps(exact) -> None:
    """Batch normalisation would go on changing with every pass through a stack that it had not left."""
    limits = [[Limit(steps=4)], [], [Limit(steps=2)], []]

    def trainings() -> list[Solver]:
        found = [solver("dropout and batch-norm", own) for own in MEMBERS]
        for each, limit in zip(found, limits, strict=True):
            each.callbacks = [*each.callbacks, *limit]
        return found

    alone, together = trainings(), trainings()
    for each in alone:
        each.fit(exact(images()), exact(images(1)), epochs=3)
    assert fit_together(together, exact(images()), exact(images(1)), epochs=3) == [None] * 4
    assert [each.step for each in together] == [4, 9, 2, 9]
    assert [each.stopped for each in together] == ["the limit of 4 steps", "", "the limit of 2 steps", ""]
    for found, wanted in zip(together, alone, strict=True):
        for name, value in found.model.arrays().items():
            np.testing.assert_allclose(value, wanted.model.arrays()[name], rtol=1e-10, atol=1e-10, err_msg=name)
        for mine, right in zip(timeless(found.history), timeless(wanted.history), strict=True):
            assert mine == pytest.approx(right, rel=1e-10, abs=1e-10)


def test_all_that_are_stopped_end_the_epoch(exact) -> None:
    drawn: list[int] = []

    class Counted(exact):
        def draw(self, index, rng):
            drawn.append(len(index))
            return super().draw(index, rng)

    together = [solver("two layers", own) for own in MEMBERS]
    for each in together:
        each.callbacks = [*each.callbacks, Limit(steps=2)]
    fit_together(together, Counted(images()), epochs=3)
    assert drawn == [16, 16]
    assert [len(each.history) for each in together] == [1] * 4


def test_a_limit_of_time_is_of_the_share_of_each(exact, monkeypatch) -> None:
    """A step of four trainings takes 4 s, so the 5 s of each are over with the fifth step, which the last one ends."""
    clock = [0.0]
    monkeypatch.setattr("backhand.training.epoch.time.perf_counter", lambda: clock[0])

    class Tick(Callback):
        def on_gradients(self, solver: Solver) -> None:
            clock[0] += 1

    together = [solver("two layers", own) for own in MEMBERS]
    for each in together:
        each.callbacks = [Tick(), Limit(seconds=5)]
    fit_together(together, exact(images()), epochs=3)
    assert [each.step for each in together] == [6, 6, 6, 5]


def test_trainings_at_different_batches_are_refused(exact) -> None:
    together = [solver("two layers", own) for own in MEMBERS[:2]]
    together[1].begin_epoch().steps = 2
    with pytest.raises(ValueError, match="must be at the same batch of an epoch"):
        fit_together(together, exact(images()), epochs=1)


def test_callbacks_are_told_of_the_one_that_is_lost(exact) -> None:
    told = []

    class Listener(Callback):
        def on_exception(self, solver: Solver) -> None:
            told.append(solver)

    together = [solver("two layers", own) for own in (MEMBERS[0], Settings(1e6, 0.0))]
    for each in together:
        each.callbacks = [*each.callbacks, Listener()]
    fit_together(together, exact(images()), epochs=2)
    assert told == [together[1]]


@pytest.mark.parametrize("name", ["model", "optimizer", "schedule", "callbacks"])
def test_what_a_training_changes_is_its_own(make_solver, blobs, name: str) -> None:
    one, other = (
        make_solver(schedule=ReduceOnPlateau(0.1), callbacks=[EarlyStopping(), DivergenceGuard()]) for _ in range(2)
    )
    setattr(other, name, getattr(one, name))
    with pytest.raises(ValueError, match=r"two trainings in step share one \w+; give each of them its own"):
        fit_together([one, other], *blobs, epochs=1)


def test_no_trainings_take_no_time(blobs) -> None:
    assert fit_together([], *blobs, epochs=1) == []


def test_models_of_two_precisions_are_not_stacked(make_solver, blobs) -> None:
    with pytest.raises(ModelError, match="models can be stacked only if they have the same dtype"):
        fit_together([make_solver(), make_solver(dtype=np.float64)], *blobs, epochs=1)
