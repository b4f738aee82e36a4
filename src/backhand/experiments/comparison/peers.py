"""The learners of scikit-learn that networks are compared with.

Their hyper-parameters are scikit-learn's defaults, except for the depth of the tree and the number of neighbours.
Nobody uses these two learners without choosing them, so a cross-validation on the training samples chooses them.
"""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from backhand.arrays import Array
from backhand.data.dataset import Dataset, Samples, Splits
from backhand.data.ranks import Ranks
from backhand.data.standardize import Standardizer
from backhand.errors import BackhandError, closest
from backhand.experiments.comparison.outcome import Outcome
from backhand.machine import cores

INNER_FOLDS = 3  # of the cross-validation that chooses a hyper-parameter
DEPTHS = 2, 4, 8, 16, None
NEIGHBOURS = 1, 3, 5, 9, 15
ITERATIONS = 1000  # at most; the default of 100 is too few for images


@dataclass(frozen=True)
class Peer:
    """A learner of scikit-learn.

    settings: a description for the report.   build: makes the estimator from a seed and the number of training samples.
    scaled: whether the scales of the features matter to it; a tree only compares the values of a feature.
    """

    name: str
    settings: str
    build: Callable[[int, int], Any]
    scaled: bool = True
    seed: int = 0

    def seeded(self, seed: int) -> Self:
        """A copy of the learner with another seed."""
        return replace(self, seed=seed)

    def train_and_predict(self, splits: Splits) -> Outcome:
        """Train on all of splits.train, and predict splits.test. The training time includes the choice of values."""
        from sklearn.exceptions import ConvergenceWarning

        start = time.perf_counter()
        train, test = _in_memory(splits.train), _in_memory(splits.test)
        rows = (_scaled_rows if self.scaled else _rank_rows)(train)
        estimator = self.build(self.seed, len(train))
        y = train.y
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the report says how many iterations there were
            estimator.fit(rows(train.x), y[:, 0] if y.shape[1:] == (1,) else y)
        train_end = time.perf_counter()
        predictions = estimator.predict(rows(test.x)).reshape(-1, *y.shape[1:])
        return Outcome(predictions, train_end - start, time.perf_counter() - train_end, _chosen_values(estimator))


def _in_memory(data: Dataset) -> Dataset:
    """The samples as an array, which scikit-learn needs, also where they are on disk."""
    x: Samples = np.asarray(data.x)  # type: ignore[assignment]  # of the dtype that it had
    return replace(data, x=x)


def _scaled_rows(train: Dataset) -> Callable[[Samples], Array]:
    """A function that standardises samples by the training samples, and returns them as rows (N, features).

    All pixels of a channel have one scale, as in a network. Features of tables stay in float64, so that no digit is
    lost.
    """
    images = train.is_image
    standardizer = Standardizer.fit(train.x, "channel" if images else "feature")
    dtype = np.float32 if images else np.float64
    return lambda x: standardizer.transform(x, dtype).reshape(len(x), -1)


def _rank_rows(train: Dataset) -> Callable[[Samples], Array]:
    """A function that returns samples as rows (N, features), in which the order of the values of a feature is kept.

    Pixels stay as they are. So do features that float32 can hold; all others are replaced by ranks.
    """
    if train.is_image:
        return lambda x: x.reshape(len(x), -1)
    return Ranks.fit(train.x).transform


def _chosen_values(estimator: Any) -> dict[str, int | None]:
    """The hyper-parameters that the training chose, or the number of its iterations, by name."""
    if hasattr(estimator, "best_params_"):
        return dict(estimator.best_params_)
    iterations = getattr(estimator, "n_iter_", None)  # None where the solution has a closed form
    return {} if iterations is None else {"iterations": int(np.max(iterations))}


def search(estimator: Any, seed: int, **values: Any) -> Any:
    """The estimator with the best of these values, which a cross-validation on its training samples chooses."""
    from sklearn.model_selection import GridSearchCV, KFold

    return GridSearchCV(estimator, values, cv=KFold(INNER_FOLDS, shuffle=True, random_state=seed))


def possible_neighbours(count: int) -> list[int]:
    """The numbers of neighbours to choose from; an inner fold trains on more than half of the `count` samples."""
    return [k for k in NEIGHBOURS if k <= count // 2] or [1]


def _tree(seed: int, _count: int) -> Any:
    from sklearn.tree import DecisionTreeClassifier

    return search(DecisionTreeClassifier(random_state=seed), seed, max_depth=DEPTHS)


def _logistic(seed: int, _count: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=ITERATIONS, random_state=seed)


def _forest(seed: int, _count: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(random_state=seed, n_jobs=cores())


def _neighbours(seed: int, count: int) -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    return search(KNeighborsClassifier(), seed, n_neighbors=possible_neighbours(count))


def _regression_tree(seed: int, _count: int) -> Any:
    from sklearn.tree import DecisionTreeRegressor

    return search(DecisionTreeRegressor(random_state=seed), seed, max_depth=DEPTHS)


def _linear(_seed: int, _count: int) -> Any:
    from sklearn.linear_model import Ridge

    return Ridge()


def _regression_forest(seed: int, _count: int) -> Any:
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(random_state=seed, n_jobs=cores())


def _neighbours_mean(seed: int, count: int) -> Any:
    from sklearn.neighbors import KNeighborsRegressor

    return search(KNeighborsRegressor(), seed, n_neighbors=possible_neighbours(count))


TREE = "decision tree; depth 2, 4, 8, 16 or unlimited, by 3-fold cross-validation in the fold"
FOREST, NEAREST = (
    "random forest of 100 trees",
    "nearest neighbours; 1, 3, 5, 9 or 15, by 3-fold cross-validation in the fold",
)
PEERS = {  # of classes
    peer.name: peer
    for peer in (
        Peer("tree", TREE, _tree, scaled=False),
        Peer("logistic", "logistic regression, L2 penalty with C = 1; at most 1000 iterations", _logistic),
        Peer("forest", FOREST, _forest, scaled=False),
        Peer("neighbours", NEAREST, _neighbours),
    )
}
REGRESSORS = {  # of numbers
    peer.name: peer
    for peer in (
        Peer("tree", TREE, _regression_tree, scaled=False),
        Peer("linear", "linear regression, L2 penalty with α = 1 (ridge regression)", _linear),
        Peer("forest", FOREST, _regression_forest, scaled=False),
        Peer("neighbours", NEAREST, _neighbours_mean),
    )
}


def peer_named(name: str, *, regression: bool) -> Peer:
    """The learner of this name for classes, or for numbers. Raises BackhandError where there is none."""
    peers, others = (REGRESSORS, PEERS) if regression else (PEERS, REGRESSORS)
    if name in peers:
        return peers[name]
    if name in others:
        kind = "classes, and the data have numbers" if regression else "numbers, and the data have classes"
        raise BackhandError(f'--against: "{name}" predicts {kind}; choose from {", ".join(peers)}')
    raise BackhandError(f'--against: there is no learner "{name}"{closest(name, peers)}')
