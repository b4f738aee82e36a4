"""Copies of models, solvers and their parts: shallow, deep, pickled, in other processes; all whole and trainable."""

import copy
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from io import StringIO

import joblib
import numpy as np
import pytest
from rich.console import Console

from backhand.arrays.memory import ALIGNMENT
from backhand.check.cases import LAYER_CASES
from backhand.data.augment import Augment, Flip, MixUp
from backhand.data.feed import Feed
from backhand.layers import BatchNorm, Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU, Residual
from backhand.model.sequential import Sequential
from backhand.model.stack import Stack
from backhand.training.callbacks import Callback, DivergenceGuard, EarlyStopping
from backhand.training.evaluate import evaluate
from backhand.training.lockstep import fit_together
from backhand.training.losses import CLASSIFICATION, LOSSES, REGRESSION, SoftmaxCrossEntropy, loss
from backhand.training.optimizers import SGD, Adam, AdamW, RMSProp
from backhand.training.penalty import L2
from backhand.training.progress import ProgressBar
from backhand.training.schedules import CosineDecay, ReduceOnPlateau, Warmup
from backhand.training.solver import Solver


def by_joblib(value, folder):
    """As joblib hands large arrays to its workers: mapped from a file, read-only."""
    joblib.dump(value, folder / "value.joblib")
    return joblib.load(folder / "value.joblib", mmap_mode="r")


WAYS = {
    "copy": lambda value, _: copy.copy(value),
    "deepcopy": lambda value, _: copy.deepcopy(value),
    "pickle": lambda value, _: pickle.loads(pickle.dumps(value)),
    "pickle, protocol 2": lambda value, _: pickle.loads(pickle.dumps(value, 2)),
    "joblib": by_joblib,
}


@pytest.fixture(params=WAYS.values(), ids=list(WAYS))
def copied(request, tmp_path):
    return lambda value: request.param(value, tmp_path)


def convolutional():
    body = [Conv2d(4, 3, padding=1), BatchNorm(), ReLU()]
    layers = Conv2d(4, 3, padding=1), BatchNorm(), ReLU(), MaxPool2d(), Residual(body), Flatten(), Dropout(0.3)
    return Sequential(*layers, Linear(10)).build((8, 8, 1), seed=1)


def solver_of(model, **options):
    return Solver(model, SoftmaxCrossEntropy(), SGD(0.05, 0.9), **{"batch_size": 20, "seed": 3} | options)


def same_bits(a, b):
    assert a.keys() == b.keys()
    for name, value in a.items():
        np.testing.assert_array_equal(value, b[name], err_msg=name, strict=True)


def untimed(history):
    return [{key: value for key, value in each.items() if key not in ("seconds", "elapsed")} for each in history]


def flat(model):
    """Whether the layers' parameters and gradients are views of the model's buffers, and of none else."""
    parameters = model.parameters
    own = [layer for _, layer in model.walk() if not layer.frozen]
    assert all(np.shares_memory(value, parameters.values) for each in own for value in each.params.values())
    assert all(np.shares_memory(value, parameters.grads) for each in own for value in each.grads.values())
    return True


def apart(a, b):
    """Whether no array of one model lies in one of the other's."""
    return not any(np.shares_memory(x, y) for x in a.arrays().values() for y in b.arrays().values())


@pytest.mark.parametrize(
    ("name", "layer", "shape"), [(n, c[0], c[1]) for n, cases in LAYER_CASES.items() for c in cases]
)
def test_every_layer(copied, rng, name, layer, shape):
    layer = layer.fresh()
    layer.build(shape, rng)
    x = rng.normal(size=(3, *shape)).astype("f4")
    y = layer.forward(x, train=True, rng=np.random.default_rng(0))
    other = copied(layer)
    assert str(other) == str(layer)
    with pytest.raises(RuntimeError, match="backward was called before forward"):
        other.backward(y)
    streams = [np.random.default_rng(5) for _ in range(2)]
    scores = [each.forward(x, train=True, rng=rng) for each, rng in zip((layer, other), streams, strict=True)]
    np.testing.assert_array_equal(*scores, strict=True)
    np.testing.assert_array_equal(*(each.backward(scores[0]) for each in (layer, other)), strict=True)
    for (_, one), (_, two) in zip(layer.walk(), other.walk(), strict=True):
        for arrays in ("params", "grads", "state"):
            same_bits(getattr(one, arrays), getattr(two, arrays))
            assert not any(map(np.shares_memory, getattr(one, arrays).values(), getattr(two, arrays).values()))


