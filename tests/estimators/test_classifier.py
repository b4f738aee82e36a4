"""The classifier: labels and samples of every kind, weights, stopping, going on, and its place in scikit-learn."""

import pickle

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import backhand as bh
from backhand.data import load
from backhand.estimators import BackhandClassifier
from backhand.training.callbacks import Callback

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def blobs():
    return make_classification(300, 6, n_informative=4, n_classes=3, class_sep=1.5, random_state=0)


def small(**options):
    usual = {"hidden_layer_sizes": (16,), "max_iter": 40, "learning_rate_init": 0.02, "random_state": 0}
    return BackhandClassifier(**usual | options)


@pytest.mark.parametrize("names", [[3, 7, 9], ["cat", "dog", "owl"], [2.0, 4.0, 8.0], ["é", "a b", "ß"]])
def test_labels_of_any_kind(blobs, names):
    X, y = blobs
    labels = np.array(names)[y]
    fitted = small().fit(X, labels)
    assert fitted.classes_.tolist() == sorted(names)
    assert fitted.score(X, labels) > 0.85
    assert fitted.predict(X).dtype == labels.dtype
    probabilities = fitted.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-6)
    np.testing.assert_array_equal(fitted.classes_[probabilities.argmax(1)], fitted.predict(X))
    np.testing.assert_allclose(np.exp(fitted.predict_log_proba(X)), probabilities)


def test_truth_values(blobs):
    X, y = blobs
    fitted = small(loss="logistic").fit(X, y == 1)
    assert fitted.classes_.tolist() == [False, True]
    assert fitted.predict(X).dtype == bool
    assert fitted.score(X, y == 1) > 0.9


@pytest.mark.parametrize("loss", ["softmax_cross_entropy", "hinge"])
def test_losses(blobs, loss):
    assert small(loss=loss).fit(*blobs).score(*blobs) > 0.85


@pytest.mark.parametrize(
    "options",
    [
        {"solver": "sgd", "learning_rate_init": 0.05},
        {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.5, "power_t": 0.2},
        {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.05},
        {"solver": "adamw", "weight_decay": 0.01, "learning_rate_init": 0.01},
        {"solver": "rmsprop", "learning_rate_init": 0.01},
        {"activation": "logistic", "learning_rate_init": 0.02},
        {"activation": "elu", "dropout": 0.1, "batchnorm": True, "learning_rate_init": 0.01},
        {"schedule": "one_cycle", "learning_rate_init": 0.02, "max_iter": 20},
        {"schedule": bh.CosineDecay(0.02, 80)},
        {"hidden_layer_sizes": (), "learning_rate_init": 0.05},
        {"hidden_layer_sizes": 12, "clip_norm": 1.0, "learning_rate_init": 0.01},
        {"label_smoothing": 0.1, "learning_rate_init": 0.01},
        {"shuffle": False, "batch_size": 32, "learning_rate_init": 0.01},
    ],
    ids=str,
)
def test_every_parameter_trains(blobs, options):
    assert small(**options).fit(*blobs).score(*blobs) > 0.7


def test_images_and_a_convolutional_network():
    splits = load("digits")
    x, y = splits.train.x[:300], splits.train.y[:300]
    layers = [bh.Conv2d(8, 3), bh.ReLU(), bh.MaxPool2d(2), bh.Flatten(), bh.Linear(10)]
    fitted = small(model=layers, max_iter=30, learning_rate_init=0.01, augment={"shift": 0.05}, batch_size=50).fit(x, y)
    assert fitted.score(splits.test.x, splits.test.y) > 0.85
    assert fitted.n_features_in_ == 64
    grey = small(model={"name": "cnn", "blocks": [{"outputs": 8}]}, max_iter=3).fit(x[..., 0], y)
    assert grey.predict(x[:5, :, :, 0]).shape == (5,)
    with pytest.raises(ValueError, match=r"was fitted to images, and X has the shape \(5, 64\)"):
        fitted.predict(x[:5].reshape(5, -1))


