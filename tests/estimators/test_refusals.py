"""What an estimator refuses is a ValueError of one sentence, and an earlier fit stays as it was."""

from types import MappingProxyType

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

import backhand as bh
from backhand.estimators import BackhandClassifier, BackhandRegressor
from backhand.training.callbacks import Callback

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = np.random.default_rng(0).normal(size=(60, 4))
Y = (X[:, 0] > 0).astype(int)
SMALL = {"hidden_layer_sizes": (5,), "max_iter": 3, "random_state": 0}
WRONG = [
    ({"max_iter": 0}, "max_iter must be an integer of 1 or more, not 0"),
    ({"max_iter": 2.5}, "max_iter must be an integer of 1 or more, not 2.5"),
    ({"max_iter": True}, "max_iter must be an integer of 1 or more, not True"),
    ({"batch_size": -5}, "batch_size must be 'auto' or an integer of 1 or more, not -5"),
    ({"batch_size": "all"}, "batch_size must be 'auto' or an integer of 1 or more, not 'all'"),
    ({"beta_1": 1}, "beta_1 must be a number from 0 to below 1, not 1"),
    ({"learning_rate_init": -0.1}, "learning_rate_init must be a number above 0"),
    ({"epsilon": -1e-8}, "epsilon must be a number above 0"),
    ({"clip_norm": 0}, "clip_norm must be None or a number above 0, not 0"),
    ({"alpha": float("nan")}, "alpha must be a number of 0 or more, not nan"),
    ({"n_jobs": 0}, "n_jobs must be None or an integer of 1 or more, or -1, not 0"),
    ({"n_jobs": 100_000}, "threads must be 1 to"),
    ({"n_iter_no_change": -1}, "n_iter_no_change must be an integer of 1 or more, not -1"),
    ({"hidden_layer_sizes": "abc"}, "hidden_layer_sizes must be an integer of 1 or more, or several, not 'abc'"),
    ({"hidden_layer_sizes": (5, 0)}, r"hidden_layer_sizes must be .* not \(5, 0\)"),
    ({"standardize": None}, "standardize must be a name, not None"),
    ({"standardize": "chanel"}, 'did you mean "channel"'),
    ({"activation": 3}, "activation must be a name, not 3"),
    ({"augment": 3}, "augment must be a table, or None, not 3"),
    ({"callbacks": Callback()}, "callbacks must be a list, or None, not"),
    ({"callbacks": [1]}, "callbacks must be objects of subclasses of Callback"),
    ({"callbacks": [bh.EarlyStopping(3)]}, "early stopping cannot monitor validation_loss"),
    ({"dtype": "float16"}, "dtype must be one of float32, float64, not 'float16'"),
    ({"model": "mpl"}, '^model.name: unknown name "mpl"; did you mean "mlp"'),
]


def network(kind=BackhandClassifier, **options):
    return kind(**SMALL | options)


@pytest.mark.parametrize(("options", "said"), WRONG)
@pytest.mark.parametrize("kind", [BackhandClassifier, BackhandRegressor])
def test_a_parameter_out_of_its_range_is_refused(kind, options, said):
    with pytest.raises(ValueError, match=said):
        network(kind, **options).fit(X, Y)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (network(loss="hinge", label_smoothing=0.1), 'label_smoothing is of the loss "softmax_cross_entropy"'),
        (network(label_smoothing=2), "label_smoothing must be a number from 0 to 1, not 2"),
        (network(BackhandRegressor, loss="huber", huber_delta=0), "huber_delta must be a number above 0, not 0"),
    ],
)
def test_a_parameter_of_one_estimator_out_of_its_range_is_refused(made, said):
    with pytest.raises(ValueError, match=said):
        made.fit(X, Y)


def test_numbers_of_numpy_and_mappings_are_parameters_too():
    search = GridSearchCV(network(), {"hidden_layer_sizes": np.array([5, 7]), "max_iter": np.array([2])}, cv=2)
    assert search.fit(X, Y).best_estimator_.coefs_[0].shape in ((4, 5), (4, 7))
    named = network(model=MappingProxyType({"name": "mlp", "hidden": [6]}))
    assert named.fit(X, Y).coefs_[0].shape == (4, 6)
    assert network(n_iter_no_change=float("inf")).fit(X, Y).n_iter_ == 3


@pytest.mark.parametrize(
    "labels", [np.array([1, "a"] * 30, dtype=object), np.array([(1, 2), 3] * 30, dtype=object)], ids=["text", "pairs"]
)
def test_labels_of_several_kinds_are_refused(labels):
    with pytest.raises(ValueError, match="y has labels of several kinds, such as"):
        network().fit(X, labels)
    with pytest.raises(ValueError, match="classes has labels of several kinds, such as"):
        network().partial_fit(X, Y, classes=labels)


@pytest.mark.parametrize("kind", [BackhandClassifier, BackhandRegressor])
@pytest.mark.parametrize(
    ("options", "x"), [({"model": [bh.Linear(7)]}, X[:, :3]), ({"solver": "adm"}, X[:, :3]), ({}, X[:7])]
)
def test_a_refused_fit_leaves_the_estimator_as_it_was(kind, options, x):
    fitted = network(kind).fit(X, Y)
    before, answers = dict(vars(fitted)), fitted.predict(X)
    with pytest.raises(ValueError, match=r"the model ends|unknown solver|inconsistent"):
        fitted.set_params(**options).fit(x, np.arange(60) % 3)
    assert {name: id(value) for name, value in vars(fitted).items() if name not in options} == {
        name: id(value) for name, value in before.items() if name not in options
    }
    np.testing.assert_array_equal(fitted.predict(X), answers)
    fresh = network(kind, **options)
    with pytest.raises(ValueError, match=r"the model ends|unknown solver|inconsistent"):
        fresh.fit(x, np.arange(60) % 3)
    assert not [name for name in vars(fresh) if name.endswith("_")]


@pytest.mark.parametrize("kind", [BackhandClassifier, BackhandRegressor])
def test_samples_too_large_for_an_answer_are_refused(kind):
    fitted = network(kind).fit(X, Y)
    with pytest.raises(
        ValueError, match=r"row 0, column 0 of X is .* too large for float32 once standardised; correct"
    ):
        fitted.predict(X * 1e60)
    assert network(kind, dtype="float64").fit(X, Y).predict(X * 1e60).shape == (60,)
    fitted.coefs_[0][...] *= 1e3
    with pytest.raises(ValueError, match=r"the scores of samples? .* in X are not finite, which gives no answer"):
        fitted.predict(X * 1e37)


@pytest.mark.parametrize(("x", "y"), [(X, np.ones(60)), (X[:10], X[:10, 0])], ids=["equal targets", "one row"])
def test_early_stopping_of_a_regressor_needs_targets_that_differ(x, y):
    with pytest.raises(ValueError, match=r"early_stopping compares epochs by R², .* are all equal; raise validation_f"):
        network(BackhandRegressor, early_stopping=True).fit(x, y)


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (np.ones(59), r"sample_weight has the shape \(59,\); give one weight for each of 60 samples"),
        (-np.ones(60), "Negative values in data passed to `sample_weight`: -1 of sample 0"),
        (np.full(60, np.nan), "Input sample_weight contains NaN"),
    ],
)
def test_wrong_weights_are_refused(weights, said):
    with pytest.raises(ValueError, match=said):
        network().fit(X, Y, sample_weight=weights)
