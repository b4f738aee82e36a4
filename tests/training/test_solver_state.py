"""A training that is saved, loaded by a fresh solver and gone on with ends with the bits of one that never stopped."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backhand import checkpoint
from backhand.errors import CheckpointError
from backhand.training.callbacks import Callback, DivergenceGuard, EarlyStopping
from backhand.training.epoch import EpochTotals
from backhand.training.lockstep import fit_together
from backhand.training.measures import Hits
from backhand.training.optimizers import SGD, Adam, AdamW, RMSProp
from backhand.training.schedules import (
    CosineDecay,
    ExponentialDecay,
    LinearRamp,
    OneCycle,
    ReduceOnPlateau,
    StepDecay,
    Warmup,
)
from backhand.training.solver import Solver

OPTIMIZERS = {
    "sgd": lambda: SGD(0.1),
    "nesterov": lambda: SGD(0.1, 0.9, 1e-3, nesterov=True),
    "rmsprop": lambda: RMSProp(0.01, 0.5),
    "adam": lambda: Adam(0.01),
    "adamw": lambda: AdamW(0.01, weight_decay=0.1),
}
SCHEDULES = {
    "none": lambda: None,
    "step": lambda: StepDecay(0.1, 5, 0.5),
    "exponential": lambda: ExponentialDecay(0.1, 4),
    "cosine": lambda: CosineDecay(0.1, 24),
    "one cycle": lambda: OneCycle(0.1, 24),
    # A relative threshold of 1 lets almost nothing count as an improvement: every second epoch reduces.
    "plateau": lambda: Warmup(0.1, 3, ReduceOnPlateau(0.1, 0.5, patience=1, threshold=1.0)),
}
TIMED = {"seconds", "elapsed", "saving_seconds"}


def solver(make_solver, **options: Any) -> Solver:
    callbacks = [DivergenceGuard(), EarlyStopping(restore_best=True)]
    return make_solver({"dropout": 0.3, "batchnorm": True}, callbacks=callbacks, **options)


def through_a_file(trained: Solver, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    checkpoint.save(folder / "state.safetensors", *trained.state())
    return checkpoint.load(folder / "state.safetensors")


def assert_same(one: Solver, two: Solver) -> None:
    for (a, facts_a), (b, facts_b) in [(one.state(), two.state())]:
        assert a.keys() == b.keys()
        for name, value in a.items():
            assert value.tobytes() == b[name].tobytes(), name
        for facts in (facts_a, facts_b):
            facts["history"] = [{k: v for k, v in record.items() if k not in TIMED} for record in facts["history"]]
        assert {**facts_a, "saving_seconds": 0} == {**facts_b, "saving_seconds": 0}


def test_what_saving_took_before_counts_on(make_solver, tmp_path: Path) -> None:
    before, after = solver(make_solver), solver(make_solver)
    before.saving_seconds = 3.5
    after.load(*through_a_file(before, tmp_path))
    assert after.saving_seconds == 3.5


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES.keys())
@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
def test_resuming_changes_no_bit(make_solver, blobs, tmp_path: Path, optimizer, schedule) -> None:
    def fresh() -> Solver:
        momentum = LinearRamp(0.5, 20, 0.9)
        return solver(make_solver, optimizer=optimizer(), schedule=schedule(), momentum_schedule=momentum)

    whole, first, second = fresh(), fresh(), fresh()
    whole.fit(*blobs, epochs=6)
    first.callbacks[1].on_fit_end = lambda solver: None  # as at the end of an epoch in the middle of a training
    first.fit(*blobs, epochs=3)
    second.load(*through_a_file(first, tmp_path))
    second.fit(*blobs, epochs=6)
    assert len(second.history) == 6
    assert_same(whole, second)


class Keeper(Callback):
    """Saves the state after each step, within epochs too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def on_step_end(self, solver: Solver) -> None:
        checkpoint.save(self.folder / f"{solver.step}.safetensors", *solver.state())


