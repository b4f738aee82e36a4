"""The learners of scikit-learn that networks are compared with.

Values are scikit-learn's defaults, but for the depth of the tree and the number of neighbours: nobody uses these two
learners without choosing them, so they are chosen on the training samples, by a cross-validation of their own.
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
from backhand.experiments.comparison.outcome import Outcome
from backhand.machine import cores

INNER = 3  # folds of the cross-validation that chooses a value
DEPTHS = 2, 4, 8, 16, None
NEIGHBOURS = 1, 3, 5, 9, 15
ITERATIONS = 1000  # at most; the default of 100 is too few for images


@dataclass(frozen=True)
class Peer:
    """A learner of scikit-learn. build: (seed, training samples) -> estimator; settings: in words, for the report.

    scaled: whether it adds features up, so that their scales matter, or only compares their values.
    """

    name: str
    settings: str
    build: Callable[[int, int], Any]
    scaled: bool = True
    seed: int = 0

    def seeded(self, seed: int) -> Self:
        """A copy that draws from another seed."""
        return replace(self, seed=seed)

    def train_and_predict(self, splits: Splits) -> Outcome:
        """Train on splits.train, all of it, and predict splits.test. Choosing its values counts as training."""
        from sklearn.exceptions import ConvergenceWarning

        begin = time.perf_counter()
        rows = (_scaled if self.scaled else _compared)(splits.train)
        estimator = self.build(self.seed, len(splits.train))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the iterations are told
            estimator.fit(rows(splits.train.x), splits.train.y)
        trained = time.perf_counter()
        predictions = estimator.predict(rows(splits.test.x))
        return Outcome(predictions, trained - begin, time.perf_counter() - trained, _chosen(estimator))


def _scaled(train: Dataset) -> Callable[[Samples], Array]:
    """What makes rows, one for each sample, on a common scale; of features in float64, so that no digit is lost.

    Pixels of one channel keep their common scale, as those of a network do.
    """
    images = train.is_image
    standardizer = Standardizer.fit(train.x, "channel" if images else "feature")
    dtype = np.float32 if images else np.float64
    return lambda x: standardizer.transform(x, dtype).reshape(len(x), -1)


def _compared(train: Dataset) -> Callable[[Samples], Array]:
    """What makes rows, one for each sample: pixels as they are, features too wherever float32 holds them."""
    if train.is_image:
        return lambda x: x.reshape(len(x), -1)
    return Ranks.fit(train.x).transform


def _chosen(estimator: Any) -> dict[str, int | None]:
    """What was found in training: the values chosen, or the iterations that it took."""
    if hasattr(estimator, "best_params_"):
        return dict(estimator.best_params_)
    return {"iterations": int(np.max(estimator.n_iter_))} if hasattr(estimator, "n_iter_") else {}


def _search(estimator: Any, seed: int, **values: Any) -> Any:
    from sklearn.model_selection import GridSearchCV, KFold

    return GridSearchCV(estimator, values, cv=KFold(INNER, shuffle=True, random_state=seed))


def _tree(seed: int, _count: int) -> Any:
    from sklearn.tree import DecisionTreeClassifier

    return _search(DecisionTreeClassifier(random_state=seed), seed, max_depth=DEPTHS)


def _logistic(seed: int, _count: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=ITERATIONS, random_state=seed)


def _forest(seed: int, _count: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(random_state=seed, n_jobs=cores())


def _neighbours(seed: int, count: int) -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    few = [k for k in NEIGHBOURS if k <= count // 2] or [1]  # of so many samples an inner fold trains on more
    return _search(KNeighborsClassifier(), seed, n_neighbors=few)


PEERS = {
    peer.name: peer
    for peer in (
        Peer(
            "tree",
            "decision tree; depth 2, 4, 8, 16 or unlimited, by 3-fold cross-validation in the fold",
            _tree,
            scaled=False,
        ),
        Peer("logistic", "logistic regression, L2 penalty with C = 1; at most 1000 iterations", _logistic),
        Peer("forest", "random forest of 100 trees", _forest, False),
        Peer("neighbours", "nearest neighbours; 1, 3, 5, 9 or 15, by 3-fold cross-validation in the fold", _neighbours),
    )
}
