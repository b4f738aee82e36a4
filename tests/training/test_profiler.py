"""Where the time of a step goes, by a clock that is moved by hand."""

import copy
import pickle
import time

import numpy as np
import pytest

from backhand.errors import BackhandError
from backhand.layers import Linear, ReLU
from backhand.model import Sequential
from backhand.training.callback_tables import make_callback
from backhand.training.callbacks import Callback
from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.optimizers import SGD
from backhand.training.profiler import Profiler, Timed
from backhand.training.solver import Solver


class Hands:
    """The hands of the clock."""

    def __init__(self) -> None:
        self.now = 100.0

    def move(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def hands(monkeypatch):
    clock = Hands()
    monkeypatch.setattr(time, "perf_counter", lambda: clock.now)
    return clock


@pytest.fixture
def slow(hands, blobs):
    """Train a layer that takes 2 and 3 s, a loss of 4 and 5 s, a callback of 6 s, on batches of 1 s; evaluation: 50."""

    class Layer(Linear):
        def forward(self, x, *, train=False, rng=None):
            hands.move(2 if train else 50)
            return super().forward(x, train=train, rng=rng)

        def backward(self, dy, *, need_dx=True):
            hands.move(3)
            return super().backward(dy, need_dx=need_dx)

    class Loss(SoftmaxCrossEntropy):
        def forward(self, scores, labels, weights=None):
            hands.move(4)
            return super().forward(scores, labels, weights)

        def backward(self):
            hands.move(5)
            return super().backward()

    class Rest(Callback):
        def on_step_end(self, solver):
            hands.move(6)

    class Feed:
        def __len__(self):
            return len(blobs[0])

        def batch(self, index):
            return blobs[0].batch(index)

        def draw(self, index, rng):
            hands.move(1)
            return self.batch(index)

    model = Sequential(Layer(4), ReLU(), Linear(3)).build((2,), seed=0)

    def fit(profiler, **options):
        solver = Solver(model, Loss(), SGD(0.1), 40, callbacks=[profiler, Rest()], **options)
        solver.fit(Feed(), blobs[1], epochs=3)  # of 4 steps each

    return fit


def test_each_part_of_a_step_has_its_time(slow):
    profiler = Profiler(quiet=True)
    slow(profiler)
    assert profiler.rows() == [
        ("", "batches", 0.0, 0.0, 7 / 9),  # of 9 steps, without the first one of the last two epochs
        ("0", "Layer(4)", 2.0, 3.0, 5.0),
        ("1", "ReLU()", 0.0, 0.0, 0.0),
        ("2", "Linear(3)", 0.0, 0.0, 0.0),
        ("", "loss", 4.0, 5.0, 9.0),
        ("", "update", 0.0, 0.0, 0.0),
        ("", "callbacks", 0.0, 0.0, 6.0),
        ("", "Python between them", 0.0, 0.0, 0.0),
    ]


def test_micro_batches_are_measured_as_well(slow):
    profiler = Profiler(quiet=True)
    slow(profiler, accumulate=2)
    assert profiler.rows()[1] == ("0", "Layer(4)", 4.0, 6.0, 10.0)


def test_the_table_is_printed_and_shown(slow, capsys):
    profiler = Profiler(warmup=10)
    slow(profiler)
    assert capsys.readouterr().out.splitlines() == [
        "mean of 2 steps, without the first 10",
        "   layer                    forward     backward   µs per step  share",
        "   batches                                         1,000,000.0   4.8%",
        "0  Layer(4)             2,000,000.0  3,000,000.0   5,000,000.0  23.8%",
        "1  ReLU()",
        "2  Linear(3)",
        "   loss                 4,000,000.0  5,000,000.0   9,000,000.0  42.9%",
        "   update",
        "   callbacks                                       6,000,000.0  28.6%",
        "   Python between them",
        "   a step                                         21,000,000.0",
    ]
    page = profiler._repr_html_()
    assert "mean of 2 steps" in page
    assert page.count("<tr>") == 9


def test_without_a_counted_step_it_says_so(slow, capsys):
    profiler = Profiler(warmup=50)
    slow(profiler)
    assert profiler.rows() == []
    assert capsys.readouterr().out == "no step was counted: the first 50 of a training are not\n"
    assert "no step was counted" in profiler._repr_html_()


def test_it_changes_no_bit_and_leaves_nothing_behind(make_solver, blobs):
    plain, measured = (make_solver({"batchnorm": True}, callbacks=each) for each in ([], [Profiler(quiet=True)]))
    for solver in (plain, measured):
        solver.fit(*blobs, epochs=2)
    assert np.array_equal(plain.model.parameters.values, measured.model.parameters.values)
    assert not timed(measured)


def test_an_exception_takes_the_clock_away(make_solver, blobs):
    class Breaks(Callback):
        def on_loss(self, solver):
            assert timed(solver)
            raise KeyError

    solver = make_solver(callbacks=[Profiler(quiet=True), Breaks()])
    with pytest.raises(KeyError):
        solver.fit(*blobs, epochs=1)
    assert not timed(solver)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda solver: pickle.loads(pickle.dumps(solver))])
def test_a_copy_amid_the_fit_is_not_measured(copied, make_solver, blobs):
    copies = []

    class Copies(Callback):
        def on_epoch_end(self, solver):
            if solver.epoch == 1:
                callbacks, solver.callbacks = solver.callbacks, [solver.callbacks[0]]
                copies.append(copied(solver))
                solver.callbacks = callbacks

    solver = make_solver(callbacks=[Profiler(quiet=True), Copies()])
    solver.fit(*blobs, epochs=2)
    (twin,) = copies
    assert not timed(twin)
    twin.fit(*blobs, epochs=2)
    assert np.array_equal(twin.model.parameters.values, solver.model.parameters.values)


def test_a_study_names_it():
    assert isinstance(make_callback({"kind": "profiler", "warmup": 5}), Profiler)
    with pytest.raises(BackhandError, match=r"^the warm-up must be 0 steps or more, not -1$"):
        Profiler(-1)


def timed(solver):
    """The methods of the solver's parts that have a clock around them."""
    owners = [solver, solver.loss, solver.optimizer, *(layer for _, layer in solver.model.walk())]
    return [value for owner in owners for value in vars(owner).values() if isinstance(value, Timed)]