@pytest.mark.parametrize(
    "model", ["mlp", {"name": "mlp", "hidden": [20, 10]}, bh.mlp(3, (20,)), [bh.Linear(3)]], ids=str
)
def test_models_in_every_form(blobs, model):
    assert small(model=model, learning_rate_init=0.01).fit(*blobs).score(*blobs) > 0.7


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_tables_with_columns_of_text(library, rng):
    frames = pytest.importorskip(library)
    colour = rng.choice(["red", "blue", "green"], 200)
    table = frames.DataFrame({"a": rng.normal(size=200), "colour": colour, "flag": rng.random(200) > 0.5})
    y = np.where((colour == "red") ^ (np.asarray(table["a"]) > 0), "yes", "no")
    fitted = small(max_iter=150, learning_rate_init=0.01).fit(table, y)
    assert fitted.score(table, y) > 0.95
    assert fitted.feature_names_in_.tolist() == ["a", "colour", "flag"]
    assert fitted.n_features_in_ == 3
    less = table.drop(columns="colour") if library == "pandas" else table.drop("colour")
    with pytest.raises(ValueError, match='the frame has no column "colour", which the training data had; add it'):
        fitted.predict(less)


def test_weights_of_classes_and_samples(blobs, rng):
    X, y = blobs
    keep = (y != 2) | (rng.random(300) < 0.15)
    X, y = X[keep], y[keep]
    plain, balanced = (small(class_weight=w, max_iter=15).fit(X, y) for w in (None, "balanced"))
    recall = [(fitted.predict(X)[y == 2] == 2).mean() for fitted in (plain, balanced)]
    assert recall[1] > recall[0]
    named = small(class_weight={0: 1, 1: 1, 2: 0}).fit(X, y)
    ignored = small().fit(X, y, sample_weight=(y != 2).astype(float))
    for fitted in (named, ignored):
        assert (fitted.predict(X) != 2).all()
    np.testing.assert_array_equal(named.predict_proba(X), ignored.predict_proba(X))


def test_a_sample_of_weight_0_is_as_good_as_absent(blobs, rng):
    X, y = blobs
    present = rng.random(len(X)) < 0.5
    spoilt = np.where(present[:, None], X, 1e6)  # which must not move the scaling either
    weighted = small().fit(spoilt, y, sample_weight=present)
    np.testing.assert_array_equal(weighted.predict_proba(X), small().fit(X[present], y[present]).predict_proba(X))
    with pytest.raises(ValueError, match="the weights of all samples are zero"):
        small(class_weight=dict.fromkeys(range(3), 0)).fit(X, y)


def test_early_stopping_holds_samples_out(blobs):
    fitted = small(early_stopping=True, max_iter=500, learning_rate_init=0.02, validation_fraction=0.2).fit(*blobs)
    assert fitted.n_iter_ < 500
    assert len(fitted.validation_scores_) == fitted.n_iter_ == len(fitted.loss_curve_)
    assert fitted.best_validation_score_ == max(fitted.validation_scores_)
    assert small().fit(*blobs).validation_scores_ is None


def test_the_fit_ends_when_the_loss_stops_falling(blobs):
    fitted = small(max_iter=3000, tol=1e-2, learning_rate_init=0.02).fit(*blobs)
    assert fitted.n_iter_ < 500
    assert fitted.best_loss_ == min(fitted.loss_curve_)
    assert fitted.loss_ == fitted.loss_curve_[-1]


def test_a_warm_start_goes_on(blobs):
    one = small(max_iter=5, warm_start=True)
    curve = []
    for _ in range(3):
        curve = one.fit(*blobs).loss_curve_
    assert len(curve) == 15
    assert curve == pytest.approx(small(max_iter=15).fit(*blobs).loss_curve_)


def test_partial_fits_go_on(blobs):
    X, y = blobs
    fitted = small(learning_rate_init=0.01)
    with pytest.raises(ValueError, match="classes must be given at the first call"):
        fitted.partial_fit(X, y)
    for _ in range(30):
        for part in np.array_split(np.arange(300), 3):
            fitted.partial_fit(X[part], y[part], classes=[0, 1, 2])
    assert fitted.score(X, y) > 0.85
    assert fitted.n_iter_ == 90
    with pytest.raises(ValueError, match="which is not in classes"):
        fitted.partial_fit(X, y + 1)
    with pytest.raises(ValueError, match="does not support early_stopping=True"):
        small(early_stopping=True).partial_fit(X, y, classes=[0, 1, 2])


