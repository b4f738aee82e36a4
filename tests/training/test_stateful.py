"""Each callback keeps a state of its own, through every resume."""

from typing import Any

import numpy as np
import pytest

from backhand.arrays import Array
from backhand.errors import CheckpointError
from backhand.training.callbacks import Callback, EarlyStopping
from backhand.training.solver import Solver
from backhand.training.stateful import collect_states, restore_states


class Counter(Callback):
    """Keeps a number and an array."""

    def __init__(self, count: int = 0, key: str | None = None) -> None:
        self.count, self.key = count, key

    def on_epoch_end(self, solver: Solver) -> None:
        self.count += 1

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        return {"array": np.full(2, self.count)}, {"count": self.count}

    def load(self, arrays: dict[str, Array], facts: dict[str, Any]) -> None:
        assert (arrays["array"] == facts["count"]).all()
        self.count = facts["count"]


class Silent(Callback):
    """Keeps nothing."""


def loaded(saved: list[Callback], now: list[Callback]) -> list[int]:
    restore_states(now, *collect_states(saved))
    return [each.count for each in now if isinstance(each, Counter)]


def test_two_of_one_class_keep_a_state_each() -> None:
    assert loaded([Counter(1), Silent(), Counter(2), Silent()], [Counter(), Counter()]) == [1, 2]
    assert loaded([Counter(1, "a"), Counter(2, "b")], [Counter(0, "b"), Counter(0, "a")]) == [2, 1]
    assert loaded([Counter(1), Counter(2, "b")], [Counter(0, "b"), Counter()]) == [2, 1]
    assert loaded([Counter(1, "Counter#2"), Counter(2)], [Counter(0, "Counter#2"), Counter()]) == [1, 2]


def test_two_that_stop_early_by_different_figures_know_their_own_best(make_solver, blobs) -> None:
    def stoppings() -> list[Callback]:
        return [EarlyStopping(restore_best=False, monitor=f"validation_{name}") for name in ("loss", "accuracy")]

    first, second = make_solver(callbacks=stoppings()), make_solver(callbacks=stoppings()[::-1])
    first.fit(*blobs, epochs=3)
    second.load(*first.state())
    for name in ("loss", "accuracy"):
        one, two = (
            next(each for each in solver.callbacks if each.monitor == f"validation_{name}")
            for solver in (first, second)
        )
        assert one.best is not None
        assert (one.best, one.best_epoch) == (two.best, two.best_epoch)
        assert all((two.weights[key] == value).all() for key, value in one.weights.items())


def test_one_that_was_added_begins_anew_and_one_that_was_taken_out_is_passed_over() -> None:
    assert loaded([], [Counter(7)]) == [7]
    assert loaded([Counter(1, "gone"), Counter(2)], [Counter(), Counter(9, "new")]) == [2, 9]
    assert loaded([Counter(1), Counter(2)], []) == []


def test_a_class_that_was_renamed_goes_on_under_its_old_name_as_key() -> None:
    renamed = type("Renamed", (Counter,), {})
    assert loaded([Counter(1)], [renamed()]) == [0]
    assert loaded([Counter(1)], [renamed(key="Counter")]) == [1]


def test_where_nobody_knows_which_is_which_the_state_is_refused() -> None:
    with pytest.raises(
        CheckpointError,
        match='holds 2 objects with the key "Counter", but there is 1 now; give them keys to say',
    ):
        loaded([Counter(1), Counter(2)], [Counter()])
    with pytest.raises(CheckpointError, match='holds 1 object with the key "Counter", but there are 2 now'):
        loaded([Counter(1)], [Counter(), Counter()])
    assert loaded([Counter(1), Counter(2)], [Counter(0, "Counter#2")]) == [2]


@pytest.mark.parametrize(
    ("callbacks", "sentence"),
    [
        (
            [Counter(1, "a"), EarlyStopping(key="a")],
            'Counter and EarlyStopping both save their state under the key "a"',
        ),
        ([Counter(1, "Counter"), Counter(2)], 'both save their state under the key "Counter"'),
        ([Counter(1, "a"), Counter(1, "a.array")], 'the key "a.array" clashes with another name'),
        ([Counter(1, 7)], "the key of a Counter must be text, not 7"),
        ([Counter(1, "model")], 'the key "model" clashes with another name'),
        ([Counter(1, "optimizer.x")], 'the key "optimizer.x" clashes with another name'),
    ],
)
def test_keys_that_would_mix_up_two_states_are_refused_before_training(make_solver, blobs, callbacks, sentence) -> None:
    with pytest.raises(ValueError, match=sentence):
        make_solver(callbacks=callbacks).fit(*blobs, epochs=1)


def test_the_state_of_an_earlier_version_is_by_class() -> None:
    """It held that of the last callback of a class."""
    facts = {"EarlyStopping": {"best": 0.5, "best_epoch": 4}, "Counter": {"count": 3}}
    arrays = {"EarlyStopping.0.weight": np.ones(2), "Counter.array": np.full(2, 3)}
    one, two, counter = EarlyStopping(), EarlyStopping(monitor="train_loss"), Counter()
    restore_states([one, two, counter], arrays, facts)
    assert (one.best, two.best, two.best_epoch, counter.count) == (None, 0.5, 4, 3)
    assert list(two.weights) == ["0.weight"]