@pytest.mark.parametrize("frozen", [(), (":2",)], ids=["whole", "some frozen"])
def test_a_model_in_the_midst_of_a_step(copied, digits, frozen):
    """Its gradients are there, its caches are not copied, and both go on alike."""
    model = convolutional().freeze(*frozen) if frozen else convolutional()
    solver_of(model).fit(digits[0], epochs=1)
    x, labels = digits[0].batch(slice(30))
    measure = SoftmaxCrossEntropy()
    measure.forward(model.forward(x, train=True, rng=np.random.default_rng(0)), labels)
    model.backward(measure.backward())
    other = copied(model)
    assert flat(other)
    assert apart(model, other)
    same_bits(model.arrays(), other.arrays())
    np.testing.assert_array_equal(model.parameters.grads, other.parameters.grads)
    assert [layer.frozen for _, layer in other.walk()] == [layer.frozen for _, layer in model.walk()]
    assert (other.parameters.segments, other.summary()) == (model.parameters.segments, model.summary())
    before = other.snapshot()
    for each in (model, other):
        Adam(0.01).step(each.parameters, 0.1)
    same_bits(model.arrays(), other.arrays())
    assert any(not np.array_equal(value, before[name]) for name, value in other.arrays().items())


def test_a_solver_between_its_epochs(copied, digits):
    """With dropout, augmentation, a schedule with a state, callbacks: the copy's next epochs are the original's."""
    train, validation = (Feed(each.data, each.standardizer, Augment((Flip(),), MixUp(0.4, 10))) for each in digits)
    callbacks = [DivergenceGuard(), EarlyStopping(3), ProgressBar(Console(file=StringIO()))]
    fitted = solver_of(
        convolutional(), schedule=Warmup(0.05, 3, ReduceOnPlateau(0.05, 0.5, 0)), penalty=L2(1e-4), callbacks=callbacks
    )
    fitted.fit(train, validation, epochs=2)
    other = copied(fitted)
    assert flat(other.model)
    assert apart(fitted.model, other.model)
    for each in (fitted, other):
        each.fit(train, validation, epochs=4)
    assert len(other.history) == 4
    assert untimed(other.history) == untimed(fitted.history)
    same_bits(fitted.model.arrays(), other.model.arrays())
    same_bits(fitted.optimizer.buffers, other.optimizer.buffers)
    same_bits(fitted.callbacks[1].weights, other.callbacks[1].weights)


class Snatch(Callback):
    """Copies its solver within an epoch."""

    def __init__(self):
        self.copies = []

    def on_loss(self, solver):
        if solver.step == 1:
            self.copies.append(copy.deepcopy(solver.model))


def test_a_model_between_its_forward_and_its_backward_pass(digits):
    snatch = Snatch()
    fitted = solver_of(convolutional(), callbacks=[snatch])
    fitted.fit(digits[0], epochs=1)
    (other,) = snatch.copies
    assert flat(other)
    with pytest.raises(RuntimeError, match="before forward"):
        other.backward(np.ones((1, 10), np.float32))
    solver_of(other).fit(digits[0], epochs=1)


@pytest.mark.parametrize(
    "optimizer", [SGD(0.1, 0.9, nesterov=True), RMSProp(0.01), Adam(0.01), AdamW(0.01, weight_decay=0.1)]
)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_every_optimiser(copied, optimizer, dtype):
    optimizer = copy.deepcopy(optimizer)
    models = [Sequential(Linear(3)).build((4,), dtype=dtype) for _ in range(2)]
    for model in models:
        model.parameters.grads[:] = 1
    optimizer.step(models[0].parameters)
    models[1].load(models[0].arrays())
    other = copied(optimizer)
    for each, model in zip((optimizer, other), models, strict=True):
        model.parameters.grads[:] = 0.3
        each.step(model.parameters)
    assert other.state() == optimizer.state()
    same_bits(optimizer.buffers, other.buffers)
    same_bits(models[0].arrays(), models[1].arrays())


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss(copied, rng, name):
    one = loss(name)
    single = name in REGRESSION or CLASSIFICATION[name].binary
    scores, labels = rng.normal(size=(4, 1 if single else 3)).astype("f4"), np.array([0, 1, 1, 0])
    one.forward(scores, labels)
    other = copied(one)
    with pytest.raises(RuntimeError, match="before forward"):
        other.backward()
    assert other.forward(scores, labels) == one.forward(scores, labels)
    np.testing.assert_array_equal(other.backward(), one.backward())