def test_pipelines_searches_and_clones(blobs):
    pipeline = make_pipeline(StandardScaler(), small(max_iter=10))
    assert cross_val_score(pipeline, *blobs, cv=3).mean() > 0.6
    search = GridSearchCV(small(max_iter=10), {"alpha": [1e-4, 1e-1], "activation": ["relu", "tanh"]}, cv=2, n_jobs=2)
    search.fit(*blobs)
    assert search.best_score_ > 0.6
    assert clone(search.best_estimator_).get_params() == search.best_estimator_.get_params()


@pytest.mark.parametrize(
    "copied", [lambda e, p: pickle.loads(pickle.dumps(e)), lambda e, p: joblib.load(joblib.dump(e, p)[0])]
)
def test_a_fitted_estimator_can_be_dumped(blobs, copied, tmp_path):
    X, y = blobs
    fitted = small(warm_start=True, max_iter=5, batchnorm=True).fit(X, y)
    again = copied(fitted, tmp_path / "estimator.joblib")
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))
    assert again.fit(X, y).loss_curve_ == fitted.fit(X, y).loss_curve_


def test_a_saved_network_gives_the_same_answers(blobs, tmp_path):
    X, y = blobs
    fitted = small().fit(X, np.array(["a", "b", "c"])[y])
    fitted.save(tmp_path / "model.safetensors")
    predictor = bh.load_model(tmp_path / "model.safetensors")
    assert predictor.classes == ("a", "b", "c")
    np.testing.assert_allclose(predictor.predict_proba(X), fitted.predict_proba(X), atol=1e-7)


def test_callbacks_hear_the_training(blobs):
    class Count(Callback):
        steps = epochs = 0

        def on_step_end(self, solver):
            self.steps += 1

        def on_epoch_end(self, solver):
            self.epochs += 1

    count = Count()
    small(callbacks=[count], max_iter=4, batch_size=100).fit(*blobs)
    assert (count.steps, count.epochs) == (12, 4)


def test_equal_seeds_give_equal_networks(blobs):
    one, two, other = (small(random_state=seed).fit(*blobs) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.coefs_[0], two.coefs_[0])
    assert not np.array_equal(one.coefs_[0], other.coefs_[0])
    assert [w.shape for w in one.coefs_] == [(6, 16), (16, 3)]
    assert [b.shape for b in one.intercepts_] == [(16,), (3,)]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"solver": "lbfgs"}, "is no method on mini-batches"),
        ({"solver": "adm"}, r'unknown solver "adm"; did you mean "adam"\?'),
        ({"learning_rate": "fast"}, 'unknown learning_rate "fast"'),
        ({"schedule": "cosin"}, r'did you mean "cosine"\?'),
        ({"activation": "identity"}, r"use hidden_layer_sizes=\(\)"),
        ({"activation": "rele"}, 'unknown activation "rele"'),
        ({"model": "mpl"}, "model"),
        ({"model": 3}, "must be a name, a table, a Sequential or a list of layers"),
        ({"model": [bh.Linear(5)]}, r"the model ends with the shape \(5,\); these targets need \(3,\)"),
        ({"loss": "squared_error"}, "loss must be one of softmax_cross_entropy, logistic, hinge, binary_hinge"),
        ({"loss": "logistic"}, "needs data with 2 classes, not 3"),
        ({"augment": {"flip": True}}, "^augment needs images, .*; leave it out$"),
        ({"augment": {"flop": True}}, r'unknown key "flop"; did you mean "flip"\?'),
        ({"class_weight": "heavy"}, "class_weight"),
    ],
    ids=str,
)
def test_wrong_parameters_are_refused(blobs, options, said):
    with pytest.raises(ValueError, match=said):
        small(**options).fit(*blobs)


def test_labels_that_are_measured_are_refused(blobs):
    with pytest.raises(ValueError, match="are measured rather than classes; use BackhandRegressor"):
        small().fit(blobs[0], blobs[0][:, 0])


def test_a_divergence_is_told_in_the_parameters(blobs):
    X, y = blobs
    with pytest.raises(bh.DivergenceError, match="learning_rate_init"):
        small(solver="sgd", learning_rate_init=1e6, hidden_layer_sizes=(16, 16)).fit(X, y)
