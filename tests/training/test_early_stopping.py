"""Early stopping: patience, the best epoch whatever the values are, and whichever way they are better."""

import itertools
from math import inf, nan

import numpy as np
import pytest

from backhand.errors import BackhandError, DivergenceError
from backhand.training.callbacks import Callback, DivergenceGuard, EarlyStopping
from backhand.training.lockstep import fit_together
from backhand.training.optimizers import SGD
from backhand.training.solver import Solver
from tests.training.callbacks import Script, epoch_of_the_weights, play

LOSSES = [5, 3, 4, 4, 2, 3, 3, 3, 1, 9]


@pytest.mark.parametrize(("patience", "last", "best"), [(1, 3, 2), (2, 4, 2), (3, 8, 5), (4, 10, 9), (None, 10, 9)])
def test_patience_counts_the_epochs_since_the_best(make_solver, blobs, patience, last: int, best: int) -> None:
    stopping = EarlyStopping(patience)
    solver = play(make_solver, blobs, LOSSES, stopping)
    assert (solver.epoch, stopping.best_epoch, stopping.best) == (last, best, LOSSES[best - 1])
    assert epoch_of_the_weights(solver) == best
    reason = f"early stopping: no better validation loss for {patience} epochs"
    assert solver.stopped == (reason if last < 10 else "")


def test_an_accuracy_is_better_when_higher(make_solver, blobs) -> None:
    stopping = EarlyStopping(2, monitor="validation_accuracy")
    solver = play(make_solver, blobs, [0.5, 0.7, 0.6, 0.7, 0.9], stopping)
    assert (solver.epoch, stopping.best_epoch, stopping.best) == (4, 2, 0.7)  # an equal one is not better
    assert "no better validation accuracy for 2 epochs" in solver.stopped


@pytest.mark.parametrize(("restore", "weights"), [(True, 2), (False, 4)])
def test_the_best_weights_come_back_if_asked_for(make_solver, blobs, restore: bool, weights: int) -> None:
    solver = play(make_solver, blobs, [2, 1, 3, 4], EarlyStopping(restore_best=restore))
    assert epoch_of_the_weights(solver) == weights


def test_the_running_statistics_come_back_with_the_weights(make_solver, blobs) -> None:
    states = []

    class Watch(Callback):
        def on_epoch_end(self, solver: Solver) -> None:
            states.append(solver.model.snapshot())

    script, stopping = Script("validation_loss", [2, 1, 3]), EarlyStopping()
    solver = make_solver({"batchnorm": True}, callbacks=[script, Watch(), stopping])
    solver.fit(*blobs, epochs=3)
    for name, value in solver.model.arrays().items():
        np.testing.assert_array_equal(value, states[1][name], err_msg=name)
    assert not np.array_equal(states[1]["2.running_mean"], states[2]["2.running_mean"])


def test_the_training_loss_can_be_watched_without_validation(make_solver, blobs) -> None:
    stopping = EarlyStopping(1, monitor="train_loss")
    make_solver(callbacks=[stopping]).fit(blobs[0], epochs=3)
    assert stopping.best_epoch > 0


def test_a_figure_that_is_not_measured_is_named(make_solver, blobs) -> None:
    with pytest.raises(
        BackhandError, match=r"^early stopping cannot monitor validation_loss: the history holds epoch, step"
    ):
        make_solver(callbacks=[EarlyStopping()]).fit(blobs[0], epochs=1)


@pytest.mark.parametrize("bad", [nan, inf, -inf])
def test_a_value_that_is_not_finite_is_never_the_best(make_solver, blobs, bad: float) -> None:
    for values in itertools.permutations([bad, 0.5, 0.25]):
        stopping = EarlyStopping()
        solver = play(make_solver, blobs, list(values), stopping)
        best = 1 + values.index(0.25)
        assert (stopping.best, stopping.best_epoch, epoch_of_the_weights(solver)) == (0.25, best, best)


def test_patience_does_not_run_out_while_the_loss_falls_after_a_first_one_that_is_nan(make_solver, blobs) -> None:
    stopping = EarlyStopping(patience=3)
    solver = play(make_solver, blobs, [nan, 0.9, 0.8, 0.7, 0.6, 0.5], stopping)
    assert (solver.stopped, stopping.best_epoch) == ("", 6)


def test_where_no_value_is_finite_no_epoch_is_kept_without_a_word(make_solver, blobs) -> None:
    sentence = r"^the validation loss was not finite in any of 3 epochs, so no epoch's weights can be kept; try "
    with pytest.raises(DivergenceError, match=sentence):
        play(make_solver, blobs, [nan, inf, nan], EarlyStopping())
    with pytest.raises(DivergenceError, match="in any of 2 epochs"):
        play(make_solver, blobs, [nan, nan, 0.5], EarlyStopping(patience=2))
    solver = make_solver(callbacks=[EarlyStopping()])
    solver.history, solver.remarks = [{"epoch": 1, "validation_loss": nan}], ["The scores are not finite."]
    with pytest.raises(DivergenceError, match=r"look for outliers in the data\. The scores are not finite$"):
        solver.notify("on_fit_end")
    solver.history = [{"epoch": 1, "train_loss": 0.5}]  # of a time when nothing was validated
    solver.notify("on_fit_end")
    stopping = EarlyStopping(patience=2, restore_best=False)
    assert "no better validation loss for 2 epochs" in play(make_solver, blobs, [nan] * 3, stopping).stopped


def test_a_callback_added_to_a_training_that_has_ended_restores_nothing(make_solver, blobs) -> None:
    solver = make_solver()
    solver.fit(*blobs, epochs=1)
    weights = solver.model.parameters.values.copy()
    solver.callbacks = [EarlyStopping()]
    solver.fit(*blobs, epochs=1)
    np.testing.assert_array_equal(solver.model.parameters.values, weights)


