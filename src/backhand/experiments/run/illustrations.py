"""The arrays that a run saves for the pictures of its report, in the form of `evidence.py`."""

from dataclasses import replace

import numpy as np

from backhand.arrays import Array, Labels
from backhand.data.feed import Feed
from backhand.experiments.build import Feeds
from backhand.experiments.run.attributions import attributions_of, importance_of
from backhand.experiments.run.augmented_pictures import AUGMENTED, augmented_versions
from backhand.experiments.run.evidence import Evidence
from backhand.experiments.run.evidence_groups import (
    Augmented,
    FeatureMaps,
    Mistakes,
    Predictions,
    Samples,
)
from backhand.experiments.run.layer_pictures import MAPPED, changed_weights, feature_maps_of
from backhand.experiments.run.target_illustrations import evidence_of_targets
from backhand.model.sequential import Sequential
from backhand.training.evaluate import Evaluation
from backhand.training.losses import classifier_loss
from backhand.training.solver import Solver

SAMPLES, MISTAKES = 80, 24  # numbers of training pictures and of mistakes for a report


def evidence_of(feeds: Feeds, solver: Solver, result: Evaluation, initial: Array | None = None) -> Evidence:
    """The arrays behind the report's pictures: samples, mistakes, first weights, feature maps, test probabilities.

    initial: the weights that `first_weights` returned before the training.
    """
    if feeds.splits.is_regression:
        return evidence_of_targets(feeds, solver, result, initial)
    with np.errstate(over="ignore", invalid="ignore"):  # samples whose scores are not finite are left out
        probabilities = classifier_loss(solver.loss).predict_proba(result.scores).astype(np.float32)
    classified = result.predictions >= 0
    train, test = feeds.train.data, feeds.test.data
    misclassified = np.flatnonzero(classified & (result.predictions != result.labels))
    confidence = probabilities[np.arange(len(probabilities)), result.predictions]
    misclassified = misclassified[np.argsort(-confidence[misclassified], kind="stable")[:MISTAKES]]
    mistakes = Mistakes(
        result.labels[misclassified], result.predictions[misclassified], confidence[misclassified], misclassified
    )
    evidence = Evidence(
        predictions=Predictions(probabilities[classified], result.labels[classified]), mistakes=mistakes
    )
    if not train.is_image:
        return replace(evidence, importance=importance_of(solver.model, solver.loss, feeds.test))
    chosen = _per_class(train.y, SAMPLES)
    return replace(
        evidence,
        samples=Samples(train.x[chosen], train.y[chosen]),
        mistakes=replace(mistakes, pictures=test.x[misclassified]),
        augmented=_augmented(feeds.train, len(feeds.splits.classes)),
        first_weights=changed_weights(solver.model, initial),
        feature_maps=_feature_maps(solver.model, feeds.test, result, misclassified),
        attributions=attributions_of(solver.model, feeds.test, result, confidence, misclassified),
    )


def _augmented(train: Feed, K: int) -> Augmented | None:
    """Some training images, each followed by augmented versions as training sees them, with their targets."""
    versions = augmented_versions(train, _per_class(train.data.y, AUGMENTED))
    if not versions:
        return None
    one_hot = np.eye(K, dtype=np.float32)
    targets = [labels if labels.ndim == 2 else one_hot[labels] for _, labels in versions]
    return Augmented(np.stack([images for images, _ in versions], axis=1), np.stack(targets, axis=1))


def _per_class(labels: Labels, limit: int) -> Labels:
    """The indices of the first few samples of each class, about `limit` in all, class by class."""
    classes = np.unique(labels)
    count = max(limit // len(classes), 1)
    return np.concatenate([np.flatnonzero(labels == k)[:count] for k in classes[:limit]])


def _feature_maps(model: Sequential, test: Feed, result: Evaluation, mistakes: Labels) -> FeatureMaps | None:
    """The feature maps of a few test images; None without finite scores, by which no sample is assigned to a class."""
    maps = feature_maps_of(model, test, _mapped_samples(result, mistakes))
    if maps is None:
        return None
    return replace(maps, labels=result.labels[maps.index], predictions=result.predictions[maps.index])


def _mapped_samples(result: Evaluation, mistakes: Labels) -> Labels:
    """The indices of a correctly classified image of each of a few classes, and of the most confident mistake.

    The mistake is an image of another class than the others.
    """
    mistake = mistakes[:1]
    correct = result.predictions == result.labels
    correct &= ~np.isin(result.labels, result.labels[mistake])
    first = np.unique(result.labels[correct], return_index=True)[1]
    return np.concatenate([np.flatnonzero(correct)[first][: MAPPED - len(mistake)], mistake])
