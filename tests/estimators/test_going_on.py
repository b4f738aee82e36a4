"""Second fits: the course of the learning rate, what an interruption leaves, and the end of "adaptive"."""

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

import backhand as bh
from backhand.estimators import BackhandClassifier, BackhandRegressor
from backhand.training.callbacks import Callback

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = np.random.default_rng(0).normal(size=(60, 4))
Y = (X[:, 0] > 0).astype(int)


def network(**options):
    return BackhandClassifier(**{"hidden_layer_sizes": (5,), "max_iter": 4, "random_state": 0} | options)


def rates(fitted):
    return [record["lr"] for record in fitted.history_]


@pytest.mark.parametrize("options", [{}, {"schedule": "cosine"}, {"schedule": "one_cycle"}], ids=str)
def test_each_warm_fit_runs_the_schedule_at_the_rate_of_its_time(options):
    fitted = network(warm_start=True, **options).fit(X, Y).fit(X, Y)
    first = rates(fitted)[:4]
    fitted.set_params(learning_rate_init=0.01).fit(X, Y)
    assert rates(fitted) == pytest.approx([*first, *first, *(10 * rate for rate in first)])


def test_a_schedule_of_ones_own_starts_again():
    fitted = network(warm_start=True, schedule=bh.CosineDecay(0.02, 4)).fit(X, Y).fit(X[:30], Y[:30])
    assert rates(fitted)[4:] == rates(fitted)[:4] == pytest.approx([bh.CosineDecay(0.02, 4)(k) for k in range(4)])


def test_the_penalty_of_a_second_fit_is_that_of_its_samples():
    fitted = network(warm_start=True, alpha=0.6).fit(X, Y)
    assert fitted.solver_.penalty.strength == pytest.approx(0.6 / 60)
    fitted.fit(X[:30], Y[:30], sample_weight=np.full(30, 4.0))
    assert fitted.solver_.penalty.strength == pytest.approx(0.6 / 30 / 4)
    fitted.fit(np.tile(X, (2, 1)), np.tile(Y, 2))
    assert fitted.solver_.penalty.strength == pytest.approx(0.6 / fitted.solver_.batch_size) == pytest.approx(0.01)


def test_adaptive_ends_as_in_scikit_learn():
    options = {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.1, "max_iter": 3000}
    fitted = network(**options).fit(X, Y)
    assert 0.2 < fitted.n_iter_ / MLPClassifier((5,), random_state=0, **options).fit(X, Y).n_iter_ < 5
    lowered = sorted(set(rates(fitted)), reverse=True)
    assert lowered == pytest.approx([0.1 / 5**k for k in range(9)])
    assert 1e-6 / 5 < lowered[-1] <= 1e-6
    assert "learning rate" in fitted.solver_.stopped
    sooner = network(**options, tol=1e-2).fit(X, Y)
    assert sooner.n_iter_ < fitted.n_iter_
    assert network(**options | {"max_iter": 300}, tol=-1).fit(X, Y).n_iter_ == 300


class Interrupt(Callback):
    def on_step_end(self, solver):
        if solver.step == 9:
            raise KeyboardInterrupt


@pytest.mark.parametrize("first", ["fit", "partial_fit"])
def test_after_an_interruption_the_next_call_trains_on_all_its_samples(first):
    fitted = network(batch_size=10, callbacks=[Interrupt()], warm_start=True)
    if first == "partial_fit":
        fitted.partial_fit(X, Y, classes=[0, 1])
    with pytest.raises(KeyboardInterrupt):
        getattr(fitted, first)(X, Y)
    assert fitted.solver_.step == 9
    assert fitted.n_iter_ == 1 == len(fitted.loss_curve_)
    assert fitted.predict(X).shape == (60,)
    fitted.set_params(callbacks=None).partial_fit(X[::-1], Y[::-1])
    assert fitted.solver_.step == 9 + 6
    assert fitted.n_iter_ == 2


@pytest.mark.parametrize("scale", [1, 255])
@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_an_image_is_read_alike_alone_and_among_others(scale, dtype):
    if scale == 1 and dtype == np.int64:
        pytest.skip("integers from 0 to 1 are black and white alone")
    grey = np.random.default_rng(0).integers(0, 256, (40, 6, 6))
    images, dark = (np.asarray(x * (scale / 255), dtype) for x in (grey, np.eye(6, dtype=int)[None]))
    fitted = network(max_iter=20).fit(images, grey.mean((1, 2)) > 127)
    alone, among = fitted.predict_proba(dark), fitted.predict_proba(np.concatenate([dark, images]))[:1]
    np.testing.assert_allclose(alone, among, atol=1e-6)
    np.testing.assert_allclose(alone, fitted.predict_proba(np.eye(6, dtype=np.uint8)[None]), atol=1e-6)
    with pytest.raises(ValueError, match=r"X holds images as float64 from 0 to .*, and earlier ones were"):
        fitted.predict(grey / 255 if scale == 255 else grey.astype(float))
    for other in (grey[:, :5], np.zeros((2, 7, 7, 3), np.uint8)):
        with pytest.raises(ValueError, match="samples of shape"):
            fitted.predict(other.astype(np.uint8))


@pytest.mark.parametrize("kind", [BackhandClassifier, BackhandRegressor])
def test_a_network_in_float64_is_saved_and_exported(kind, tmp_path):
    fitted = kind((5,), dtype="float64", max_iter=20, random_state=0).fit(X, Y)
    assert fitted.coefs_[0].dtype == np.float64
    fitted.save(tmp_path / "model.safetensors")
    again = bh.load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.scores(X), fitted.predictor_.scores(X))
    assert again.scores(X).dtype == np.float64
    runtime = pytest.importorskip("onnxruntime")
    bh.export_model(fitted.predictor_, tmp_path / "model.onnx")
    (scores, *_) = runtime.InferenceSession(tmp_path / "model.onnx").run(None, {"samples": X})
    np.testing.assert_allclose(scores, fitted.predictor_.scores(X), atol=1e-5)
