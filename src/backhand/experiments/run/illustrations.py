"""The arrays that a run leaves for the pictures of its report, in the form of `evidence.py`."""

from dataclasses import replace

import numpy as np

from backhand.arrays import Array, Labels
from backhand.data.feed import Feed
from backhand.experiments.build import Feeds
from backhand.experiments.run.evidence import (
    Augmented,
    Evidence,
    FeatureMaps,
    FirstWeights,
    LayerMaps,
    Mistakes,
    Predictions,
    Samples,
)
from backhand.layers import Conv2d, Layer, Linear
from backhand.model.sequential import Sequential
from backhand.training.evaluate import Evaluation
from backhand.training.solver import Solver

SAMPLES, MISTAKES = 80, 24  # pictures in a report
AUGMENTED, DRAWS = 6, 7  # pictures whose augmentation a report shows, and draws of each
MAPPED, CHANNELS = 4, 8  # pictures whose feature maps a report shows, and channels of each map


def evidence_of(feeds: Feeds, solver: Solver, result: Evaluation, initial: Array | None = None) -> Evidence:
    """The arrays behind the report's pictures: samples, mistakes, first weights, feature maps, test probabilities.

    initial: what `first_weights` gave before the training.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # samples whose scores are not finite are left out
        probabilities = solver.loss.predict_proba(result.scores).astype(np.float32)
    named = result.predictions >= 0
    train, test = feeds.train.data, feeds.test.data
    wrong = np.flatnonzero(named & (result.predictions != result.labels))
    confidence = probabilities[wrong, result.predictions[wrong]]
    order = np.argsort(-confidence, kind="stable")[:MISTAKES]
    wrong = wrong[order]
    mistakes = Mistakes(result.labels[wrong], result.predictions[wrong], confidence[order], wrong)
    evidence = Evidence(predictions=Predictions(probabilities[named], result.labels[named]), mistakes=mistakes)
    if not train.is_image:
        return evidence
    shown, trained = _per_class(train.y, SAMPLES), first_weights(solver.model)
    return replace(
        evidence,
        samples=Samples(train.x[shown], train.y[shown]),
        mistakes=replace(mistakes, pictures=test.x[wrong]),
        augmented=_augmented(feeds.train, len(feeds.splits.classes)),
        first_weights=None if initial is None or trained is None else FirstWeights(initial, trained),
        feature_maps=_feature_maps(solver.model, feeds.test, result, wrong),
    )


def _augmented(train: Feed, K: int) -> Augmented | None:
    """Some training images, each followed by draws as training sees them, with their targets; always the same draws.

    None without augmentation.
    """
    if train.augment is None:
        return None
    shown, rng = _per_class(train.data.y, AUGMENTED), np.random.default_rng(0)
    x, labels = train.data.x[shown], train.data.y[shown]
    hot = np.eye(K, dtype=np.float32)
    pictures: list[Array] = [x]
    targets: list[Array] = [hot[labels]]
    for _ in range(DRAWS):
        drawn, mixed = train.augment(x, labels, rng)
        pictures.append(np.rint(drawn).astype(np.uint8))
        targets.append(mixed if mixed.ndim == 2 else hot[mixed])
    return Augmented(np.stack(pictures, axis=1), np.stack(targets, axis=1))


def _per_class(labels: Labels, limit: int) -> Labels:
    """The first few samples of each class, about `limit` in all, class by class."""
    classes = np.unique(labels)
    each = max(limit // len(classes), 1)
    return np.concatenate([np.flatnonzero(labels == k)[:each] for k in classes[:limit]])


def first_weights(model: Sequential) -> Array | None:
    """The weights of the first layer that has any, where they can be seen as pictures."""
    first = next((layer for layer in model.layers if _holds(layer)), None)
    return first.params["weight"] if isinstance(first, Linear | Conv2d) else None


def _holds(layer: Layer, kind: type[Layer] = Layer) -> bool:
    """Whether the layer is, or has in it, one of this kind with parameters."""
    return any(isinstance(each, kind) and each.params for _, each in layer.walk())


def _feature_maps(model: Sequential, test: Feed, result: Evaluation, mistakes: Labels) -> FeatureMaps | None:
    """What some convolutional layers make of a few test images, at inference; None without such layers."""
    places = _mapped_layers(model)
    shown = _mapped_samples(result, mistakes)
    if not places or not len(shown):  # no sample has a class
        return None
    images = test.data.x[shown]
    x: Array = test.standardizer.transform(images)
    layers: dict[str, LayerMaps] = {}
    for place, layer in enumerate(model.layers[: places[-1] + 1]):
        x = layer.forward(x)
        layer.release()
        if place in places:
            layers[str(place)] = _strongest(x)
    return FeatureMaps(images, result.labels[shown], result.predictions[shown], shown, layers)


def _mapped_layers(model: Sequential) -> list[int]:
    """Where a convolution's response is complete, batch-norm and activation behind it: the first, a middle, the last.

    A map of a single row or column is no picture.
    """
    ends: list[int] = []
    for place, layer in enumerate(model.layers):
        if len(layer.output_shape) != 3 or min(layer.output_shape[:2]) < 2:
            continue
        if _holds(layer, Conv2d):
            ends.append(place)
        elif ends and ends[-1] == place - 1 and layer.output_shape == model.layers[place - 1].output_shape:
            ends[-1] = place
    return sorted({ends[0], ends[len(ends) // 2], ends[-1]}) if ends else []


def _mapped_samples(result: Evaluation, mistakes: Labels) -> Labels:
    """One image of each of a few classes that were recognised, and the most confident mistake, of another class."""
    last = mistakes[:1]
    right = result.predictions == result.labels
    right &= ~np.isin(result.labels, result.labels[last])
    first = np.unique(result.labels[right], return_index=True)[1]
    return np.concatenate([np.flatnonzero(right)[first][: MAPPED - len(last)], last])


def _strongest(x: Array) -> LayerMaps:
    """The channels of x (F, h, w, C) that are largest in the mean, in absolute value, the strongest first."""
    channels = np.argsort(-np.abs(x).mean(axis=(0, 1, 2)), kind="stable")[:CHANNELS]
    x = x[..., channels]
    low, high = np.minimum(x.min(axis=(0, 1, 2)), 0), np.maximum(x.max(axis=(0, 1, 2)), 0)
    scale = np.where(high > low, high - low, 1)
    ranges = np.stack([low, high], axis=1).astype(np.float32)
    return LayerMaps(np.rint(255 * (x - low) / scale).astype(np.uint8), channels, ranges)