@pytest.mark.parametrize("schedule", [CosineDecay(0.1, 10), Warmup(0.1, 2, ReduceOnPlateau(0.1, 0.5, patience=0))])
def test_a_schedule_goes_its_own_way(copied, schedule):
    schedule = copy.deepcopy(schedule)
    schedule.observe(1.0)
    other = copied(schedule)
    assert other == schedule
    for value in (2.0, 2.0):
        other.observe(value)
    assert schedule(5) != other(5) or isinstance(schedule, CosineDecay)


def test_a_model_that_is_not_built(copied):
    other = copied(Sequential(Linear(3), ReLU()))
    assert list(map(str, other.layers)) == ["Linear(3)", "ReLU()"]
    assert flat(other.build((4,)))
    assert Sequential(Linear(3)).copy().output_shape == ()


def test_a_model_in_a_stack_and_the_stack(copied, blobs):
    solvers = [
        Solver(
            Sequential(Linear(8), BatchNorm(), ReLU(), Linear(3)).build((2,), seed=s),
            SoftmaxCrossEntropy(),
            SGD(0.1, 0.9),
        )
        for s in range(2)
    ]
    fit_together(solvers, blobs[0], epochs=1)
    other = copied(solvers[1].model)
    assert flat(other)
    assert apart(other, solvers[1].model)
    same_bits(other.arrays(), solvers[1].model.arrays())
    values = other.parameters.values
    assert values.base.nbytes <= values.nbytes + ALIGNMENT  # memory of its own, not a row of the stack's
    stack = Stack([each.model for each in solvers], [np.random.default_rng(s) for s in range(2)])
    x, _ = blobs[0].batch(slice(20))
    twin = copied(stack) if copied is not copy.copy else copy.deepcopy(stack)
    for each in (stack, twin):
        each.backward(each.forward(x))
        each.values -= 0.1 * each.gradients
    np.testing.assert_array_equal(stack.predict(x), twin.predict(x))
    for s, model in enumerate(twin.models):
        assert np.shares_memory(model.parameters.values, twin.values[s])
        np.testing.assert_array_equal(model.predict(x), solvers[s].model.predict(x))


def test_parameters_by_themselves_stay_those_of_the_model(copied):
    """Whoever keeps a model and its parameters side by side gets both, joined as they were."""
    model = Sequential(Linear(3), Linear(2)).build((4,))
    other, parameters = pickle.loads(pickle.dumps((model, model.parameters)))
    assert other.parameters is parameters
    parameters.values += 1
    assert other.layers[0].params["bias"].tolist() == [1, 1, 1]
    alone = copied(model.parameters)
    alone.values += 1
    assert [each.value.max() for each in alone if each.name.endswith("bias")] == [1, 1]
    assert model.layers[0].params["bias"].max() == 0


def test_a_feed_draws_the_same(copied, digits):
    feed = Feed(digits[0].data, digits[0].standardizer, Augment((Flip(),), MixUp(0.4, 10)))
    index = np.arange(10)
    for one, two in zip(
        feed.draw(index, np.random.default_rng(1)), copied(feed).draw(index, np.random.default_rng(1)), strict=True
    ):
        np.testing.assert_array_equal(one, two, strict=True)


def trained(solver, feed):
    solver.fit(feed, epochs=3)
    return solver


def test_a_spawned_process_trains_what_it_is_given(digits):
    solver = solver_of(convolutional())
    solver.fit(digits[0], epochs=1)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        other = pool.submit(trained, solver, digits[0]).result()
    trained(solver, digits[0])
    assert untimed(other.history) == untimed(solver.history)
    same_bits(solver.model.arrays(), other.model.arrays())
    assert evaluate(other.model, other.loss, digits[1]).loss == evaluate(solver.model, solver.loss, digits[1]).loss