@pytest.mark.parametrize("together", [False, True], ids=["alone", "in step"])
@pytest.mark.parametrize(("optimizer", "schedule"), [("nesterov", "plateau"), ("adamw", "one cycle")])
def test_resuming_after_any_step_changes_no_bit(
    make_solver, blobs, tmp_path: Path, optimizer: str, schedule: str, together: bool
) -> None:
    train = replace(blobs[0], data=blobs[0].data.take(slice(0, 90)))  # three batches, the last one shorter

    def fit(made: Solver) -> Solver:
        if together:
            assert fit_together([made], train, blobs[1], epochs=3) == [None]
        else:
            made.fit(train, blobs[1], epochs=3)
        return made

    def fresh(*more: Callback) -> Solver:
        made = solver(make_solver, optimizer=OPTIMIZERS[optimizer](), schedule=SCHEDULES[schedule]())
        made.callbacks = [*made.callbacks, *more]
        return made

    whole = fit(fresh(Keeper(tmp_path)))
    for step in range(1, 10):
        second = fresh(Keeper(tmp_path))
        second.load(*checkpoint.load(tmp_path / f"{step}.safetensors"))
        assert (second.epoch, second.epoch_totals.steps) == ((step - 1) // 3, (step - 1) % 3 + 1)
        assert_same(whole, fit(second))


def test_a_training_that_was_broken_off_goes_on_where_it_was(make_solver, blobs) -> None:
    class Breaks(Callback):
        def on_step_end(self, solver: Solver) -> None:
            if solver.step in (2, 4, 7):
                raise KeyboardInterrupt

    whole, broken = solver(make_solver), solver(make_solver)
    whole.fit(*blobs, epochs=2)
    broken.callbacks = [*broken.callbacks, Breaks()]
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            broken.fit(*blobs, epochs=2)
    broken.fit(*blobs, epochs=2)
    broken.callbacks = broken.callbacks[:2]
    assert_same(whole, broken)


def test_an_epoch_that_was_begun_is_finished_whatever_is_asked_for(make_solver, blobs, tmp_path: Path) -> None:
    first = solver(make_solver)
    first.callbacks = [*first.callbacks, Keeper(tmp_path)]
    first.fit(*blobs, epochs=3)
    second = solver(make_solver)
    second.load(*checkpoint.load(tmp_path / "10.safetensors"))
    assert len(second.fit(*blobs, epochs=1)) == 3


def test_what_is_not_finite_amid_an_epoch_is_read_back(make_solver, blobs, tmp_path: Path) -> None:
    first, second = solver(make_solver), solver(make_solver)
    first.epoch_totals = EpochTotals(
        first.streams.shuffle.bit_generator.state, Hits(), steps=1, samples=40, loss=np.inf
    )
    second.load(*through_a_file(first, tmp_path))
    assert np.isnan(second.epoch_totals.loss)
    assert second.epoch_totals.samples == 40


def test_the_state_of_an_earlier_version_is_one_between_epochs(make_solver, blobs, tmp_path: Path) -> None:
    first, second = solver(make_solver), solver(make_solver)
    first.fit(*blobs, epochs=2)
    arrays, facts = first.state()
    second.load(arrays, {key: value for key, value in facts.items() if key not in ("running", "saving_seconds")})
    assert (second.epoch_totals, second.saving_seconds, second.epoch) == (None, 0.0, 2)


def test_the_plateau_of_this_test_reduces_in_both_halves(make_solver, blobs) -> None:
    """Else the state of a plateau would not have been put to the test above."""
    trained = solver(make_solver, schedule=SCHEDULES["plateau"]())
    rates = [record["lr"] for record in trained.fit(*blobs, epochs=6)]
    assert rates[2] > rates[3] > rates[5]


def test_elapsed_goes_on_counting(make_solver, blobs, tmp_path: Path) -> None:
    first, second = solver(make_solver), solver(make_solver)
    first.fit(*blobs, epochs=2)
    second.load(*through_a_file(first, tmp_path))
    assert second.elapsed == first.elapsed > 0
    second.fit(*blobs, epochs=3)
    assert second.elapsed == first.elapsed + second.history[-1]["seconds"]


def test_a_training_that_has_ended_stays_ended(make_solver, blobs, tmp_path: Path) -> None:
    first, second = solver(make_solver), solver(make_solver)
    first.fit(*blobs, epochs=3)
    first.stopped = "enough"
    second.load(*through_a_file(first, tmp_path))
    assert len(second.fit(*blobs, epochs=9)) == 3


def test_the_state_of_another_model_is_refused(make_solver, blobs, tmp_path: Path) -> None:
    first = make_solver({"hidden": (9,)})
    first.fit(*blobs, epochs=1)
    sentence = r"of another model: 1\.weight of Linear\(8\) is \(2, 9\) there and \(2, 8\) here"
    with pytest.raises(CheckpointError, match=sentence):
        make_solver().load(*through_a_file(first, tmp_path))


def test_the_state_of_another_optimiser_is_refused(make_solver, blobs, tmp_path: Path) -> None:
    first = make_solver(optimizer=SGD(0.1))
    first.fit(*blobs, epochs=1)
    for other in (Adam(0.1), RMSProp(0.1)):
        with pytest.raises(
            CheckpointError, match=f"not of the optimiser {type(other).__name__}: it holds steps, velocity"
        ):
            make_solver(optimizer=other).load(*through_a_file(first, tmp_path))


def test_a_callback_added_since_begins_anew(make_solver, blobs, tmp_path: Path) -> None:
    first, second = make_solver(), solver(make_solver)
    first.model = second.model.copy()
    first.fit(*blobs, epochs=1)
    second.load(*through_a_file(first, tmp_path))
    second.fit(*blobs, epochs=2)
    assert second.callbacks[1].best_epoch == 2
