"""The arrays that a run leaves for the pictures of its report: evidence.safetensors."""

from pathlib import Path

import numpy as np

from backhand import checkpoint
from backhand.arrays import Array, Labels
from backhand.data.feed import Feed
from backhand.experiments.build import Feeds
from backhand.files.names import EVIDENCE
from backhand.layers import Conv2d, Layer, Linear
from backhand.model.sequential import Sequential
from backhand.training.evaluate import Evaluation
from backhand.training.solver import Solver

SAMPLES, MISTAKES = 80, 24  # pictures in a report
AUGMENTED, DRAWS = 6, 7  # pictures whose augmentation a report shows, and draws of each
MAPPED, CHANNELS = 4, 8  # pictures whose feature maps a report shows, and channels of each map


def write_evidence(
    folder: Path, feeds: Feeds, solver: Solver, result: Evaluation, initial: Array | None = None
) -> None:
    """The arrays behind the report's pictures: samples, mistakes, first weights, feature maps, test probabilities.

    initial: what `first_weights` gave before the training.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # samples whose scores are not finite are left out
        probabilities = solver.loss.predict_proba(result.scores).astype(np.float32)
    named = result.predictions >= 0
    arrays: dict[str, Array] = {"probabilities": probabilities[named], "labels": result.labels[named]}
    train, test = feeds.train.data, feeds.test.data
    wrong = np.flatnonzero(named & (result.predictions != result.labels))
    confidence = probabilities[wrong, result.predictions[wrong]]
    order = np.argsort(-confidence, kind="stable")[:MISTAKES]
    wrong = wrong[order]
    arrays |= {"mistake_index": wrong, "mistake_confidence": confidence[order]}
    arrays |= {"mistake_labels": result.labels[wrong], "mistake_predictions": result.predictions[wrong]}
    if train.is_image:
        shown = _per_class(train.y, SAMPLES)
        arrays |= {"samples": train.x[shown], "sample_labels": train.y[shown], "mistakes": test.x[wrong]}
        arrays |= _augmented(feeds.train, len(feeds.splits.classes))
        trained = first_weights(solver.model)
        if initial is not None and trained is not None:
            arrays |= {"first_weights_initial": initial, "first_weights": trained}
        arrays |= _feature_maps(solver.model, feeds.test, result, wrong)
    checkpoint.save(folder / EVIDENCE, arrays)


def _augmented(train: Feed, K: int) -> dict[str, Array]:
    """Some training images, each followed by draws as training sees them, with their targets; always the same draws.

    augmented (A, 1 + DRAWS, H, W, C) uint8, augmented_targets (A, 1 + DRAWS, K); nothing without augmentation.
    """
    if train.augment is None:
        return {}
    shown, rng = _per_class(train.data.y, AUGMENTED), np.random.default_rng(0)
    x, labels = train.data.x[shown], train.data.y[shown]
    hot = np.eye(K, dtype=np.float32)
    pictures: list[Array] = [x]
    targets: list[Array] = [hot[labels]]
    for _ in range(DRAWS):
        drawn, mixed = train.augment(x, labels, rng)
        pictures.append(np.rint(drawn).astype(np.uint8))
        targets.append(mixed if mixed.ndim == 2 else hot[mixed])
    return {"augmented": np.stack(pictures, axis=1), "augmented_targets": np.stack(targets, axis=1)}


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


def _feature_maps(model: Sequential, test: Feed, result: Evaluation, mistakes: Labels) -> dict[str, Array]:
    """What some convolutional layers make of a few test images, at inference; nothing without such layers.

    map_images (F, H, W, C) uint8 with map_labels, map_predictions and map_index (F,); for each layer i, maps.i
    (F, h, w, c) uint8 with map_channels.i (c,) and map_ranges.i (c, 2), the values of 0 and 255.
    """
    places = _mapped_layers(model)
    if not places:
        return {}
    shown = _mapped_samples(result, mistakes)
    if not len(shown):  # no sample has a class
        return {}
    images = test.data.x[shown]
    arrays: dict[str, Array] = {"map_images": images, "map_index": shown}
    arrays |= {"map_labels": result.labels[shown], "map_predictions": result.predictions[shown]}
    x: Array = test.standardizer.transform(images)
    for place, layer in enumerate(model.layers[: places[-1] + 1]):
        x = layer.forward(x)
        layer.release()
        if place in places:
            arrays |= {f"{name}.{place}": array for name, array in _strongest(x).items()}
    return arrays


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


def _strongest(x: Array) -> dict[str, Array]:
    """The channels of x (F, h, w, C) that are largest in the mean, in absolute value, the strongest first."""
    channels = np.argsort(-np.abs(x).mean(axis=(0, 1, 2)), kind="stable")[:CHANNELS]
    x = x[..., channels]
    low, high = np.minimum(x.min(axis=(0, 1, 2)), 0), np.maximum(x.max(axis=(0, 1, 2)), 0)
    scale = np.where(high > low, high - low, 1)
    ranges = np.stack([low, high], axis=1).astype(np.float32)
    return {"maps": np.rint(255 * (x - low) / scale).astype(np.uint8), "map_channels": channels, "map_ranges": ranges}
