"""The arrays that the run of a regression saves for its report, in the form of `evidence.py`."""

from dataclasses import replace

import numpy as np

from backhand.arrays import Array, Labels
from backhand.experiments.build import Feeds
from backhand.experiments.run.attributions import EACH, attributions_of_targets, importance_of
from backhand.experiments.run.augmented_pictures import AUGMENTED, augmented_versions
from backhand.experiments.run.evidence import Evidence
from backhand.experiments.run.evidence_groups import Augmented, Fitted, LargestErrors, Samples
from backhand.experiments.run.layer_pictures import MAPPED, changed_weights, feature_maps_of
from backhand.training.evaluate import Evaluation
from backhand.training.solver import Solver

SAMPLES, LARGEST = 30, 24  # numbers of training pictures and of pictures with large errors for a report


def evidence_of_targets(feeds: Feeds, solver: Solver, result: Evaluation, initial: Array | None) -> Evidence:
    """Predictions and targets; of images pictures, first weights, maps and attributions, of tables the importance.

    initial: the weights that `first_weights` returned before the training.
    """
    known = np.isfinite(result.predictions).all(axis=1)
    fitted = Fitted(result.predictions[known], result.labels[known], np.flatnonzero(known))
    evidence, (train, test) = Evidence(fitted=fitted), (feeds.train.data, feeds.test.data)
    if not test.is_image:
        importance = importance_of(solver.model, solver.loss, feeds.test, "rmse") if known.all() else None
        return replace(evidence, importance=importance)
    deviations = train.y.std(0)
    units = np.where(deviations > 0, deviations, 1.0)
    largest, shown = fitted.by_error(units), _evenly(train.y, SAMPLES)
    worst, explained = fitted.index[largest[:LARGEST]], largest[:EACH]
    mapped = np.unique(np.concatenate([fitted.index[largest[:1]], fitted.index[_evenly(fitted.targets, MAPPED - 1)]]))
    hardest = fitted.hardest_targets(units)[explained]
    return replace(
        evidence,
        samples=Samples(train.x[shown], targets=train.y[shown]),
        largest_errors=LargestErrors(test.x[worst], worst),
        augmented=_augmented(feeds),
        first_weights=changed_weights(solver.model, initial),
        feature_maps=feature_maps_of(solver.model, feeds.test, mapped),
        attributions=attributions_of_targets(solver.model, feeds.test, fitted.index[explained], hardest),
    )


def _evenly(targets: Array, count: int) -> Labels:
    """The indices of samples from the least to the largest value of the first target, at equal steps of their order."""
    order = np.argsort(targets[:, 0], kind="stable")
    return order[np.linspace(0, len(order) - 1, min(len(order), count)).round().astype(int)]


def _augmented(feeds: Feeds) -> Augmented | None:
    """Some training images, each followed by augmented versions as training sees them; None without augmentation."""
    versions = augmented_versions(feeds.train, _evenly(feeds.train.data.y, AUGMENTED))
    return Augmented(np.stack([images for images, _ in versions], axis=1)) if versions else None
