"""The arrays that a run saves for the pictures of its report, in the form of `evidence.py`."""

from dataclasses import replace

import numpy as np

from backhand.arrays import Array, Labels
from backhand.attribution.feature_maps import convolutions
from backhand.data.feed import Feed
from backhand.experiments.build import Feeds
from backhand.experiments.run.attributions import attributions_of, importance_of
from backhand.experiments.run.evidence import Evidence
from backhand.experiments.run.evidence_groups import (
    Augmented,
    FeatureMaps,
    FirstWeights,
    Fitted,
    LayerMaps,
    Mistakes,
    Predictions,
    Samples,
)
from backhand.layers import Conv2d, Linear
from backhand.model.sequential import Sequential
from backhand.training.evaluate import Evaluation
from backhand.training.losses import classifier_loss
from backhand.training.solver import Solver

SAMPLES, MISTAKES = 80, 24  # numbers of training pictures and of mistakes for a report
AUGMENTED, DRAWS = 6, 7  # the number of pictures whose augmentation a report shows, and of versions of each
MAPPED, CHANNELS = 4, 8  # the number of pictures whose feature maps a report shows, and of channels per layer


def evidence_of(feeds: Feeds, solver: Solver, result: Evaluation, initial: Array | None = None) -> Evidence:
    """The arrays behind the report's pictures: samples, mistakes, first weights, feature maps, test probabilities.

    initial: the weights that `first_weights` returned before the training.
    """
    if feeds.splits.is_regression:
        known = np.isfinite(result.predictions).all(axis=1)
        fitted = Fitted(result.predictions[known], result.labels[known], np.flatnonzero(known))
        table = not feeds.test.data.is_image and known.all()
        importance = importance_of(solver.model, solver.loss, feeds.test, "rmse") if table else None
        return Evidence(fitted=fitted, importance=importance)
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
    chosen, trained = _per_class(train.y, SAMPLES), first_weights(solver.model)
    return replace(
        evidence,
        samples=Samples(train.x[chosen], train.y[chosen]),
        mistakes=replace(mistakes, pictures=test.x[misclassified]),
        augmented=_augmented(feeds.train, len(feeds.splits.classes)),
        first_weights=None if initial is None or trained is None else FirstWeights(initial, trained),
        feature_maps=_feature_maps(solver.model, feeds.test, result, misclassified),
        attributions=attributions_of(solver.model, feeds.test, result, confidence, misclassified),
    )


def _augmented(train: Feed, K: int) -> Augmented | None:
    """Some training images, each followed by augmented versions as training sees them, with their targets.

    The versions are the same in every call. None without augmentation.
    """
    if train.augment is None:
        return None
    chosen, rng = _per_class(train.data.y, AUGMENTED), np.random.default_rng(0)
    x, labels = train.data.x[chosen], train.data.y[chosen]
    one_hot = np.eye(K, dtype=np.float32)
    pictures: list[Array] = [x]
    targets: list[Array] = [one_hot[labels]]
    for _ in range(DRAWS):
        augmented, mixed = train.augment(x, labels, rng)
        pictures.append(np.rint(augmented).astype(np.uint8))
        targets.append(mixed if mixed.ndim == 2 else one_hot[mixed])
    return Augmented(np.stack(pictures, axis=1), np.stack(targets, axis=1))


def _per_class(labels: Labels, limit: int) -> Labels:
    """The indices of the first few samples of each class, about `limit` in all, class by class."""
    classes = np.unique(labels)
    count = max(limit // len(classes), 1)
    return np.concatenate([np.flatnonzero(labels == k)[:count] for k in classes[:limit]])


def first_weights(model: Sequential) -> Array | None:
    """The weights of the first layer that has parameters, where these can be shown as pictures; else None."""
    first = next((layer for layer in model.layers if any(inner.params for _, inner in layer.walk())), None)
    return first.params["weight"] if isinstance(first, Linear | Conv2d) else None


def _feature_maps(model: Sequential, test: Feed, result: Evaluation, mistakes: Labels) -> FeatureMaps | None:
    """The outputs of some convolutional layers for a few test images, at inference; None without such layers."""
    mapped = _mapped_layers(model)
    chosen = _mapped_samples(result, mistakes)
    if not mapped or not len(chosen):  # without finite scores, no sample is assigned to a class
        return None
    images = test.data.x[chosen]
    x: Array = test.standardizer.transform(images)
    layers: dict[str, LayerMaps] = {}
    for index, layer in enumerate(model.layers[: mapped[-1] + 1]):
        x = layer.forward(x)
        layer.release()
        if index in mapped:
            layers[str(index)] = strongest(x)
    return FeatureMaps(images, result.labels[chosen], result.predictions[chosen], chosen, layers)


def _mapped_layers(model: Sequential) -> list[int]:
    """The indices of the layers whose outputs are shown: those of a first, a middle and a last convolution."""
    ends = convolutions(model.layers)
    return sorted({ends[0], ends[len(ends) // 2], ends[-1]}) if ends else []


def _mapped_samples(result: Evaluation, mistakes: Labels) -> Labels:
    """The indices of a correctly classified image of each of a few classes, and of the most confident mistake.

    The mistake is an image of another class than the others.
    """
    mistake = mistakes[:1]
    correct = result.predictions == result.labels
    correct &= ~np.isin(result.labels, result.labels[mistake])
    first = np.unique(result.labels[correct], return_index=True)[1]
    return np.concatenate([np.flatnonzero(correct)[first][: MAPPED - len(mistake)], mistake])


def strongest(x: Array) -> LayerMaps:
    """The maps of those channels of x (F, h, w, C) with the largest mean absolute value, the largest first."""
    channels = np.argsort(-np.abs(x).mean(axis=(0, 1, 2)), kind="stable")[:CHANNELS]
    x = x[..., channels]
    low, high = np.minimum(x.min(axis=(0, 1, 2)), 0), np.maximum(x.max(axis=(0, 1, 2)), 0)
    scale = np.where(high > low, high - low, 1)
    ranges = np.stack([low, high], axis=1).astype(np.float32)
    return LayerMaps(np.rint(255 * (x - low) / scale).astype(np.uint8), channels, ranges)