def test_a_training_in_step_without_a_finite_value_is_lost_alone(make_solver, blobs) -> None:
    values = {"lost": [nan, nan], "kept": [0.5, 0.25]}
    stoppings = {name: EarlyStopping() for name in values}
    solvers = [
        make_solver(callbacks=[Script("validation_loss", values[name]), stoppings[name]], optimizer=SGD(1e-6))
        for name in values
    ]
    lost, kept = fit_together(solvers, *blobs, epochs=2)
    assert "not finite in any of 2 epochs" in str(lost)
    assert kept is None
    assert epoch_of_the_weights(solvers[1]) == stoppings["kept"].best_epoch == 2


@pytest.mark.parametrize(
    ("monitor", "mode", "best"), [("validation_f1", None, 2), ("kappa", "max", 2), ("kappa", "min", 1)]
)
def test_a_figure_of_ones_own_goes_the_way_that_it_is_better(make_solver, blobs, monitor, mode, best: int) -> None:
    stopping = EarlyStopping(monitor=monitor, mode=mode)
    solver = play(make_solver, blobs, [0.1, 0.9, 0.5], stopping)
    assert stopping.best_epoch == epoch_of_the_weights(solver) == best


def test_a_figure_of_ones_own_without_a_mode_is_refused_before_training() -> None:
    with pytest.raises(BackhandError, match='a lower kappa is better; set mode to "max" or "min"'):
        EarlyStopping(monitor="kappa")
    with pytest.raises(BackhandError, match=r"min_delta must be 0 or more, not -0\.1"):
        EarlyStopping(min_delta=-0.1)


def test_a_figure_that_is_no_number_is_refused(make_solver, blobs) -> None:
    with pytest.raises(BackhandError, match=r"cannot monitor validation_loss: its value must be a number, not None"):
        play(make_solver, blobs, [None], EarlyStopping())


def test_no_patience_at_all_stops_at_the_first_epoch_that_is_no_better(make_solver, blobs) -> None:
    stopping = EarlyStopping(patience=0)
    play(make_solver, blobs, [0.5, 0.4, 0.4, 0.3], stopping)
    assert stopping.best_epoch == 2
    with pytest.raises(BackhandError, match="patience must be 0 or more epochs, not -1"):
        EarlyStopping(patience=-1)


def test_patience_waits_for_a_value_better_by_min_delta(make_solver, blobs) -> None:
    values = [1.0, 0.75, 0.7, 0.625, 0.5, 0.45, 0.44, 0.43, 0.42]
    stopping = EarlyStopping(patience=3, min_delta=0.125)
    solver = play(make_solver, blobs, values, stopping)
    assert solver.stopped == "early stopping: no better validation loss by more than 0.125 for 3 epochs"
    # Epoch 5 was the last to beat the one before, epoch 2, by 0.125; the weights are those of the very best epoch.
    assert (solver.epoch, stopping.mark_epoch, stopping.best_epoch, epoch_of_the_weights(solver)) == (8, 5, 8, 8)
    with_accuracies = EarlyStopping(patience=2, monitor="validation_accuracy", min_delta=0.125)
    assert play(make_solver, blobs, [0.5, 0.75, 0.8, 0.85, 0.99], with_accuracies).epoch == 4


def trained(make_solver, blobs, stopping: EarlyStopping, values: list[float], epochs: int) -> Solver:
    solver = make_solver(callbacks=[Script(stopping.monitor, values), stopping], optimizer=SGD(1e-6))
    solver.fit(*blobs, epochs=epochs)
    return solver


@pytest.mark.parametrize("stop", [1, 3, 6])
def test_a_resumed_training_waits_as_if_it_had_never_stopped(make_solver, blobs, stop: int) -> None:
    values = [nan, 1.0, 0.95, 0.75, 0.7, 0.72, 0.69, 0.5, 0.4]
    options = {"patience": 3, "min_delta": 0.125, "restore_best": False}
    whole = trained(make_solver, blobs, EarlyStopping(**options), values, 9)
    first = trained(make_solver, blobs, EarlyStopping(**options), values, stop)
    second = make_solver(callbacks=[Script("validation_loss", values), EarlyStopping(**options)], optimizer=SGD(1e-6))
    second.load(*first.state())
    second.fit(*blobs, epochs=9)
    assert second.epoch == whole.epoch == 7
    assert second.callbacks[1].state()[1] == whole.callbacks[1].state()[1]


def test_states_of_earlier_versions_load(make_solver, blobs) -> None:
    """They are saved by the name of the class, know no min_delta, and may hold a NaN that was kept as the best."""
    first = trained(make_solver, blobs, EarlyStopping(), [3, 2, 4], 3)
    arrays, facts = first.state()
    key = "EarlyStopping(validation_loss)"
    old = {name.replace(key, "EarlyStopping"): value for name, value in arrays.items()}
    for best, best_epoch in ((2, 2), (nan, 0)):
        saved = {"EarlyStopping": {"best": best, "best_epoch": best_epoch or 1}, "Script": {}}
        second = make_solver(callbacks=[DivergenceGuard(), EarlyStopping()])
        second.load(old, facts | {"callbacks": saved})
        stopping = second.callbacks[1]
        assert (stopping.best_epoch, stopping.mark_epoch) == (best_epoch, best_epoch)
        assert stopping.mark == stopping.best
        assert stopping.best == (2 if best_epoch else None)
    assert first.callbacks[1].weights.keys() == second.model.arrays().keys()
